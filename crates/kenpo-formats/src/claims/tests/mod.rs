mod forms;
mod payer;

use super::*;
use crate::care_kind::CareKind;
use crate::fault::Fault;
use crate::month::TreatmentMonth;
use jiff::civil::date;
use proptest::prelude::*;

fn sjis(text: &str) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

fn read(text: &str) -> Vec<Result<Claim, Fault>> {
    ClaimFile::open(&sjis(text)[..]).unwrap().collect()
}

fn one(text: &str) -> Claim {
    let mut items = read(text);
    assert_eq!(items.len(), 1, "{items:?}");
    items.pop().unwrap().unwrap()
}

const MEDICAL: &str = "IR,1,13,1,9900013,,見本クリニック,202503,00,0312345678\r\n\
    RE,1,1126,202501,テスト　太郎,1,20100401,070,,,,0126,,00697,,,,,0000000123,,,,,,,,,,,,,,,,,,テストタロウ,\r\n\
    HO,06139018,１２－３４,５６７８,2,1296,,,,,,,,,\r\n\
    KO,83130001,1234567,,2,1296,300,,,,,\r\n\
    SN,1,01,,,,02,,\r\nSN,2,01,,,,99,,\r\nMF,00,,,,\r\n\
    JD,1,,1,,,,\r\nSY,8839592,20250105,1,,,01,\r\nSI,11,1,111000110,,288,1,\r\nXX,1\r\n\
    GO,1,1296,99\r\n\x1A";

#[test]
fn medical() {
    let bytes = sjis(MEDICAL);
    let mut file = ClaimFile::open(&bytes[..]).unwrap();
    let claim = file.next().unwrap().unwrap();
    assert!(file.next().is_none());
    assert_eq!(file.unknown_records().get("XX"), Some(&1));
    assert!(file.notices().is_empty());
    assert_eq!((claim.line, claim.form, claim.care_kind()), (2, ClaimForm::Medical, CareKind::Outpatient));
    assert_eq!((claim.name.as_str(), claim.kana.as_deref()), ("テスト　太郎", Some("テストタロウ")));
    assert_eq!(claim.provider.name, "見本クリニック");
    assert_eq!(claim.treatment_month, TreatmentMonth::new(2025, 1).unwrap());
    assert_eq!(claim.billing_month, TreatmentMonth::new(2025, 3).unwrap());
    assert_eq!((claim.sex, claim.birth_date, claim.benefit_ratio), (Sex::Male, date(2010, 4, 1), Some(70)));
    assert_eq!(claim.special_notes, ["01", "26"]);
    assert_eq!(claim.key(), "re:medical:1:13:9900013:202503:1:0000000123");
    let coverage = claim.coverage.unwrap();
    assert_eq!((coverage.symbol.as_str(), coverage.number.as_str()), ("１２－３４", "５６７８"));
    assert_eq!((coverage.branch.as_deref(), coverage.days, coverage.points), (Some("02"), 2, 1296));
    assert_eq!((claim.public[0].points, claim.public[0].self_pay), (Some(1296), Some(300)));
    assert_eq!(claim.window_burden.as_deref(), Some("00"));
    assert!(claim.claim_type.dependent() && !claim.claim_type.inpatient());
}

#[test]
fn dental_has_its_own_columns() {
    let claim = one("UK,1,13,3,9900035,,見本歯科,202503,,00\r\nIR,1,13,3,9900035,,202503,0312345678,\r\n\
        RE,1,3112,202501,テスト　花子,2,3600401,,,20250101,1,,1,0116,,55,,,,0099,,,,,,テストハナコ,\r\n\
        HO,06139018,1,1,2,1000,3,2010,1,,2500,1,10,20\r\n\
        KO,54130001,1,,2,900,100,700,1,670\r\nHS,1\r\nSS,11\r\nGO,1,1000,99\r\n");
    assert_eq!(
        (claim.form, claim.care_kind(), claim.provider.name.as_str()),
        (ClaimForm::Dental, CareKind::Dental, "見本歯科")
    );
    assert_eq!((claim.burden_category.as_deref(), claim.birth_date), (Some("1"), date(1985, 4, 1)));
    assert_eq!((claim.special_notes.len(), claim.search_number.as_deref()), (2, Some("0099")));
    assert_eq!(claim.kana.as_deref(), Some("テストハナコ"));
    let coverage = claim.coverage.unwrap();
    assert_eq!((coverage.meal_count, coverage.meal_yen, coverage.self_pay), (3, 2010, Some(2500)));
    assert_eq!((coverage.work_reason.as_deref(), coverage.reduction_yen), (Some("1"), Some(20)));
    let public = &claim.public[0];
    assert_eq!((public.self_pay, public.outpatient_part, public.inpatient_part), (Some(100), Some(700), Some(700)));
    assert_eq!((public.meal_count, public.meal_yen), (1, 670));
}

#[test]
fn pharmacy_has_its_own_columns() {
    let mut re = vec![""; 42];
    let set =
        [(0, "RE"), (1, "7"), (2, "4114"), (3, "202501"), (4, "テスト　次郎"), (5, "1"), (6, "20220401"), (8, "01")];
    for (index, value) in set.into_iter().chain([(12, "見本医院"), (37, "88"), (40, "3"), (41, "テストジロウ")])
    {
        re[index] = value;
    }
    let claim = one(&format!(
        "YK,1,13,4,9900025,見本薬局,202503,00,03\r\n{}\r\nHO,06139018,1,1,2,500,,,,150,,1,2,3\r\n\
         KO,83130001,1,,2,500,,200,,120\r\nSH,1\r\nCZ,1\r\nGO,1,500,99\r\n",
        re.join(",")
    ));
    assert_eq!(
        (claim.form, claim.care_kind(), claim.provider.name.as_str()),
        (ClaimForm::Pharmacy, CareKind::Pharmacy, "見本薬局")
    );
    assert_eq!((claim.kana.as_deref(), claim.search_number.as_deref()), (Some("テストジロウ"), Some("88")));
    assert_eq!((claim.special_notes.as_slice(), claim.burden_category.as_deref()), (&["01".to_owned()][..], Some("3")));
    let coverage = claim.coverage.unwrap();
    assert_eq!((coverage.days, coverage.self_pay, coverage.reduction_yen), (2, Some(150), Some(3)));
    assert_eq!((claim.public[0].self_pay, claim.public[0].outpatient_part), (Some(200), Some(120)));
}

#[test]
fn dpc_is_known_by_its_diagnosis_group() {
    let claim = one(
        "IR,1,13,1,9900013,,見本病院,202503,00,\nRE,1,1111,202501,A,1,19850401,,20250101\nBU,x\nHO,06139018,1,1,5,9000,,12,8040\nGO,1,9000,99\n",
    );
    assert_eq!((claim.form, claim.care_kind()), (ClaimForm::Dpc, CareKind::Inpatient));
    assert!(claim.key().starts_with("re:dpc:"));
}

#[test]
fn payer_files_repeat_the_institution() {
    let text = "MN,0000000001,東京都,,,,\nIR,1,13,1,9900013,,甲,202503,00,\nRE,5,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\n\
        MN,0000000002,東京都,,,,\nYK,1,13,4,9900025,乙,202503,00,\nRE,5,4112,202501,A,1,19850401\nHO,06139018,1,1,1,20\nGO,2,30,99\n";
    let claims: Vec<_> = read(text).into_iter().map(Result::unwrap).collect();
    assert_eq!(claims.iter().map(Claim::key).collect::<Vec<_>>(), ["mn:1:202503:0000000001", "mn:1:202503:0000000002"]);
    assert_eq!((claims[0].provider.name.as_str(), claims[1].form), ("甲", ClaimForm::Pharmacy));
}

#[test]
fn confirmation_completes_the_insurance() {
    let head = "IR,1,13,1,9900013,,甲,202503,00,\nRE,1,1112,202501,A,1,19850401\n";
    let claim = one(&format!("{head}HO,06139018,,,1,10\nSN,1,02,,あ,１２,,,\nSN,1,09,,,,7,,\nGO,1,10,99\n"));
    let coverage = claim.coverage.unwrap();
    assert_eq!(
        (coverage.symbol.as_str(), coverage.number.as_str(), coverage.branch.as_deref()),
        ("あ", "１２", Some("07"))
    );
    let claim = one(&format!("{head}HO,06139018,,9,1,10\nSN,1,02,,あ,１２,,,\nGO,1,10,99\n"));
    let coverage = claim.coverage.unwrap();
    assert_eq!((coverage.symbol.as_str(), coverage.number.as_str()), ("", "9"));
}

#[test]
fn a_broken_claim_is_one_fault_and_the_next_follows() {
    let head = "IR,1,13,1,9900013,,甲,202503,00,\n";
    let good = "RE,2,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\n";
    for (broken, line, column) in [
        ("RE,1,1112,202513,A,1,19850401\nHO,x,1,1,1,y\n", 2, "RE.診療年月"),
        ("RE,1,9912,202501,A,1,19850401\n", 2, "RE.レセプト種別"),
        ("RE,1,1112,202501,A,3,19850401\n", 2, "RE.男女区分"),
        ("RE,1,1112\n", 2, "RE.診療年月"),
        ("RE,1,1112,202501,A,1,19850401\nHO,06139018,1,1,1,1.5\n", 3, "HO.合計点数"),
        ("RE,1,1112,202501,A,1,19850401\nHO,06139018,1,1,1,\n", 3, "HO.合計点数"),
        ("RE,1,1112,202501,A,1,19850401\nHO,06139018,1,1,1,5\nHO,06139018,1,1,1,5\n", 4, "HO.保険者番号"),
        ("RE,1,1112,202501,A,1,19850401\n", 2, "HO"),
        ("RE,1,1112,202501,\u{1},1,19850401\n", 2, "RE.氏名"),
        ("RE,1,1112,202501,A,1,19850401,101\n", 2, "RE.給付割合"),
    ] {
        let items = read(&format!("{head}{broken}{good}GO,2,20,99\n"));
        assert_eq!(items.len(), 2, "{broken}");
        let fault = items[0].as_ref().unwrap_err();
        assert_eq!((fault.line, fault.column.as_str()), (line, column), "{broken}");
        assert_eq!(items[1].as_ref().unwrap().receipt_number, "2");
    }
}

#[test]
fn undecodable_names_and_long_lines_spoil_one_claim() {
    let head = b"IR,1,13,1,9900013,,X,202503,00,\nRE,1,1112,202501,\x81,1,19850401\nHO,06139018,1,1,1,10\n".to_vec();
    let mut bytes = head;
    bytes.extend(b"RE,2,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\nSJ,");
    bytes.extend(vec![b'x'; crate::text::MAX_LINE]);
    bytes.extend(b"\nRE,3,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\nGO,3,30,99\n");
    let items: Vec<_> = ClaimFile::open(&bytes[..]).unwrap().collect();
    let lines: Vec<_> =
        items.iter().map(|item| item.as_ref().map(|claim| claim.line).map_err(|fault| fault.line)).collect();
    assert_eq!(lines, [Err(2), Err(6), Ok(7)]);
}

#[test]
fn institutions_that_cannot_be_read_spoil_their_claims_only() {
    let text = "IR,1,13,9,9900013,,甲,202503,00,\nRE,1,1112,202501,A,1,19850401\nGO,1,0,99\n\
        RE,1,1112,202501,A,1,19850401\nGO,1,0,99\nHO,1\nIR,1,13,1,9900013,,甲,202503,00,\n\
        RE,1,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\nGO,1,10,99\n";
    let lines: Vec<_> =
        read(text).into_iter().map(|item| item.map(|claim| claim.line).map_err(|fault| fault.line)).collect();
    assert_eq!(lines, [Err(2), Err(4), Err(6), Ok(8)]);
}

#[test]
fn without_its_end_the_last_claim_is_withheld() {
    let text = MEDICAL.split("GO,").next().unwrap();
    let items = read(&format!("{text}RE,2,1112,202501,A,1,19850401\nHO,0613"));
    assert!(items[0].is_ok());
    let fault = items[1].as_ref().unwrap_err();
    assert_eq!((fault.column.as_str(), items.len()), ("GO", 2));
    assert!(fault.reason.contains("12行"), "{fault}");
}

#[test]
fn totals_and_private_characters_are_only_noticed() {
    let mut bytes =
        b"IR,1,13,1,9900013,,X,202503,00,\nRE,1,1112,202501,\xF0\x40,1,19850401\nHO,06139018,1,1,1,10\nGO,2,11,99\n"
            .to_vec();
    let mut file = ClaimFile::open(&bytes[..]).unwrap();
    assert_eq!(file.by_ref().filter(Result::is_ok).count(), 1);
    let columns: Vec<_> = file.notices().iter().map(|notice| notice.column.as_str()).collect();
    assert_eq!(columns, ["RE.氏名", "GO.総件数", "GO.総合計点数"]);
    bytes.clear();
    assert!(ClaimFile::open(&bytes[..]).is_err());
}

#[test]
fn other_files_are_refused_at_the_door() {
    for bad in ["", "\x1A", "保険者番号,記号\n", "PK\x03\x04", "<xml/>", "\r\n"] {
        assert!(ClaimFile::open(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(ClaimFile::open(&b"\"IR\",\"1\""[..]).is_ok());
}

#[test]
fn quoted_fields_and_utf8() {
    let text = "\"IR\",\"1\",\"13\",\"1\",\"9900013\",,\"見本\",\"202503\"\n\"RE\",\"1\",\"1112\",\"202501\",\"テスト\",\"1\",\"19850401\"\n\"HO\",\" 6139018\",,\"1\",\"1\",\"10\"\nGO,1,10\n";
    let claim = ClaimFile::open(text.as_bytes()).unwrap().next().unwrap().unwrap();
    assert_eq!((claim.name.as_str(), claim.provider.name.as_str()), ("テスト", "見本"));
    assert_eq!(claim.coverage.unwrap().insurer_number, "6139018");
}

#[test]
fn debug_shows_no_person() {
    let shown = format!("{:?}", one(MEDICAL));
    assert!(shown.contains("line: 2") && !shown.contains("テスト"), "{shown}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(mut file) = ClaimFile::open(&bytes[..]) {
            file.by_ref().for_each(drop);
            prop_assert!(file.integrity().is_some());
        }
    }

    #[test]
    fn mutated_files_never_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..30)) {
        let mut bytes = sjis(MEDICAL);
        for (at, byte, insert) in edits {
            let at = at.index(bytes.len());
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
        }
        if let Ok(file) = ClaimFile::open(&bytes[..]) {
            for claim in file.flatten() {
                let _ = (claim.key(), claim.care_kind(), crate::amounts::derive(&claim));
            }
        }
    }
}
