//! Which months a member sees, and sums.

use jiff::civil::Date;
use kenpo_formats::{CareKind, TreatmentMonth};

use super::Line;

/// The months whose expenses a member may see: so many years back, the present month included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VisibleMonths {
    /// The oldest.
    pub(crate) first: TreatmentMonth,
    /// The present one.
    pub(crate) last: TreatmentMonth,
}

impl VisibleMonths {
    /// Returns the window of this many years on this day.
    pub(crate) fn of(today: Date, years: u8) -> Self {
        let last = TreatmentMonth::of(today);
        Self { first: last.plus_months(1 - 12 * i32::from(years)), last }
    }

    /// Returns the part of the window within these months, if there is any.
    pub(crate) fn clip(self, first: TreatmentMonth, last: TreatmentMonth) -> Option<Self> {
        let clipped = Self { first: self.first.max(first), last: self.last.min(last) };
        (clipped.first <= clipped.last).then_some(clipped)
    }

    /// Returns the calendar years that the window touches, newest first.
    pub(crate) fn years(self) -> impl Iterator<Item = i16> {
        (self.first.year()..=self.last.year()).rev()
    }
}

/// Sums of some lines, yen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) total: i64,
    pub(crate) insurer: i64,
    pub(crate) public: i64,
    pub(crate) self_pay: i64,
}

impl Totals {
    /// Returns the sums of these lines.
    pub(crate) fn of<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Self {
        lines.into_iter().fold(Self::default(), |sum, line| Self {
            total: sum.total + line.total,
            insurer: sum.insurer + line.insurer,
            public: sum.public + line.public,
            self_pay: sum.self_pay + line.self_pay,
        })
    }
}

/// Returns what the household paid in each of these months, in their order.
pub(crate) fn self_pay_by_month(
    lines: &[Line],
    months: impl IntoIterator<Item = TreatmentMonth>,
) -> Vec<(TreatmentMonth, i64)> {
    let paid = |month| lines.iter().filter(|line| line.month == month).map(|line| line.self_pay).sum();
    months.into_iter().map(|month| (month, paid(month))).collect()
}

/// Returns what was paid for each patient, in the order of the lines.
pub(crate) fn self_pay_by_patient(lines: &[Line]) -> Vec<(&str, i64)> {
    let mut sums: Vec<(i64, &str, i64)> = Vec::new();
    for line in lines {
        match sums.iter_mut().find(|(id, ..)| *id == line.member_id) {
            Some((.., sum)) => *sum += line.self_pay,
            None => sums.push((line.member_id, &line.patient, line.self_pay)),
        }
    }
    sums.into_iter().map(|(_, name, sum)| (name, sum)).collect()
}

/// Returns what was paid for each kind of care, in the order of the lines.
pub(crate) fn self_pay_by_kind(lines: &[Line]) -> Vec<(CareKind, i64)> {
    let mut sums: Vec<(CareKind, i64)> = Vec::new();
    for line in lines {
        match sums.iter_mut().find(|(kind, _)| *kind == line.care_kind) {
            Some((_, sum)) => *sum += line.self_pay,
            None => sums.push((line.care_kind, line.self_pay)),
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn month(year: i16, month: i8) -> TreatmentMonth {
        TreatmentMonth::of(date(year, month, 1))
    }

    #[test]
    fn five_years_are_sixty_months_with_the_present_one() {
        let window = VisibleMonths::of(date(2026, 11, 20), 5);
        assert_eq!((window.first, window.last), (month(2021, 12), month(2026, 11)));
        assert_eq!(VisibleMonths::of(date(2026, 1, 1), 2).first, month(2024, 2));
    }

    #[test]
    fn the_window_may_begin_in_the_middle_of_a_year() {
        let years: Vec<_> = VisibleMonths::of(date(2026, 1, 31), 5).years().collect();
        assert_eq!(years, [2026, 2025, 2024, 2023, 2022, 2021]);
    }

    #[test]
    fn nothing_outside_the_window_is_left_after_clipping() {
        let window = VisibleMonths::of(date(2026, 11, 20), 2);
        assert_eq!(window.clip(month(2020, 1), month(2020, 12)), None);
        let year = window.clip(month(2024, 1), month(2024, 12)).unwrap();
        assert_eq!((year.first, year.last), (month(2024, 12), month(2024, 12)));
    }
}
