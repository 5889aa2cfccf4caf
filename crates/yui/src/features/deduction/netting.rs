//! The netting of a year's adjustments for a tax return, which takes no negative amount.

use crate::features::expenses::ExpenseLine;

/// A year's lines as a tax return takes them: no amount is negative.
#[derive(Debug)]
pub(super) struct Netted {
    /// The lines that are no negative amount, in their order.
    pub(super) lines: Vec<NettedLine>,
    /// The rest of adjustments beyond the lines they belong to, yen: the member has to subtract it by hand.
    pub(super) rest: i64,
}

/// A line with its adjustments subtracted.
#[derive(Debug)]
pub(super) struct NettedLine {
    pub(super) line: ExpenseLine,
    /// The amount paid after corrections of what was billed are subtracted, yen.
    pub(super) paid: i64,
    /// The part of it that the insurer paid back (高額療養費, 付加給付), yen.
    pub(super) refunded: i64,
}

impl NettedLine {
    /// Returns the amount paid less repayments, yen.
    pub(super) fn left(&self) -> i64 {
        self.paid - self.refunded
    }
}

/// Returns these lines with each negative self-pay subtracted from lines of the same person and provider: first of its
/// month and kind of care, then of its month, then of the year. Of an adjustment without a provider's name nobody can
/// tell which lines it belongs to.
pub(super) fn netted(lines: Vec<ExpenseLine>) -> Netted {
    let (negative, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.self_pay < 0);
    // Without self-pay, an adjustment says nothing to a tax return.
    let others = others.into_iter().filter(|line| line.self_pay > 0 || !line.is_adjustment());
    let mut lines: Vec<_> = others.map(|line| NettedLine { paid: line.self_pay, refunded: 0, line }).collect();
    let rest = negative.iter().map(|adjustment| take_off(&mut lines, adjustment)).sum();
    Netted { lines, rest }
}

/// Subtracts an adjustment from the lines it belongs to; returns the rest.
fn take_off(lines: &mut [NettedLine], adjustment: &ExpenseLine) -> i64 {
    let mut rest = -adjustment.self_pay;
    let same = |line: &ExpenseLine| {
        (line.member_id, &line.provider_name) == (adjustment.member_id, &adjustment.provider_name)
            && !line.provider_name.is_empty()
    };
    let mut targets: Vec<_> = lines.iter_mut().filter(|line| same(&line.line)).collect();
    targets.sort_by_key(|NettedLine { line, .. }| nearness(line, adjustment));
    for target in targets {
        let part = rest.min(target.left());
        rest -= part;
        // Where the cost stays as it is, somebody else bears it now.
        match adjustment.total {
            0 => target.refunded += part,
            _ => target.paid -= part,
        }
    }
    rest
}

fn nearness(line: &ExpenseLine, adjustment: &ExpenseLine) -> (bool, bool) {
    (line.month != adjustment.month, line.care_kind != adjustment.care_kind)
}

#[cfg(test)]
mod tests {
    use kenpo_formats::TreatmentMonth;
    use proptest::prelude::*;

    use super::*;
    use crate::features::expenses::{Totals, sample_lines};

    fn line(month: i32, person: i64, provider: &str, [total, self_pay]: [i64; 2]) -> ExpenseLine {
        let line = sample_lines().swap_remove(0);
        ExpenseLine {
            month: TreatmentMonth::from_number(month).unwrap(),
            member_id: person,
            provider_name: provider.to_owned(),
            total,
            insurer: total - self_pay,
            public: 0,
            self_pay,
            ..line
        }
    }

    fn told(netted: &Netted) -> Vec<(i64, i64)> {
        netted.lines.iter().map(|line| (line.paid, line.refunded)).collect()
    }

    #[test]
    fn an_adjustment_is_taken_off_its_own_person_provider_and_month_first() {
        let netted = netted(vec![
            line(202_501, 1, "みほん医院", [10_000, 3_000]),
            line(202_502, 1, "みほん医院", [10_000, 3_000]),
            line(202_502, 2, "みほん医院", [10_000, 3_000]),
            line(202_502, 1, "れいじ医院", [10_000, 3_000]),
            line(202_502, 1, "みほん医院", [0, -2_500]),
            line(202_502, 1, "みほん医院", [-3_000, -900]),
        ]);
        assert_eq!(told(&netted), [(2_600, 0), (2_500, 2_500), (3_000, 0), (3_000, 0)]);
        assert_eq!(netted.rest, 0);
    }

    #[test]
    fn what_nobody_can_place_is_left_and_told() {
        let netted = netted(vec![
            line(202_501, 1, "", [10_000, 3_000]),
            line(202_501, 1, "みほん医院", [1_000, 300]),
            line(202_501, 1, "", [0, -100]),
            line(202_501, 1, "みほん医院", [0, -500]),
            line(202_501, 1, "みほん医院", [-500, 0]),
            line(202_501, 2, "みほん医院", [0, 40]),
        ]);
        assert_eq!(told(&netted), [(3_000, 0), (300, 300), (40, 0)]);
        assert_eq!(netted.rest, 300);
    }

    proptest! {
        #[test]
        fn nothing_is_negative_and_nothing_is_lost(
            rows in prop::collection::vec((1..4i32, 1..3i64, 0..3usize, any::<bool>(), -2_000..5_000i64), 0..30),
        ) {
            let names = ["", "みほん医院", "れいじ医院"];
            let lines: Vec<_> = rows
                .iter()
                .map(|(month, person, name, moved, paid)| {
                    line(202_500 + month, *person, names[*name], [if *moved && *paid < 0 { 0 } else { *paid }, *paid])
                })
                .collect();
            let before = Totals::of(&lines).self_pay;
            let netted = netted(lines);
            prop_assert!(netted.lines.iter().all(|line| line.refunded >= 0 && line.left() >= 0));
            prop_assert_eq!(netted.lines.iter().map(NettedLine::left).sum::<i64>() - netted.rest, before);
        }
    }
}
