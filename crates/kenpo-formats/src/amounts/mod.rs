//! The rules that turn a claim into yen: the share of each payer.
//!
//! Statutory frame: Health Insurance Act art. 74 and 110 (the insured's share), art. 85 and 85-2 (meals); the notice to members
//! is art. 112-2 of its enforcement rule. The rules, in order:
//!
//! 1. `total` = points × 10 yen + the meal amount, which claims state in yen (data standards 2.3); home nursing states its cost in
//!    yen as well.
//! 2. The insured's share of the points is the stated 負担金額 of HO where there is one: claims state it with high-cost benefit in
//!    kind (MF 01), reductions and the like. Else points × 10 × ratio; the ratio is 100 − 給付割合 where RE states it, else
//!    follows from the patient class of the claim type: before school 2割, 70 and over general 2割, all others 3割
//!    ([`burden_percent`]). The insurer bears the rest.
//! 3. Public expense covers its own points. Of these the patient pays the 負担金額 that KO states, the public payer pays the rest
//!    of the insured's share; of points it does not cover, the patient pays the share. Where tuberculosis care (payer 10) states
//!    no 負担金額, it is 5 % of the points (Infectious Diseases Act art. 37-2).
//! 4. Meals: the patient pays the standard amount per meal, the insurer the rest. The amount follows from the month, from 標準負担額区分
//!    (RE) and, of designated diseases (payers 52 and 54), from the disease.
//!
//! Nothing is rounded to 10 yen: a notice shows points × 10 × ratio to 1 yen, while the window rounds to 10 yen (data
//! standards 1.1, fujifilm-kenpo FAQ). A share that is not whole yen is rounded down in favour of the patient, which happens
//! only with ratios that are no multiple of ten.
//!
//! # Where the source leaves room for interpretation
//!
//! Each such case is a [`Doubt`] on the result. The meaning of HO 負担金額 is recollected, not confirmed (data standards 2.3). The
//! meal rates are those that municipalities publish; after May 2026 none was found. A discounted unit price (RE 14) is not taken
//! into account. Those born before 2 April 1944 paid 1割 between
//! 70 and 74; none of them is under 75 in a month from April 2019 on. Local subsidies that are refunded later, and refunds of
//! high costs (高額療養費 paid to the member), are not in a claim at all (data standards 1.1).

mod age;
mod doubt;
mod meals;
mod public;
mod share;

#[cfg(test)]
mod tests;

pub use age::{AgeClass, age_class};
pub use doubt::Doubt;
pub use share::burden_percent;

use crate::claims::{Claim, Scheme};
use crate::fault::Fault;

/// Yen of one claim: `total` = `insurer` + `public` + `self_pay`. Only an adjustment has negative ones.
///
/// ```
/// use kenpo_formats::amounts::Amounts;
///
/// assert!(Amounts::new(12_960, 9_072, 3_588, 300).is_some());
/// assert!(Amounts::new(12_960, 9_072, 3_588, 301).is_none());
/// assert!(Amounts::adjustment(0, 5_000, 0, -5_000).is_some_and(|amounts| amounts.is_adjustment()));
/// assert!(Amounts::adjustment(10_000, 7_000, 3_300, -300).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Amounts {
    /// 医療費総額, yen.
    pub total: i64,
    /// 保険者負担額, yen.
    pub insurer: i64,
    /// 公費負担額, yen.
    pub public: i64,
    /// 自己負担額, yen.
    pub self_pay: i64,
}

impl Amounts {
    /// Returns the amounts if none is negative and the parts make the total.
    pub fn new(total: i64, insurer: i64, public: i64, self_pay: i64) -> Option<Self> {
        let sum = insurer.checked_add(public)?.checked_add(self_pay)?;
        let sound = insurer >= 0 && public >= 0 && self_pay >= 0 && sum == total;
        sound.then_some(Self { total, insurer, public, self_pay })
    }

    /// Returns the amounts of a line that changes other lines, if the parts make the total and some are negative:
    /// either none is above 0 (something was billed less), or the total is 0 (who pays changed: 高額療養費, 付加給付).
    pub fn adjustment(total: i64, insurer: i64, public: i64, self_pay: i64) -> Option<Self> {
        let sum = insurer.checked_add(public)?.checked_add(self_pay)?;
        let amounts = Self { total, insurer, public, self_pay };
        let less = [total, insurer, public, self_pay].iter().all(|amount| *amount <= 0);
        (sum == total && amounts.is_adjustment() && (less || total == 0)).then_some(amounts)
    }

    /// Returns whether the amounts change other lines.
    pub fn is_adjustment(&self) -> bool {
        [self.total, self.insurer, self.public, self.self_pay].iter().any(|amount| *amount < 0)
    }
}

/// Whether the claim itself states the shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The insured's share and all public shares are stated.
    Stated,
    /// They follow from the named rule.
    Derived(&'static str),
}

/// The amounts of a claim, with their certainty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// The yen.
    pub amounts: Amounts,
    /// Whether they are facts of the claim.
    pub basis: Basis,
    /// The doubts that the claim leaves.
    pub doubts: Vec<Doubt>,
}

/// Returns each payer's share of the claim.
///
/// # Errors
///
/// A claim of the medical system for those of 75 and over; stated amounts above the cost; no points anywhere.
pub fn derive(claim: &Claim) -> Result<Derivation, Fault> {
    let mut doubts = Vec::new();
    let Some(coverage) = &claim.coverage else {
        return public::alone(claim, doubts);
    };
    if claim.claim_type.scheme() == Scheme::LateElderly
        || age_class(claim.birth_date, claim.treatment_month) == AgeClass::LateElderly
    {
        let reason = "75歳以上の人(後期高齢者医療)のレセプトです。健康保険組合の加入者の医療費ではありません。";
        return Err(Fault::new(claim.line, "RE.レセプト種別", reason));
    }
    let cost = yen_of(claim, coverage.points);
    let (share, basis) = share::of_insured(claim, coverage, cost, &mut doubts)?;
    let split = public::split(claim, coverage, cost, share, &mut doubts);
    let meals = meals::split(claim, coverage, &mut doubts);
    let total = cost.saturating_add(coverage.meal_yen);
    let insurer = (cost - share).saturating_add(coverage.meal_yen - meals.patient - meals.public);
    let amounts = Amounts::new(total, insurer, split.public + meals.public, split.patient + meals.patient);
    let amounts = amounts.ok_or_else(|| Fault::new(claim.line, "HO", "金額の内訳が合計と合いません。"))?;
    let basis = match basis {
        Basis::Stated if doubts.iter().any(|doubt| doubt.is_of_a_share()) => Basis::Derived("partly_stated"),
        basis => basis,
    };
    Ok(Derivation { amounts, basis, doubts })
}

/// Returns the yen of points: one point is 10 yen, and home nursing states yen instead.
fn yen_of(claim: &Claim, points: i64) -> i64 {
    points.saturating_mul(claim.form.yen_per_unit())
}
