//! Files as payers receive them.

use super::{read, sjis};
use crate::claims::{Claim, ClaimFile, ClaimForm, Integrity};
use crate::fault::Fault;
use proptest::prelude::*;

/// A claim of 3,000 points with one disease and two acts.
const CLAIM: &str = "2,1,0,MN,0000000001,東京都,,,,\r\n\
    1,2,0,IR,1,13,1,9900013,,見本クリニック,202503,00,03\r\n\
    1,3,0,RE,7,1112,202501,テスト　太郎,1,19850401,,\r\n\
    1,4,0,HO,06139018,１２,３４５,1,3000,,,,,,,,,\r\n\
    1,5,0,SY,8839592,20250105,1,,,01,\r\n\
    1,6,0,SI,11,1,111000110,,1000,1\r\n\
    1,7,0,SI,12,1,111000110,,2000,1\r\n\
    1,8,0,SN,1,01,,,,00,,\r\n\
    2,9,0,RC,Ver0001\r\n";

type Opened = (Vec<Result<Claim, Fault>>, ClaimFile<std::io::Cursor<Vec<u8>>>);

fn opened(text: &str) -> Opened {
    let mut file = ClaimFile::open(std::io::Cursor::new(sjis(text))).unwrap();
    let items = file.by_ref().collect();
    (items, file)
}

fn points(item: &Result<Claim, Fault>) -> i64 {
    item.as_ref().unwrap().coverage.as_ref().unwrap().points
}

/// Another claim of 500 points, dependent.
fn second() -> String {
    CLAIM.replace("0000000001", "0000000002").replace(",3000,", ",500,").replace("１２,３４５", "１,９")
}

#[test]
fn every_claim_is_read_without_an_end_record() {
    let (items, file) = opened(&format!("{CLAIM}{}", second()));
    assert_eq!(items.iter().map(points).collect::<Vec<_>>(), [3_000, 500]);
    let first = items[0].as_ref().unwrap();
    assert_eq!((first.line, first.key().as_str(), first.corrected), (3, "mn:1:202503:0000000001", false));
    assert_eq!(first.coverage.as_ref().unwrap().branch.as_deref(), Some("00"));
    assert_eq!(items[1].as_ref().unwrap().line, 12);
    assert_eq!((file.integrity(), file.corrections()), (Some(Integrity::Unstated), 0));
    assert_eq!((file.totals().claims, file.totals().points, file.totals().stated_claims), (2, 3_500, None));
    assert!(file.notices().is_empty() && file.unknown_records().is_empty());
}

#[test]
fn corrections_of_the_agency_are_applied() {
    let second = second();
    for (corrections, expected, copay) in [
        // The cost is replaced, as after 査定 of an act; the correction may stand before its record.
        ("2,10,0,HO,06139018,１２,３４５,1,2000,,,,,,,,,\r\n2,11,0,JY,2,4,0,,,10,0\r\n", 2_000, None),
        ("2,11,0,JY,2,4,0,,,10,0\r\n2,10,0,HO,06139018,１２,３４５,1,2000,,,,,,,,,\r\n", 2_000, None),
        // A public payer is added.
        ("2,10,0,KO,83130001,1,,1,3000,300\r\n2,11,0,JY,1,4,0,,,10,0\r\n", 3_000, Some(300)),
        // An act that we do not read is deleted.
        ("2,11,0,JY,3,7,0,,,,\r\n", 3_000, None),
    ] {
        let (items, file) = opened(&format!("{CLAIM}{corrections}{second}"));
        assert_eq!(items.len(), 2, "{corrections}");
        let first = items[0].as_ref().unwrap();
        assert_eq!((points(&items[0]), first.public.first().and_then(|public| public.self_pay)), (expected, copay));
        assert!(first.corrected && !items[1].as_ref().unwrap().corrected, "{corrections}");
        assert_eq!((file.corrections(), points(&items[1])), (1, 500));
    }
}

#[test]
fn a_deleted_or_lost_record_spoils_its_claim_only() {
    for (corrections, column) in [
        ("2,11,0,JY,3,4,0,,,,\r\n", "HO"),
        ("2,11,0,JY,2,4,0,,,10,0\r\n", "JY"),
        ("2,11,0,JY,9,4,0,,,10,0\r\n", "JY.操作"),
    ] {
        let (items, _) = opened(&format!("{CLAIM}{corrections}{}", second()));
        assert_eq!(items[0].as_ref().unwrap_err().column, column, "{corrections}");
        assert_eq!((items.len(), points(&items[1])), (2, 500));
    }
}

#[test]
fn records_of_the_agency_count_where_a_correction_puts_them() {
    // HO without JY is no second insurer; SN completes the claim; MK is passed over and told; the unknown is counted.
    let text = format!(
        "{CLAIM}2,10,0,HO,06139018,１２,３４５,1,1,,,,,,,,,\r\n2,12,0,SN,1,09,,,,03,,\r\n2,13,0,MK,1\r\n2,14,0,QQ,1\r\n"
    );
    let (items, file) = opened(&text);
    let claim = items[0].as_ref().unwrap();
    assert_eq!((points(&items[0]), claim.coverage.as_ref().unwrap().branch.as_deref()), (3_000, Some("03")));
    assert_eq!(file.unknown_records().get("QQ"), Some(&1));
    assert_eq!(file.notices()[0].column, "MK");
}

#[test]
fn quotes_small_letters_and_marks_are_read() {
    let quoted: String = CLAIM
        .lines()
        .map(|line| line.split(',').map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",") + "\r\n")
        .collect();
    for text in [quoted, CLAIM.replace("IR,", "ir,").replace("HO,", "ho,"), format!("\u{feff}{CLAIM}\x1A{}", second())]
    {
        let mut file = ClaimFile::open(text.as_bytes()).unwrap();
        let first = file.next().unwrap();
        assert_eq!(points(&first), 3_000, "{text}");
        assert!(file.all(|item| item.is_ok()));
    }
}

#[test]
fn lines_that_cannot_be_read_spoil_one_claim() {
    let broken = CLAIM.replace("1,8,0,SN,1,01,,,,00,,", "SN,1,01,,,,00,,");
    let (items, _) = opened(&format!("{broken}{}", second()));
    assert!(items[0].as_ref().unwrap_err().reason.contains("3つの項目"));
    assert_eq!(points(&items[1]), 500);
    let mut bytes = sjis(CLAIM);
    bytes.extend(b"1,9,0,CO,");
    bytes.extend(vec![b'x'; crate::text::MAX_LINE]);
    bytes.extend(b"\r\n");
    bytes.extend(sjis(&second()));
    let items: Vec<_> = ClaimFile::open(&bytes[..]).unwrap().collect();
    assert_eq!(items.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_file_that_may_be_cut_says_so_and_keeps_its_claims() {
    let text = format!("{CLAIM}{}", second());
    let (items, file) = opened(text.trim_end());
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 2);
    assert_eq!(file.integrity(), Some(Integrity::Truncated { line: 18, withheld: None }));
    let (_, file) = opened(&format!("{text}\x1A"));
    assert_eq!(file.integrity(), Some(Integrity::Unstated));
    // Cut between two records, so that nothing but the beginning of a claim is left.
    let begun: String = second().split_inclusive("\r\n").take(2).collect();
    let (items, file) = opened(&format!("{CLAIM}{begun}"));
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 1);
    assert!(items[1].as_ref().unwrap_err().reason.contains("途中で切れていないか"), "{items:?}");
    assert!(matches!(file.integrity(), Some(Integrity::Truncated { withheld: None, .. })));
}

#[test]
fn blocks_of_the_agency_without_prefix_lose_nothing() {
    let text = "MN,0000000001,東京都,,,,\nIR,1,13,1,9900013,,甲,202503,00,\nRE,5,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\n\
        MN,0000000002,東京都,,,,\nYK,1,13,4,9900025,乙,202503,00,\nRE,5,4112,202501,A,1,19850401\nHO,06139018,1,1,1,20\nJY,2,4,0\n";
    let claims: Vec<_> = read(text).into_iter().map(Result::unwrap).collect();
    assert_eq!(claims.iter().map(|claim| claim.form).collect::<Vec<_>>(), [ClaimForm::Medical, ClaimForm::Pharmacy]);
    let (_, file) = opened(text);
    assert_eq!((file.integrity(), file.notices()[0].column.as_str()), (Some(Integrity::Unstated), "JY"));
    // An institution's file behind it must have its GO again.
    let (items, file) = opened(&format!(
        "{text}IR,1,13,1,9900013,,甲,202503,00,\nRE,9,1112,202501,A,1,19850401\nHO,06139018,1,1,1,10\n"
    ));
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 2);
    assert_eq!(file.integrity(), Some(Integrity::Truncated { line: 12, withheld: Some(11) }));
}

proptest! {
    #[test]
    fn a_broken_line_spoils_its_own_claim_only(
        count in 2usize..6, at in any::<prop::sample::Index>(), line in 1usize..9, broken in "[0-9A-Z,\"]{0,20}",
    ) {
        let at = at.index(count);
        let claim = |index: usize| {
            let claim = CLAIM.replace("0000000001", &format!("{index:010}"));
            if index != at {
                return claim;
            }
            let lines = claim.lines().enumerate();
            lines.map(|(number, text)| if number == line { broken.clone() } else { text.to_owned() } + "\r\n").collect()
        };
        let (items, _) = opened(&(0..count).map(claim).collect::<String>());
        for index in (0..count).filter(|index| *index != at) {
            let number = format!("{index:010}");
            let found = items.iter().flatten().find(|claim| claim.admin_number.as_deref() == Some(&number));
            prop_assert_eq!(found.and_then(|claim| claim.coverage.as_ref()).map(|coverage| coverage.points), Some(3_000));
        }
    }

    #[test]
    fn mutated_files_never_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..30)) {
        let mut bytes = sjis(&format!("{CLAIM}2,10,0,HO,06139018,1,2,1,2000\r\n2,11,0,JY,2,4,0,,,10,0\r\n{}", second()));
        for (at, byte, insert) in edits {
            let at = at.index(bytes.len());
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
        }
        if let Ok(mut file) = ClaimFile::open(&bytes[..]) {
            for claim in file.by_ref().flatten() {
                let _ = (claim.key(), claim.care_kind(), crate::amounts::derive(&claim));
            }
            prop_assert!(file.integrity().is_some());
        }
    }
}
