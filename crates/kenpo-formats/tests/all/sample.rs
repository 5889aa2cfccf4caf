//! The public sample of outpatient claims (yokenzan/receiptisan, MIT), which is not part of this repository.

use kenpo_formats::amounts::{Basis, Doubt, derive};
use kenpo_formats::claims::{Claim, ClaimFile, ClaimForm};
use kenpo_formats::{CareKind, InsurerNumber, TreatmentMonth};
use std::path::{Path, PathBuf};

const SAMPLE: &str = "data/claims/RECEIPTC_GAIRAI_SAMPLE.UKE";

/// Returns where the sample lies: under `YUI_TEST_SHARED`, or in `shared` beside the checkout.
fn sample() -> Option<PathBuf> {
    let named = std::env::var_os("YUI_TEST_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("../shared"));
    named.into_iter().chain(beside).map(|folder| folder.join(SAMPLE)).find(|file| file.is_file())
}

fn claims() -> Option<Vec<Claim>> {
    let Some(path) = sample() else {
        println!("skipped: {SAMPLE} is not there; set YUI_TEST_SHARED to the folder that holds it");
        return None;
    };
    let mut file = ClaimFile::open(std::fs::File::open(path).unwrap()).unwrap();
    let claims: Vec<_> = file.by_ref().map(|claim| claim.unwrap_or_else(|fault| panic!("{fault}"))).collect();
    assert!(file.unknown_records().is_empty());
    // Its GO states 140 claims, and the right points: a second witness of ours.
    let notices: Vec<_> = file.notices().iter().map(|notice| notice.column.as_str()).collect();
    assert_eq!(notices, ["GO.総件数"]);
    Some(claims)
}

#[test]
fn all_claims_are_read() {
    let Some(claims) = claims() else { return };
    assert_eq!(claims.len(), 75);
    assert!(claims.iter().all(|claim| claim.form == ClaimForm::Medical && claim.care_kind() == CareKind::Outpatient));
    assert!(claims.iter().all(|claim| claim.treatment_month == TreatmentMonth::new(2021, 10).unwrap()));
    assert!(claims.iter().all(|claim| claim.billing_month == TreatmentMonth::new(2021, 11).unwrap()));
    let insured: Vec<_> = claims.iter().filter_map(|claim| claim.coverage.as_ref()).collect();
    assert_eq!(insured.len(), 69);
    assert_eq!(insured.iter().filter(|coverage| coverage.branch.is_some()).count(), 2);
    let numbers: std::collections::BTreeSet<_> =
        insured.iter().map(|coverage| coverage.insurer_number.as_str()).collect();
    assert!(numbers.iter().all(|number| number.parse::<InsurerNumber>().is_ok()), "{numbers:?}");
    let first = &claims[0];
    assert_eq!((first.name.as_str(), first.kana.as_deref()), ("テスト　汎用", Some("テストハンヨウ")));
    assert_eq!(first.special_notes, ["28"]);
    let keys: std::collections::BTreeSet<_> = claims.iter().map(Claim::key).collect();
    assert_eq!(keys.len(), 75);
}

#[test]
fn all_amounts_follow() {
    let Some(claims) = claims() else { return };
    let derived: Vec<_> = claims.iter().map(|claim| (claim, derive(claim).unwrap())).collect();
    let sum =
        |of: fn(&kenpo_formats::amounts::Amounts) -> i64| derived.iter().map(|(_, one)| of(&one.amounts)).sum::<i64>();
    let (total, insurer) = (sum(|amounts| amounts.total), sum(|amounts| amounts.insurer));
    assert_eq!(total, sum(|amounts| amounts.public) + sum(|amounts| amounts.self_pay) + insurer);
    assert_eq!(total, TOTAL_POINTS * 10);
    let mixed = &derived[0].1;
    assert_eq!(
        [mixed.amounts.total, mixed.amounts.insurer, mixed.amounts.public, mixed.amounts.self_pay],
        [136_420, 95_494, 677, 40_249]
    );
    assert_eq!(mixed.basis, Basis::Derived("patient_class"));
    let doubted: Vec<_> = derived
        .iter()
        .filter(|(_, one)| !one.doubts.is_empty())
        .map(|(claim, one)| (claim.receipt_number.as_str(), one.doubts.as_slice()))
        .collect();
    assert_eq!(doubted, [("66", &[Doubt::BornAfterTreatment][..])]);
}

/// As the GO record of the sample states.
const TOTAL_POINTS: i64 = 86_392;
