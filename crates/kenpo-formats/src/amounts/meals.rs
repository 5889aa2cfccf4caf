//! The split of a stay's meals between patient, public payers and insurer.
//!
//! Health Insurance Act art. 85 para. 2: the patient bears a standard amount per meal, set by notice of the ministry.

use super::Doubt;
use crate::claims::{Claim, Coverage};

/// The shares of patient and public payers in the meals, yen.
pub(super) struct Meals {
    pub(super) patient: i64,
    pub(super) public: i64,
}

/// Splits the meal amount: the standard amount per meal is the patient's, or the public payer's for meals it covers.
pub(super) fn split(claim: &Claim, coverage: &Coverage, doubts: &mut Vec<Doubt>) -> Meals {
    if coverage.meal_yen == 0 {
        return Meals { patient: 0, public: 0 };
    }
    let rate = rate(claim);
    let month = claim.treatment_month.number();
    doubts.push(rate.doubt());
    if month > LAST_CONFIRMED {
        doubts.push(Doubt::MealRateNotConfirmed);
    }
    let yen = rate.yen(month);
    let part = |count: u32| (i64::from(count) * yen).min(coverage.meal_yen);
    let share = part(coverage.meal_count);
    let covered = claim.public.iter().map(|public| public.meal_count).max().unwrap_or(0).min(coverage.meal_count);
    if covered > 0 {
        doubts.push(Doubt::MealPublicAssumed);
    }
    let public = part(covered).min(share);
    Meals { patient: share - public, public }
}

/// The month up to which the rates below were found published.
const LAST_CONFIRMED: i32 = 202605;

/// The standard amount that applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rate {
    /// General income.
    General,
    /// General income with a designated disease (指定難病, 小児慢性特定疾病).
    DesignatedDisease,
    /// 低所得Ⅱ, and under 70 区分オ.
    LowIncome,
    /// The same after more than 90 days in hospital within a year.
    LowIncomeLongStay,
    /// 低所得Ⅰ of 70 and over.
    LowestIncome,
    /// A 標準負担額区分 that we do not know: the amount of general income.
    Unknown,
}

/// Returns the rate of 標準負担額区分 (別表8: 1 低所得Ⅱ, 2 the same after 90 days, 3 低所得Ⅰ, 4 低所得Ⅰ with 老齢福祉年金), else of
/// general income.
fn rate(claim: &Claim) -> Rate {
    let designated = |payer: &str| matches!(payer.get(..2), Some("52" | "54"));
    match claim.burden_category.as_deref() {
        Some("1") => Rate::LowIncome,
        Some("2") => Rate::LowIncomeLongStay,
        Some("3" | "4") => Rate::LowestIncome,
        Some(_) => Rate::Unknown,
        None if claim.public.iter().any(|public| designated(&public.payer_number)) => Rate::DesignatedDisease,
        None => Rate::General,
    }
}

impl Rate {
    /// Returns the yen of a meal in a month such as 202501.
    ///
    /// The rates from April 2018 on are those of the tables that municipalities publish (東大阪市 and others); those before are
    /// recollected.
    fn yen(self, month: i32) -> i64 {
        let of = |before: i64, from_2024_06: i64, from_2025_04: i64| match month {
            ..=202405 => before,
            202406..=202503 => from_2024_06,
            _ => from_2025_04,
        };
        match self {
            Self::General | Self::Unknown => match month {
                ..=201603 => 260,
                201604..=201803 => 360,
                _ => of(460, 490, 510),
            },
            Self::DesignatedDisease => of(260, 280, 300),
            Self::LowIncome => of(210, 230, 240),
            Self::LowIncomeLongStay => of(160, 180, 190),
            Self::LowestIncome => of(100, 110, 110),
        }
    }

    fn doubt(self) -> Doubt {
        match self {
            Self::General => Doubt::MealShareAssumed,
            Self::DesignatedDisease => Doubt::MealShareOfDisease,
            Self::LowIncome | Self::LowIncomeLongStay | Self::LowestIncome => Doubt::MealShareOfIncome,
            Self::Unknown => Doubt::MealCategoryUnknown,
        }
    }
}
