use super::*;
use crate::claims::{ClaimFile, ClaimForm};
use crate::month::TreatmentMonth;
use proptest::prelude::*;

/// Reads a claim of one institution: RE with the given type and birth date, and the records after it.
fn claim(kind: &str, birth: &str, records: &str) -> Claim {
    claim_with_ratio(kind, birth, "", records)
}

fn claim_with_ratio(kind: &str, birth: &str, ratio: &str, records: &str) -> Claim {
    let file = format!("IR,1,13,1,9900013,,X,202503,00,\nRE,1,{kind},202501,A,1,{birth},{ratio}\n{records}\nGO,,,99\n");
    ClaimFile::open(file.as_bytes()).unwrap().next().unwrap().unwrap()
}

fn yen(claim: &Claim) -> ([i64; 4], Vec<Doubt>) {
    let Derivation { amounts: Amounts { total, insurer, public, self_pay }, doubts, .. } = derive(claim).unwrap();
    ([total, insurer, public, self_pay], doubts)
}

const ADULT: &str = "19850401";

#[test]
fn plain_thirds() {
    let claim = claim("1112", ADULT, "HO,06139018,1,1,1,1140");
    assert_eq!(yen(&claim), ([11_400, 7_980, 0, 3_420], vec![]));
    assert_eq!(derive(&claim).unwrap().basis, Basis::Derived("patient_class"));
}

#[test]
fn local_subsidy_leaves_three_hundred_or_nothing() {
    let with_copay = claim("1122", ADULT, "HO,06139018,1,1,1,1296\nKO,83130001,1,,1,1296,300");
    assert_eq!(yen(&with_copay), ([12_960, 9_072, 3_588, 300], vec![]));
    let without = claim("1122", ADULT, "HO,06139018,1,1,1,276\nKO,83130001,1,,1,276,0");
    assert_eq!(yen(&without), ([2_760, 1_932, 828, 0], vec![]));
}

#[test]
fn ratio_by_class() {
    for (kind, birth, percent) in [
        ("1112", ADULT, 30),
        ("1116", ADULT, 30),
        ("1114", "20200101", 20),
        ("1118", "19530101", 20),
        ("1110", "19530101", 30),
        ("1111", ADULT, 30),
        ("1113", "20200101", 20),
        ("1117", "19530101", 20),
        ("1119", "19530101", 30),
    ] {
        let claim = claim(kind, birth, "HO,06139018,1,1,1,1000");
        assert_eq!(yen(&claim), ([10_000, 10_000 - percent * 100, 0, percent * 100], vec![]), "{kind}");
    }
}

#[test]
fn stated_ratio_comes_before_the_class() {
    let claim = claim_with_ratio("1112", ADULT, "090", "HO,06139018,1,1,1,1000");
    assert_eq!(yen(&claim).0, [10_000, 9_000, 0, 1_000]);
    assert_eq!(derive(&claim).unwrap().basis, Basis::Derived("benefit_ratio"));
}

#[test]
fn age_that_does_not_fit_the_class_is_doubted() {
    let at_school = claim("1114", "20100101", "HO,06139018,1,1,1,1000");
    assert_eq!(yen(&at_school), ([10_000, 8_000, 0, 2_000], vec![Doubt::AgeAndClassDisagree]));
    let unborn = claim("1114", "20250201", "HO,06139018,1,1,1,1000");
    assert_eq!(yen(&unborn).1, [Doubt::BornAfterTreatment]);
    let elderly = claim("1112", "19530101", "HO,06139018,1,1,1,1000");
    assert_eq!(yen(&elderly), ([10_000, 7_000, 0, 3_000], vec![Doubt::AgeAndClassDisagree]));
}

#[test]
fn those_of_75_are_refused() {
    assert!(derive(&claim("1118", "19491231", "HO,06139018,1,1,1,1000")).is_err());
    assert!(derive(&claim("1318", "19530101", "HO,39130001,,1,1,1000")).is_err());
    // 75 within the month: the days before it are the society's.
    assert!(derive(&claim("1118", "19500115", "HO,06139018,1,1,1,1000")).is_ok());
}

#[test]
fn high_cost_benefit_in_kind_is_stated() {
    let stated = claim("1111", ADULT, "HO,06139018,1,1,20,100000,,,,,,87430,,,\nMF,01");
    assert_eq!(yen(&stated), ([1_000_000, 912_570, 0, 87_430], vec![]));
    assert_eq!(derive(&stated).unwrap().basis, Basis::Stated);
    let missing = claim("1111", ADULT, "HO,06139018,1,1,20,100000\nMF,01");
    assert_eq!(yen(&missing), ([1_000_000, 700_000, 0, 300_000], vec![Doubt::HighCostAmountMissing]));
    let too_much = claim("1112", ADULT, "HO,06139018,1,1,1,100,,,,,,1001");
    assert_eq!(derive(&too_much).unwrap_err().column, "HO.負担金額");
}

#[test]
fn high_cost_with_public_expense() {
    // Share 87,430 of the whole; the public payer's part of it is stated as 57,000, of which the patient pays 10,000.
    let claim =
        claim("1121", ADULT, "HO,06139018,1,1,20,100000,,,,,,87430\nKO,54130001,1,,20,60000,10000,,57000\nMF,01");
    assert_eq!(yen(&claim), ([1_000_000, 912_570, 47_000, 40_430], vec![]));
}

#[test]
fn public_expense_of_a_part() {
    // 677 of 13,642 points at two tenths of the patient; the rest at three tenths.
    let claim = claim("1122", ADULT, "HO,06139018,1,1,1,13642\nKO,83130001,1,,1,677,1354");
    assert_eq!(yen(&claim), ([136_420, 95_494, 677, 40_249], vec![]));
}

#[test]
fn several_public_payers() {
    // 54 leaves 2,000, the local subsidy over the whole leaves 500.
    let nested = "HO,06139018,1,1,1,2000\nKO,54130001,1,,1,1500,2000\nKO,83130001,1,,1,2000,500";
    assert_eq!(yen(&claim("1132", ADULT, nested)), ([20_000, 14_000, 5_500, 500], vec![Doubt::SeveralPublicPayers]));
    let equal = "HO,06139018,1,1,1,2000\nKO,54130001,1,,1,2000,2000\nKO,83130001,1,,1,2000,0";
    assert_eq!(yen(&claim("1132", ADULT, equal)), ([20_000, 14_000, 6_000, 0], vec![]));
    let beside = "HO,06139018,1,1,1,2000\nKO,54130001,1,,1,1000,100\nKO,21130001,1,,1,500,200";
    assert_eq!(yen(&claim("1132", ADULT, beside)), ([20_000, 14_000, 4_200, 1_800], vec![Doubt::SeveralPublicPayers]));
}

#[test]
fn public_expense_that_says_little() {
    let silent = claim("1122", ADULT, "HO,06139018,1,1,1,1000\nKO,83130001,1,,1,,");
    let doubts = vec![Doubt::PublicPointsMissing, Doubt::PublicSelfPayMissing];
    assert_eq!(yen(&silent), ([10_000, 7_000, 3_000, 0], doubts));
    let wide = claim("1122", ADULT, "HO,06139018,1,1,1,1000\nKO,83130001,1,,1,1200,9000");
    let doubts = vec![Doubt::PublicPointsExceed, Doubt::PublicSelfPayExceeds];
    assert_eq!(yen(&wide), ([10_000, 7_000, 0, 3_000], doubts));
}

#[test]
fn public_expense_alone() {
    let alone = claim("1212", ADULT, "KO,12130001,1,,1,431,0");
    assert_eq!(yen(&alone), ([4_310, 0, 4_310, 0], vec![]));
    assert_eq!(derive(&alone).unwrap().basis, Basis::Stated);
    assert!(derive(&claim("1212", ADULT, "KO,12130001,1,,1,,0")).is_err());
    assert!(derive(&claim("1212", ADULT, "KO,12130001,1,,1,10,101")).is_err());
    // Of those of 75 and over too, since no society pays.
    assert!(derive(&claim("1212", "19300101", "KO,12130001,1,,1,10,0")).is_ok());
}

#[test]
fn meals_at_the_standard_amount() {
    let claim = claim("1111", ADULT, "HO,06139018,1,1,5,10000,,12,8040");
    assert_eq!(yen(&claim), ([108_040, 72_160, 0, 35_880], vec![Doubt::MealShareAssumed]));
    let doubts = vec![Doubt::MealShareAssumed, Doubt::MealPublicAssumed];
    let public = "HO,06139018,1,1,5,10000,,12,8040\nKO,21130001,1,,5,10000,0,,,,12,8040";
    let claim = self::claim("1121", ADULT, public);
    assert_eq!(yen(&claim), ([108_040, 72_160, 35_880, 0], doubts));
}

#[test]
fn reductions() {
    for (fields, self_pay) in [("1,50,", 1_500), ("1,,1000", 2_000), ("2,,", 0), ("3,,", 3_000), ("1,,99999", 0)] {
        let claim = claim("1112", ADULT, &format!("HO,06139018,1,1,1,1000,,,,,,,{fields}"));
        assert_eq!(yen(&claim), ([10_000, 10_000 - self_pay, 0, self_pay], vec![Doubt::Reduction]), "{fields}");
    }
}

#[test]
fn other_marks() {
    let claim = claim("1112", ADULT, "HO,06139018,1,1,1,100,,,,1,,\nMF,04");
    assert_eq!(yen(&claim).1, [Doubt::WorkReason, Doubt::SpecialCosts]);
    assert!(yen(&claim).1.iter().all(|doubt| doubt.to_string().ends_with('。')));
}

/// Reads a claim whose RE has these fields by column, on top of a plain adult's.
fn with_fields(fields: &[(usize, &str)], records: &str) -> Claim {
    let mut re = ["RE", "1", "1111", "202501", "A", "1", ADULT].map(str::to_owned).to_vec();
    re.resize(38, String::new());
    for (column, value) in fields {
        re[*column] = (*value).to_owned();
    }
    let file = format!("IR,1,13,1,9900013,,X,202503,00,\n{}\n{records}\nGO,,,99\n", re.join(","));
    ClaimFile::open(file.as_bytes()).unwrap().next().unwrap().unwrap()
}

#[test]
fn meals_by_income_disease_and_month() {
    let meals = "HO,06139018,1,1,4,1000,,10,6700";
    let disease = "HO,06139018,1,1,4,1000,,10,6700\nKO,54130001,1,,4,1000,0";
    use Doubt::{
        MealRateNotConfirmed as Later, MealShareAssumed as General, MealShareOfDisease as Disease,
        MealShareOfIncome as Income,
    };
    for (month, category, records, patient, doubts) in [
        ("202405", "", meals, 4_600, &[General][..]),
        ("202406", "", meals, 4_900, &[General]),
        ("202504", "", meals, 5_100, &[General]),
        ("202501", "1", meals, 2_300, &[Income]),
        ("202504", "1", meals, 2_400, &[Income]),
        ("202405", "1", meals, 2_100, &[Income]),
        ("202501", "2", meals, 1_800, &[Income]),
        ("202501", "3", meals, 1_100, &[Income]),
        ("202504", "4", meals, 1_100, &[Income]),
        ("202501", "7", meals, 4_900, &[Doubt::MealCategoryUnknown]),
        ("202405", "", disease, 2_600, &[Disease]),
        ("202501", "", disease, 2_800, &[Disease]),
        ("202504", "", disease, 3_000, &[Disease]),
        ("202504", "1", disease, 2_400, &[Income]),
        ("202606", "", meals, 5_100, &[General, Later]),
    ] {
        let mut claim = with_fields(&[(3, month), (10, category)], records);
        claim.billing_month = TreatmentMonth::new(2026, 12).unwrap();
        let ([total, _, public, self_pay], noted) = yen(&claim);
        let points = if public > 0 { 0 } else { 3_000 };
        assert_eq!((total, self_pay - points, noted.as_slice()), (16_700, patient, doubts), "{month} {category}");
    }
}

#[test]
fn tuberculosis_care_without_an_amount_is_five_percent() {
    let silent = claim("1122", ADULT, "HO,06139018,1,1,1,1000\nKO,10130001,1,,1,1000,");
    assert_eq!(yen(&silent), ([10_000, 7_000, 2_500, 500], vec![Doubt::PublicFivePercent]));
    let stated = claim("1122", ADULT, "HO,06139018,1,1,1,1000\nKO,10130001,1,,1,1000,0");
    assert_eq!(yen(&stated), ([10_000, 7_000, 3_000, 0], vec![]));
}

#[test]
fn what_cannot_be_is_doubted() {
    let plain = "HO,06139018,1,1,1,1000";
    for (fields, records, doubt) in [
        (&[(14, "1200")][..], plain, Doubt::UnitPrice),
        (&[], "HO,06139018,1,1,32,1000", Doubt::MoreDaysThanTheMonth),
        (&[(3, "202504")], plain, Doubt::TreatedAfterBilling),
        (&[(2, "1121")], "HO,06139018,1,1,1,0\nKO,12130001,1,,1,1000,0", Doubt::PublicPointsOnly),
        (&[], "HO,06139018,1,1,1,1000\nBU,x", Doubt::SummaryKindMissing),
        (&[(2, "1411")], plain, Doubt::RetiredScheme),
    ] {
        let (_, doubts) = yen(&with_fields(fields, records));
        assert!(doubts.contains(&doubt) && doubt.to_string().ends_with('。'), "{doubts:?}");
    }
    let corrected = Claim { corrected: true, ..claim("1112", ADULT, "HO,06139018,1,1,1,1000") };
    assert_eq!(yen(&corrected), ([10_000, 7_000, 0, 3_000], vec![Doubt::Corrected]));
    let alone = Claim { corrected: true, ..claim("1212", ADULT, "KO,12130001,1,,1,431,0") };
    assert_eq!(yen(&alone).1, [Doubt::Corrected]);
    assert_eq!(yen(&with_fields(&[(18, "0")], "HO,06139018,1,1,31,1000\nBU,x")).1, []);
}

#[test]
fn home_nursing_states_yen() {
    let file = "HM,1,13,6,9900017,見本訪問看護,202503,03\nRE,1,6112,202501,A,,1,19850401,,,,,,,\nHO,06139018,1,1,3,25800\nGO\n";
    let claim = ClaimFile::open(file.as_bytes()).unwrap().next().unwrap().unwrap();
    assert_eq!(yen(&claim), ([25_800, 18_060, 0, 7_740], vec![]));
}

fn optional(max: i64) -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(0..max)
}

prop_compose! {
    fn any_public()(payer in "(10|54|83)130001", points in optional(3_000), self_pay in optional(9_000), part in optional(9_000), meals in 0u32..100)
        -> crate::claims::PublicExpense {
        crate::claims::PublicExpense {
            payer_number: payer, recipient_number: "1".into(), days: 1, points, self_pay,
            outpatient_part: part, inpatient_part: part, meal_count: meals, meal_yen: i64::from(meals) * 670,
        }
    }
}

proptest! {
    #[test]
    fn amounts_always_sum(
        class in 0usize..10, ratio in proptest::option::of(0u8..=100), points in 0i64..2_000, stated in optional(20_000),
        category in proptest::option::of("[0-9]"), form in 0usize..5, meals in 0u32..100, meal_yen in 0i64..80_000, public in proptest::collection::vec(any_public(), 0..4),
        reduction in proptest::option::of(1u8..5), amount in optional(9_000), percent in proptest::option::of(0u32..200),
        covered: bool, year in 1900i16..2030,
    ) {
        let mut claim = claim(&format!("111{class}"), ADULT, "HO,06139018,1,1,1,100");
        claim.birth_date = jiff::civil::date(year, 4, 1);
        claim.benefit_ratio = ratio;
        claim.public = public;
        claim.form = [ClaimForm::Medical, ClaimForm::Dpc, ClaimForm::Dental, ClaimForm::Pharmacy, ClaimForm::HomeNursing][form];
        claim.burden_category = category;
        if let Some(coverage) = &mut claim.coverage {
            coverage.points = points;
            coverage.self_pay = stated;
            coverage.meal_count = meals;
            coverage.meal_yen = meal_yen;
            coverage.reduction_kind = reduction.map(|kind| kind.to_string());
            coverage.reduction_yen = amount;
            coverage.reduction_ratio = percent;
        }
        if !covered {
            claim.coverage = None;
        }
        if let Ok(Derivation { amounts, .. }) = derive(&claim) {
            let Amounts { total, insurer, public, self_pay } = amounts;
            prop_assert_eq!(total, insurer + public + self_pay);
            prop_assert!(insurer >= 0 && public >= 0 && self_pay >= 0);
            if covered {
                prop_assert_eq!(total, points * claim.form.yen_per_unit() + meal_yen);
            }
        }
    }
}
