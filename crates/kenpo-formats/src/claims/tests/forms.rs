//! Forms of claims and of their files: DPC, home nursing, joined files, totals.

use super::{MEDICAL, one, read, sjis};
use crate::care_kind::CareKind;
use crate::claims::{ClaimFile, ClaimForm, Integrity};
use proptest::prelude::*;

const HOSPITAL: &str = "IR,1,13,1,9900013,,見本病院,202503,00,\r\n";

/// RE of a stay with its 総括区分 and the kana of DPC.
fn stay(number: u32, kind: &str) -> String {
    let mut re = vec![String::new(); 31];
    let fields = [(0, "RE"), (2, "1111"), (3, "202501"), (4, "テスト　太郎"), (5, "1"), (6, "19850401"), (18, kind)];
    for (column, value) in fields.into_iter().chain([(20, "SEARCH"), (28, "テストタロウ")]) {
        re[column] = value.to_owned();
    }
    re[1] = number.to_string();
    re.join(",") + "\r\n"
}

#[test]
fn a_stay_that_is_billed_in_parts_is_counted_once() {
    let text = format!(
        "{HOSPITAL}{}HO,06139018,1,1,20,30000\r\n{}HO,06139018,1,1,20,20000\r\nBU,x\r\n{}HO,06139018,1,1,20,10000\r\n\
         {}HO,06139018,1,1,5,700\r\nBU,y\r\nGO,2,30700,99\r\n",
        stay(1, "1"),
        stay(2, "2"),
        stay(3, "3"),
        stay(4, "0")
    );
    let bytes = sjis(&text);
    let mut file = ClaimFile::open(&bytes[..]).unwrap();
    let claims: Vec<_> = file.by_ref().map(Result::unwrap).collect();
    assert_eq!(claims.iter().map(|claim| claim.receipt_number.as_str()).collect::<Vec<_>>(), ["1", "4"]);
    assert!(claims.iter().all(|claim| claim.form == ClaimForm::Dpc && claim.kana.as_deref() == Some("テストタロウ")));
    assert_eq!(claims[0].search_number, None);
    assert_eq!((file.parts_of_summaries(), file.integrity()), (2, Some(Integrity::Agrees)));
    assert!(file.notices().is_empty());
    // Parts without the sum are told.
    let text = format!("{HOSPITAL}{}HO,06139018,1,1,20,20000\r\nGO,0,0,99\r\n", stay(2, "2"));
    let mut file = ClaimFile::open(text.as_bytes()).unwrap();
    assert!(file.next().is_none());
    assert_eq!(file.notices()[0].column, "RE.総括区分");
}

#[test]
fn a_search_number_is_no_kind_of_summary() {
    let text = format!("{HOSPITAL}{}HO,06139018,1,1,20,300\r\nGO,1,300,99\r\n", stay(1, "12345678901234567"));
    let claim = one(&text);
    assert_eq!((claim.form, claim.summary_kind), (ClaimForm::Medical, None));
    assert_eq!(claim.search_number.as_deref(), Some("12345678901234567"));
}

#[test]
fn home_nursing() {
    let claim = one("HM,1,13,6,9900017,見本訪問看護,202503,03-1234\r\n\
        RE,1,6116,202501,テスト　花子,テストハナコ,2,19870401,,,,2629,1,N-1,20250100000000001\r\n\
        HO,06139018,１２,３４５,8,96200,1,,18000,1,10,20\r\nKO,83130001,1234567,,8,96200,500,18000\r\nSN,1,01,,,,01,,\r\n\
        JD,1,,1\r\nIH,13,1,9900013,見本医院,テスト　医師,\r\nHJ,01,20250101,20250630\r\nJS,x\r\nRJ,20250101\r\nKA,20250101\r\nGO,1,96200,99\r\n");
    assert_eq!((claim.form, claim.care_kind()), (ClaimForm::HomeNursing, CareKind::HomeNursing));
    assert_eq!((claim.provider.name.as_str(), claim.provider.code.as_str()), ("見本訪問看護", "9900017"));
    assert_eq!((claim.kana.as_deref(), claim.birth_date.to_string().as_str()), (Some("テストハナコ"), "1987-04-01"));
    assert_eq!((claim.special_notes.len(), claim.burden_category.as_deref()), (2, Some("1")));
    assert_eq!(claim.search_number.as_deref(), Some("20250100000000001"));
    assert!(claim.key().starts_with("re:home_nursing:6:13:9900017:202503:1:"));
    let coverage = claim.coverage.as_ref().unwrap();
    assert_eq!((coverage.days, coverage.points, coverage.self_pay), (8, 96_200, Some(18_000)));
    assert_eq!((coverage.work_reason.as_deref(), coverage.reduction_yen), (Some("1"), Some(20)));
    assert_eq!((claim.public[0].self_pay, claim.public[0].outpatient_part), (Some(500), Some(18_000)));
}

#[test]
fn home_nursing_in_the_order_of_medical_claims_is_read_and_told() {
    let text = "HM,1,13,6,9900017,,HN,202503,00\r\nRE,1,6112,202501,A,1,19850401\r\nHO,06139018,1,2,1,5800\r\nGO,1,5800,99\r\n";
    let mut file = ClaimFile::open(text.as_bytes()).unwrap();
    let claim = file.next().unwrap().unwrap();
    assert_eq!((claim.provider.name.as_str(), claim.coverage.unwrap().points), ("HN", 5_800));
    assert!(file.next().is_none());
    assert!(file.notices()[0].reason.contains("並び"));
}

#[test]
fn files_that_were_joined_are_read_to_the_end() {
    let bytes =
        sjis(&format!("\u{1A}{MEDICAL}{}{}", MEDICAL.replace("RE,1,", "RE,2,"), MEDICAL.replace("RE,1,", "re,3,")));
    let mut file = ClaimFile::open(&bytes[..]).unwrap();
    let numbers: Vec<_> = file.by_ref().map(|claim| claim.unwrap().receipt_number).collect();
    assert_eq!((numbers, file.integrity()), (vec!["1".into(), "2".into(), "3".into()], Some(Integrity::Agrees)));
}

#[test]
fn totals_and_ends_are_told() {
    let told = |text: &str| {
        let mut file = ClaimFile::open(text.as_bytes()).unwrap();
        let read = file.by_ref().filter(Result::is_ok).count();
        (read, file.totals(), file.integrity().unwrap())
    };
    let (read, totals, integrity) = told(MEDICAL);
    assert_eq!((read, totals.claims, totals.stated_claims, integrity), (1, 1, Some(1), Integrity::Agrees));
    let (_, totals, integrity) = told(&MEDICAL.replace("GO,1,1296", "GO,140,99999"));
    assert_eq!((totals.points, totals.stated_points, totals.differing), (1296, Some(99_999), 1));
    assert_eq!(integrity, Integrity::Differs);
    let cut = MEDICAL.split("GO,").next().unwrap();
    assert_eq!(told(cut).2, Integrity::Truncated { line: 11, withheld: Some(2) });
    assert_eq!(told(&format!("{MEDICAL}{HOSPITAL}")).2, Integrity::Truncated { line: 13, withheld: None });
    let mut file = ClaimFile::open(MEDICAL.as_bytes()).unwrap();
    assert_eq!((file.integrity(), file.totals().claims), (None, 0));
    assert!(file.next().is_some());
}

proptest! {
    #[test]
    fn a_broken_claim_spoils_itself_only(
        count in 2usize..8, at in any::<prop::sample::Index>(), broken in "(RE|HO|SN|KO|XX)[0-9A-Z,\"]{0,20}",
    ) {
        let at = at.index(count);
        let claim = |index: usize| {
            let first = format!("RE,{index},1112,202501,A,1,19850401\n");
            if index == at { format!("{first}{broken}\n") } else { format!("{first}HO,06139018,1,1,1,10\n") }
        };
        let items = read(&format!("{HOSPITAL}{}GO,,,99\n", (0..count).map(claim).collect::<String>()));
        for index in (0..count).filter(|index| *index != at) {
            let number = index.to_string();
            prop_assert!(items.iter().flatten().any(|claim| claim.receipt_number == number && claim.coverage.is_some()));
        }
    }
}
