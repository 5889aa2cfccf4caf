//! The insured's share of points.

use super::age::{AgeClass, age_class};
use super::{Basis, Doubt};
use crate::claims::{Claim, ClaimForm, Coverage, PatientClass, Scheme};
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
    if matches!(claim.window_burden.as_deref(), Some("01" | "02")) {
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
    let month = claim.treatment_month;
    // Pharmacies count prescriptions, not days.
    let too_long = claim.form != ClaimForm::Pharmacy && i64::from(coverage.days) > i64::from(month.last_day().day());
    let points_of_public = claim.public.iter().any(|public| public.points.is_some_and(|points| points > 0));
    let retired = claim.claim_type.scheme() == Scheme::Retired;
    let noted = [
        (!fits, Doubt::AgeAndClassDisagree),
        (coverage.work_reason.is_some(), Doubt::WorkReason),
        (coverage.reduction_kind.is_some(), Doubt::Reduction),
        (claim.window_burden.as_deref() == Some("04"), Doubt::SpecialCosts),
        (too_long, Doubt::MoreDaysThanTheMonth),
        (coverage.points == 0 && points_of_public, Doubt::PublicPointsOnly),
        (retired, Doubt::RetiredScheme),
    ];
    doubts.extend(noted.into_iter().filter_map(|(holds, doubt)| holds.then_some(doubt)));
    note_of_claim(claim, doubts);
}

/// Adds the doubts that do not depend on the payer.
pub(super) fn note_of_claim(claim: &Claim, doubts: &mut Vec<Doubt>) {
    let month = claim.treatment_month;
    let noted = [
        (claim.birth_date > month.last_day(), Doubt::BornAfterTreatment),
        (claim.unit_price.is_some(), Doubt::UnitPrice),
        (month > claim.billing_month, Doubt::TreatedAfterBilling),
        (claim.form == ClaimForm::Dpc && claim.summary_kind.is_none(), Doubt::SummaryKindMissing),
        (claim.corrected, Doubt::Corrected),
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
