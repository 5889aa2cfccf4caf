//! Which months a member sees, and sums.

use jiff::civil::Date;
use kenpo_formats::{CareKind, TreatmentMonth};

use super::ExpenseLine;

/// Months whose expenses are shown, as a member may see: the present calendar year as far as it has come, and whole ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VisibleMonths {
    /// The oldest.
    pub(crate) first: TreatmentMonth,
    /// The newest.
    pub(crate) last: TreatmentMonth,
}

impl VisibleMonths {
    /// Returns what is visible on this day where so many years before the present one are.
    pub(crate) fn of(today: Date, years: u8) -> Self {
        let last = TreatmentMonth::of(today);
        let first = TreatmentMonth::new(last.year().saturating_sub(i16::from(years)), 1).unwrap_or(last);
        Self { first, last }
    }

    /// Returns the months of a calendar year.
    pub(crate) fn of_year(year: i16) -> Option<Self> {
        Some(Self { first: TreatmentMonth::new(year, 1)?, last: TreatmentMonth::new(year, 12)? })
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

/// The last month in which the tax return of the year before is filed.
const LAST_FILING_MONTH: i8 = 3;

/// Returns the year that leads the pages on this day: until the end of March the one that is filed, then the present one.
pub(crate) fn leading_year(today: Date) -> i16 {
    today.year() - i16::from(today.month() <= LAST_FILING_MONTH)
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
    pub(crate) fn of<'l>(lines: impl IntoIterator<Item = &'l ExpenseLine>) -> Self {
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
    lines: &[ExpenseLine],
    months: impl IntoIterator<Item = TreatmentMonth>,
) -> Vec<(TreatmentMonth, i64)> {
    let paid = |month| lines.iter().filter(|line| line.month == month).map(|line| line.self_pay).sum();
    months.into_iter().map(|month| (month, paid(month))).collect()
}

/// Returns what was paid for each patient, in the order of the lines.
pub(crate) fn self_pay_by_patient(lines: &[ExpenseLine]) -> Vec<(&str, i64)> {
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
pub(crate) fn self_pay_by_kind(lines: &[ExpenseLine]) -> Vec<(CareKind, i64)> {
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
    fn whole_calendar_years_are_visible_on_every_day() {
        for day in [date(2026, 1, 1), date(2026, 2, 25), date(2026, 11, 20), date(2026, 12, 31)] {
            let window = VisibleMonths::of(day, 5);
            assert_eq!((window.first, window.last), (month(2021, 1), TreatmentMonth::of(day)));
            assert_eq!(window.years().collect::<Vec<_>>(), [2026, 2025, 2024, 2023, 2022, 2021]);
        }
        assert_eq!(VisibleMonths::of(date(2026, 1, 1), 2).first, month(2024, 1));
    }

    #[test]
    fn the_year_to_be_filed_leads_until_the_end_of_march() {
        let days = [date(2026, 12, 31), date(2027, 1, 1), date(2027, 3, 31), date(2027, 4, 1)];
        assert_eq!(days.map(leading_year), [2026, 2026, 2026, 2027]);
    }

    #[test]
    fn nothing_outside_the_window_is_left_after_clipping() {
        let window = VisibleMonths::of(date(2026, 11, 20), 2);
        assert_eq!(window.clip(month(2020, 1), month(2020, 12)), None);
        let cut = window.clip(month(2023, 6), month(2024, 12)).unwrap();
        assert_eq!((cut.first, cut.last), (month(2024, 1), month(2024, 12)));
    }
}
