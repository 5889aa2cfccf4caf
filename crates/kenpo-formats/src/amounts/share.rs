//! The insured's share of points and of meals.

use super::age::{AgeClass, age_class};
use super::{Basis, Doubt};
use crate::claims::{Claim, Coverage, PatientClass};
use crate::fault::Fault;

/// Returns the insured's share in percent, and the rule it follows from: `benefit_ratio` (RE 給付割合) or `patient_class`.
pub fn burden_percent(claim: &Claim) -> (i64, &'static str) {
    match claim.benefit_ratio {
        Some(ratio) => (100 - i64::from(ratio.min(100)), "benefit_ratio"),
        None => match claim.claim_type.patient_class() {
            PatientClass::Preschool | PatientClass::ElderlyGeneral => (20, "patient_class"),
            PatientClass::Insured | PatientClass::Dependent | PatientClass::ElderlyWorkingIncome => {
                (30, "patient_class")
            }
        },
    }
}

/// Returns the insured's share of the points in yen.
pub(super) fn of_insured(
    claim: &Claim,
    coverage: &Coverage,
    cost: i64,
    doubts: &mut Vec<Doubt>,
) -> Result<(i64, Basis), Fault> {
    note_oddities(claim, coverage, doubts);
    if let Some(stated) = coverage.self_pay {
        if stated > cost {
            let reason = format!("負担金額{stated}円が医療費{cost}円より多くなっています。");
            return Err(Fault::new(claim.line, "HO.負担金額", reason));
        }
        return Ok((stated, Basis::Stated));
    }
    if claim.window_burden.as_deref() == Some("01") {
        doubts.push(Doubt::HighCostAmountMissing);
    }
    let (percent, rule) = burden_percent(claim);
    let share = i64::try_from(i128::from(cost) * i128::from(percent) / 100).unwrap_or(cost);
    Ok((reduced(coverage, share), Basis::Derived(rule)))
}

fn note_oddities(claim: &Claim, coverage: &Coverage, doubts: &mut Vec<Doubt>) {
    let class = claim.claim_type.patient_class();
    let fits = match age_class(claim.birth_date, claim.treatment_month) {
        AgeClass::Preschool => class == PatientClass::Preschool,
        AgeClass::General => matches!(class, PatientClass::Insured | PatientClass::Dependent),
        AgeClass::Elderly => matches!(class, PatientClass::ElderlyGeneral | PatientClass::ElderlyWorkingIncome),
        AgeClass::LateElderly => false,
    };
    let noted = [
        (!fits, Doubt::AgeAndClassDisagree),
        (claim.birth_date > claim.treatment_month.last_day(), Doubt::BornAfterTreatment),
        (coverage.work_reason.is_some(), Doubt::WorkReason),
        (coverage.reduction_kind.is_some(), Doubt::Reduction),
        (claim.window_burden.as_deref() == Some("04"), Doubt::SpecialCosts),
    ];
    doubts.extend(noted.into_iter().filter_map(|(holds, doubt)| holds.then_some(doubt)));
}

/// Returns what is left of a computed share after 減額 or 免除; 支払猶予 only postpones it.
fn reduced(coverage: &Coverage, share: i64) -> i64 {
    match coverage.reduction_kind.as_deref() {
        Some("1") => {
            let ratio = i64::from(coverage.reduction_ratio.unwrap_or(0).min(100));
            let reduction = coverage.reduction_yen.unwrap_or(share / 100 * ratio + share % 100 * ratio / 100);
            (share - reduction).max(0)
        }
        Some("2") => 0,
        _ => share,
    }
}

/// What patient and public payers bear of the meals, yen.
pub(super) struct Meals {
    pub(super) patient: i64,
    pub(super) public: i64,
}

/// Splits the meal amount: the standard amount per meal is the patient's, or the public payer's for meals it covers.
pub(super) fn meals(claim: &Claim, coverage: &Coverage, doubts: &mut Vec<Doubt>) -> Meals {
    if coverage.meal_yen == 0 {
        return Meals { patient: 0, public: 0 };
    }
    doubts.push(Doubt::MealShareAssumed);
    let rate = standard_meal_yen(claim.treatment_month.number());
    let part = |count: u32| (i64::from(count) * rate).min(coverage.meal_yen);
    let share = part(coverage.meal_count);
    let covered = claim.public.iter().map(|public| public.meal_count).max().unwrap_or(0).min(coverage.meal_count);
    if covered > 0 {
        doubts.push(Doubt::MealPublicAssumed);
    }
    let public = part(covered).min(share);
    Meals { patient: share - public, public }
}

/// Returns the standard amount of a meal for patients of general income, yen, in a month such as 202501.
///
/// Health Insurance Act art. 85 para. 2; the rates by notice of the ministry are recollected, not confirmed.
fn standard_meal_yen(month: i32) -> i64 {
    match month {
        ..=201603 => 260,
        201604..=201803 => 360,
        201804..=202405 => 460,
        202406..=202503 => 490,
        _ => 510,
    }
}
