//! The shares of public payers.

use super::share::note_of_claim;
use super::{Amounts, Basis, Derivation, Doubt, yen_of};
use crate::claims::{Claim, Coverage, PublicExpense};
use crate::fault::Fault;

/// The law of payers of tuberculosis care to outpatients (感染症法37条の2), the first digits of their numbers.
const TUBERCULOSIS: &str = "10";

/// The insured's share, split between patient and public payers, yen.
pub(super) struct Split {
    pub(super) patient: i64,
    pub(super) public: i64,
}

/// The cover of all public payers together.
struct Covered {
    points: i64,
    /// The patient's payment for it, yen.
    copay: i64,
    /// The insured's share of it if the claim states it, yen.
    share: Option<i64>,
}

/// Splits the insured's `share` of `cost`.
pub(super) fn split(claim: &Claim, coverage: &Coverage, cost: i64, share: i64, doubts: &mut Vec<Doubt>) -> Split {
    if claim.public.is_empty() {
        return Split { patient: share, public: 0 };
    }
    let covered = covered(claim, coverage.points, doubts);
    let covered_share = match covered.share {
        Some(stated) => stated.min(share),
        None if covered.points >= coverage.points => share,
        // The share is spread over the points evenly, as the ratio would.
        None => {
            let part = i128::from(share) * i128::from(yen_of(claim, covered.points)) / i128::from(cost.max(1));
            i64::try_from(part).unwrap_or(share)
        }
    };
    if covered.copay > covered_share {
        doubts.push(Doubt::PublicSelfPayExceeds);
    }
    let copay = covered.copay.min(covered_share);
    Split { patient: share - covered_share + copay, public: covered_share - copay }
}

/// Returns what is covered: by one payer as stated; by several, the last one that covers all the others' points decides what
/// the patient pays, because each pays what the one before left; payers beside each other add up.
fn covered(claim: &Claim, most: i64, doubts: &mut Vec<Doubt>) -> Covered {
    let inpatient = claim.claim_type.inpatient();
    let one = |public: &PublicExpense, doubts: &mut Vec<Doubt>| {
        let points = public.points.unwrap_or_else(|| note(doubts, Doubt::PublicPointsMissing, most));
        let points = if points > most { note(doubts, Doubt::PublicPointsExceed, most) } else { points };
        let copay = public.self_pay.unwrap_or_else(|| {
            if public.payer_number.starts_with(TUBERCULOSIS) {
                return note(doubts, Doubt::PublicFivePercent, yen_of(claim, points) / 20);
            }
            note(doubts, Doubt::PublicSelfPayMissing, 0)
        });
        let share = if inpatient { public.inpatient_part } else { public.outpatient_part };
        Covered { points, copay, share }
    };
    let payers: Vec<Covered> = claim.public.iter().map(|public| one(public, doubts)).collect();
    let widest = payers.iter().map(|payer| payer.points).max().unwrap_or(0);
    if payers.iter().any(|payer| payer.points != widest) {
        doubts.push(Doubt::SeveralPublicPayers);
    }
    let mut nested = payers;
    match nested.pop() {
        Some(last) if last.points == widest => last,
        Some(last) => nested.into_iter().fold(last, |sum, payer| Covered {
            points: sum.points.saturating_add(payer.points).min(most),
            copay: sum.copay.saturating_add(payer.copay),
            share: sum.share.zip(payer.share).map(|(a, b)| a.saturating_add(b)),
        }),
        None => Covered { points: 0, copay: 0, share: None },
    }
}

fn note<T>(doubts: &mut Vec<Doubt>, doubt: Doubt, value: T) -> T {
    if !doubts.contains(&doubt) {
        doubts.push(doubt);
    }
    value
}

/// Returns the amounts of a claim that public expense alone pays.
pub(super) fn alone(claim: &Claim, mut doubts: Vec<Doubt>) -> Result<Derivation, Fault> {
    let points = claim.public.iter().filter_map(|public| public.points).max();
    let points =
        points.ok_or_else(|| Fault::new(claim.line, "KO.合計点数", "公費だけのレセプトに点数がありません。"))?;
    let covered = covered(claim, points, &mut doubts);
    let meals = claim.public.iter().map(|public| public.meal_yen).max().unwrap_or(0);
    let total = yen_of(claim, points).saturating_add(meals);
    let self_pay = covered.copay;
    if self_pay > total {
        let reason = format!("公費の負担金額{self_pay}円が医療費{total}円より多くなっています。");
        return Err(Fault::new(claim.line, "KO.負担金額", reason));
    }
    let stated = !doubts.iter().any(|doubt| doubt.is_of_a_share());
    note_of_claim(claim, &mut doubts);
    let amounts = Amounts::new(total, 0, total - self_pay, self_pay);
    let amounts = amounts.ok_or_else(|| Fault::new(claim.line, "KO", "金額の内訳が合計と合いません。"))?;
    Ok(Derivation { amounts, basis: if stated { Basis::Stated } else { Basis::Derived("public_alone") }, doubts })
}
