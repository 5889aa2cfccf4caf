//! Dates as claims and offices write them: Japanese eras and the western calendar.
//!
//! Claims write months and dates without separators, era and western by the specification's year (西暦 since the
//! 2020 edition); the length tells them apart: 5 and 7 digits have an era digit in front, 6 and 8 are western.
//! An era year beyond the era's end (昭和70年, 平成31年5月) is read as the western year it stands for, because files
//! hold such dates.

use crate::month::TreatmentMonth;
use crate::text::fold;
use jiff::civil::Date;

/// Returns the western year before the first year of the era, by its claim digit: 1 明治 … 5 令和.
fn base_of_digit(digit: u8) -> Option<i16> {
    Some(match digit {
        b'1' => 1867,
        b'2' => 1911,
        b'3' => 1925,
        b'4' => 1988,
        b'5' => 2018,
        _ => return None,
    })
}

/// Returns the month written `GYYMM` or `YYYYMM`, as claim files do.
///
/// ```
/// use kenpo_formats::{TreatmentMonth, era};
///
/// assert_eq!(era::month("50701"), TreatmentMonth::new(2025, 1));
/// assert_eq!(era::month("202501"), TreatmentMonth::new(2025, 1));
/// ```
pub fn month(text: &str) -> Option<TreatmentMonth> {
    let (year, rest) = leading_year(text, 2)?;
    TreatmentMonth::new(year, rest.parse().ok()?)
}

/// Returns the date written `GYYMMDD` or `YYYYMMDD`, as claim files do.
pub fn day(text: &str) -> Option<Date> {
    let (year, rest) = leading_year(text, 4)?;
    let (month, day) = rest.split_at_checked(2)?;
    checked(year, month, day)
}

/// Splits digits into a western year and the `rest` digits after it.
fn leading_year(text: &str, rest: usize) -> Option<(i16, &str)> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, tail) = text.split_at_checked(text.len().checked_sub(rest)?)?;
    let year = match year.len() {
        4 => year.parse().ok()?,
        3 => era_year(base_of_digit(*year.as_bytes().first()?)?, year.get(1..)?)?,
        _ => return None,
    };
    Some((year, tail))
}

fn era_year(base: i16, year: &str) -> Option<i16> {
    if year == "元" {
        return Some(base + 1);
    }
    if year.is_empty() || year.len() > 2 {
        return None;
    }
    let year: i16 = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
    (year >= 1).then_some(base + year)
}

/// The years that a date of a person or a treatment can have: from the first of 明治 on. What lies beyond is a slip, or a
/// program's word for "never".
const YEARS: std::ops::RangeInclusive<i16> = 1868..=2999;

fn checked(year: i16, month: &str, day: &str) -> Option<Date> {
    let number = |text: &str| {
        (matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
    };
    if !YEARS.contains(&year) {
        return None;
    }
    Date::new(year, number(month)?, number(day)?).ok()
}

/// Returns the date of a written form that people and spreadsheets use.
///
/// `20250105`, `2025-01-05`, `2025/1/5`, `2025.1.5`, `2025年1月5日`, `R7.1.5`, `令和7年1月5日`, `令和元年5月1日`, `5070105`;
/// full-width characters are folded first.
///
/// ```
/// use jiff::civil::date;
/// use kenpo_formats::era;
///
/// for form in ["R7.1.5", "令和7年1月5日", "20250105", "2025-01-05", "2025/1/5", "５０７０１０５"] {
///     assert_eq!(era::written_date(form), Some(date(2025, 1, 5)));
/// }
/// assert_eq!(era::written_date("2025-02-29"), None);
/// ```
pub fn written_date(text: &str) -> Option<Date> {
    let folded = fold(text);
    let text = folded.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return day(text);
    }
    let (base, rest) = written_era(text);
    let rest = rest.strip_suffix('日').unwrap_or(rest);
    let mut parts = rest.split(['-', '/', '.', '年', '月']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year = match base {
        Some(base) => era_year(base, year)?,
        None if year.len() == 4 => year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??,
        None => return None,
    };
    checked(year, month, day)
}

/// Takes the name or letter of an era off the front.
fn written_era(text: &str) -> (Option<i16>, &str) {
    const ERAS: [(&str, char, i16); 5] =
        [("明治", 'M', 1867), ("大正", 'T', 1911), ("昭和", 'S', 1925), ("平成", 'H', 1988), ("令和", 'R', 2018)];
    for (name, letter, base) in ERAS {
        let rest = text.strip_prefix(name).or_else(|| text.strip_prefix([letter, letter.to_ascii_lowercase()]));
        if let Some(rest) = rest {
            return (Some(base), rest.trim_start());
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn every_era_has_its_base() {
        // 1867 for Meiji: one public table has 1967.
        for (text, expected) in [
            ("1450730", date(1912, 7, 30)),
            ("2151225", date(1926, 12, 25)),
            ("3640107", date(1989, 1, 7)),
            ("4310430", date(2019, 4, 30)),
            ("5010501", date(2019, 5, 1)),
            ("19911121", date(1991, 11, 21)),
            ("4310501", date(2019, 5, 1)),
        ] {
            assert_eq!(day(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn refused() {
        for bad in [
            "99991231",
            "30000101",
            "18671231",
            "09990101",
            "",
            "6010101",
            "5000101",
            "20250230",
            "2025",
            "202501011",
            "5 70101",
            "+0250101",
            "00000101",
        ] {
            assert_eq!(day(bad), None, "{bad}");
        }
        for bad in ["50713", "202500", "0", "60101", "2025-1"] {
            assert_eq!(month(bad), None, "{bad}");
        }
        for bad in [
            "",
            "R",
            "R7",
            "令和7年",
            "7.1.5",
            "25/1/5",
            "R100.1.1",
            "2025/1/5/6",
            "2025//5",
            "令和年1月1日",
            "2025-1-005",
        ] {
            assert_eq!(written_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn written() {
        assert_eq!(written_date("令和元年5月1日"), Some(date(2019, 5, 1)));
        assert_eq!(written_date("s55/4/1"), Some(date(1980, 4, 1)));
        assert_eq!(written_date("Ｈ３．４．５"), Some(date(1991, 4, 5)));
        assert_eq!(written_date("2025年1月5日"), Some(date(2025, 1, 5)));
    }

    proptest! {
        #[test]
        fn western_dates_read_back(year in 1868i16..=2999, month in 1i8..=12, d in 1i8..=28) {
            let expected = date(year, month, d);
            prop_assert_eq!(day(&format!("{year:04}{month:02}{d:02}")), Some(expected));
            prop_assert_eq!(written_date(&expected.to_string()), Some(expected));
            prop_assert_eq!(written_date(&format!("{year}年{month}月{d}日")), Some(expected));
        }

        #[test]
        fn nothing_panics(text in "\\PC*") {
            let _ = (day(&text), month(&text), written_date(&text));
        }
    }
}
