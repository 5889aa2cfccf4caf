//! Months of treatment (診療年月).

use crate::fault::quote;
use crate::text::fold;
use jiff::civil::{Date, date};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use thiserror::Error;

/// A calendar month, year 1900 to 2999; written `2025-01`.
///
/// ```
/// use kenpo_formats::TreatmentMonth;
///
/// let month: TreatmentMonth = "2025年1月".parse()?;
/// assert_eq!(month.number(), 202501);
/// assert_eq!(month.previous().to_string(), "2024-12");
/// assert_eq!(month.last_day().to_string(), "2025-01-31");
/// # Ok::<(), kenpo_formats::month::TreatmentMonthError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreatmentMonth {
    year: i16,
    month: u8,
}

/// A text that is not a month.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}は年月ではありません。2025-01のように入力してください。", quote(.0))]
pub struct TreatmentMonthError(String);

/// The years that care can have been given in; what lies beyond is a slip.
const YEARS: RangeInclusive<i16> = 1900..=2999;

impl TreatmentMonth {
    /// Returns the month, `year` 1900 to 2999 and `month` 1 to 12.
    pub fn new(year: i16, month: u8) -> Option<Self> {
        (YEARS.contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// Returns the western year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// Returns the month of the year, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Returns the month that `day` lies in; days before 1900 give its January, days after 2999 its December.
    pub fn of(day: Date) -> Self {
        let index = i64::from(day.year()) * 12 + i64::from(day.month()) - 1;
        Self::of_index(index)
    }

    /// Returns the month that is so many after January of year 0, within the years there are.
    fn of_index(index: i64) -> Self {
        let (first, last) = (i64::from(*YEARS.start()) * 12, i64::from(*YEARS.end()) * 12 + 11);
        let index = index.clamp(first, last);
        let year = i16::try_from(index / 12).unwrap_or(*YEARS.end());
        Self { year, month: u8::try_from(index % 12 + 1).unwrap_or(12) }
    }

    /// Returns year × 100 + month: 202501 for January 2025.
    pub fn number(self) -> i32 {
        i32::from(self.year) * 100 + i32::from(self.month)
    }

    /// Returns the month of a number such as 202501.
    pub fn from_number(number: i32) -> Option<Self> {
        if number < 0 {
            return None;
        }
        Self::new(i16::try_from(number / 100).ok()?, u8::try_from(number % 100).ok()?)
    }

    /// Returns the month after this one; December 2999 stays.
    pub fn next(self) -> Self {
        self.plus_months(1)
    }

    /// Returns the month before this one; January 1900 stays.
    pub fn previous(self) -> Self {
        self.plus_months(-1)
    }

    /// Returns the month that many months later, or earlier when negative; stops at 1900 and 2999.
    pub fn plus_months(self, months: i32) -> Self {
        Self::of_index(i64::from(self.year) * 12 + i64::from(self.month) - 1 + i64::from(months))
    }

    /// Returns the first day of the month.
    pub fn first_day(self) -> Date {
        date(self.year, self.month.cast_signed(), 1)
    }

    /// Returns the last day of the month.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }
}

impl FromStr for TreatmentMonth {
    type Err = TreatmentMonthError;

    /// Reads `YYYY-MM`, `YYYY/MM`, `YYYY/M`, `YYYYMM` and `YYYY年M月`, in half or full width.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folded = fold(text);
        parse(folded.trim()).ok_or_else(|| TreatmentMonthError(text.trim().to_owned()))
    }
}

fn parse(text: &str) -> Option<TreatmentMonth> {
    let (year, month) = match text.strip_suffix('月') {
        Some(written) => written.split_once('年')?,
        None => {
            text.split_once(['-', '/']).or_else(|| if text.len() == 6 { text.split_at_checked(4) } else { None })?
        }
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !(1..=2).contains(&month.len()) || !digits(month) {
        return None;
    }
    TreatmentMonth::new(year.parse().ok()?, month.parse().ok()?)
}

impl fmt::Display for TreatmentMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_forms() {
        for form in ["2025-01", "2025/01", "2025/1", "202501", "2025年1月", "２０２５年０１月", " 2025-1 "] {
            assert_eq!(form.parse(), Ok(TreatmentMonth { year: 2025, month: 1 }), "{form}");
        }
        for bad in ["2025-13", "2025-00", "25-01", "2025", "202513", "2025年1", "20250101", "", "2025-+1", "年月"] {
            assert!(bad.parse::<TreatmentMonth>().is_err(), "{bad}");
        }
    }

    #[test]
    fn edges_stay() {
        let first = TreatmentMonth::new(1900, 1).unwrap();
        let last = TreatmentMonth::new(2999, 12).unwrap();
        assert_eq!(first.previous(), first);
        assert_eq!(last.next(), last);
        assert_eq!(first.plus_months(i32::MAX), last);
        assert_eq!(last.last_day().to_string(), "2999-12-31");
        assert_eq!(TreatmentMonth::of(date(-5, 3, 1)), first);
        assert_eq!(TreatmentMonth::of(date(9999, 3, 1)), last);
        assert_eq!([TreatmentMonth::new(1899, 12), TreatmentMonth::new(3000, 1)], [None; 2]);
        assert_eq!(TreatmentMonth::from_number(-202501), None);
    }

    proptest! {
        #[test]
        fn arithmetic(year in 2000i16..2900, month in 1u8..=12, months in -1000i32..1000) {
            let start = TreatmentMonth::new(year, month).unwrap();
            let moved = start.plus_months(months);
            prop_assert_eq!(moved.plus_months(-months), start);
            prop_assert_eq!(start.next().previous(), start);
            prop_assert_eq!(moved > start, months > 0);
            prop_assert_eq!(TreatmentMonth::from_number(start.number()), Some(start));
            prop_assert_eq!(start.to_string().parse(), Ok(start));
            prop_assert_eq!(TreatmentMonth::of(start.last_day()), start);
            prop_assert_eq!(start.last_day().tomorrow().unwrap(), start.next().first_day());
        }
    }
}
