//! Dates as claims and offices write them: Japanese eras and the western calendar.
//!
//! Claims write months and dates without separators, era and western by the specification's year (西暦 since the
//! 2020 edition); the length tells them apart: 5 and 7 digits have an era digit in front, 6 and 8 are western.
//! An era year beyond the era's end (昭和70年, 平成31年5月) is read as the western year it stands for, because claims
//! hold such dates; what people write with the name of an era must lie in it.

use crate::month::TreatmentMonth;
use crate::text::fold;
use jiff::civil::{Date, date};

/// Returns the western year before the first year of the era, by its claim digit: 1 明治 … 5 令和.
fn base_of_digit(digit: u8) -> Option<i16> {
    ERAS.iter().find(|era| era.digit == digit).map(|era| era.base)
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
    if !YEARS.contains(&year) {
        return None;
    }
    Date::new(year, one_or_two(month)?, one_or_two(day)?).ok()
}

fn one_or_two<T: std::str::FromStr>(text: &str) -> Option<T> {
    (matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Returns the date of a written form that people and spreadsheets use.
///
/// `20250105`, `2025-01-05`, `2025/1/5`, `2025.1.5`, `2025年1月5日`, `R7.1.5`, `R070105`, `令7.1.5`, `令和7年1月5日`,
/// `令和元年5月1日`, `5070105`, each with midnight behind it; full-width characters are folded and spaces left out first. A date
/// with the name of an era must lie in it; seven digits, as programs write them, may lie beyond its end.
///
/// ```
/// use jiff::civil::date;
/// use kenpo_formats::era;
///
/// for form in ["R7.1.5", "令和7年 1月5日", "20250105", "2025-01-05", "2025/1/5 0:00", "５０７０１０５"] {
///     assert_eq!(era::written_date(form), Some(date(2025, 1, 5)));
/// }
/// assert_eq!(era::written_date("2025-02-29"), None);
/// assert_eq!(era::written_date("昭和64年1月8日"), None);
/// ```
pub fn written_date(text: &str) -> Option<Date> {
    let text = tidy(text);
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return day(&text);
    }
    let (era, rest) = written_era(&text);
    let date = match era {
        Some(era) if rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_digit()) => {
            let (year, rest) = rest.split_at_checked(2)?;
            let (month, day) = rest.split_at_checked(2)?;
            checked(era_year(era.base, year)?, month, day)?
        }
        _ => {
            let mut parts = parts(rest);
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            if parts.next().is_some() {
                return None;
            }
            checked(written_year(era, year)?, month, day)?
        }
    };
    era.is_none_or(|era| era.contains(date)).then_some(date)
}

/// Returns the month of a written form that people and spreadsheets use: those of [`written_date`] without a day, and with one.
///
/// ```
/// use kenpo_formats::{TreatmentMonth, era};
///
/// for form in ["2025-04", "202504", "2025.4", "2025年4月", "R7.4", "令和7年4月", "50704", "2025/4/1"] {
///     assert_eq!(era::written_month(form), TreatmentMonth::new(2025, 4), "{form}");
/// }
/// ```
pub fn written_month(text: &str) -> Option<TreatmentMonth> {
    if let Some(date) = written_date(text) {
        return Some(TreatmentMonth::of(date));
    }
    let text = tidy(text);
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let era = ERAS.iter().find(|era| text.len() == 5 && text.starts_with(char::from(era.digit)));
        return month(&text).filter(|month| era.is_none_or(|era| era.meets(*month)));
    }
    let (era, rest) = written_era(&text);
    let mut parts = parts(rest);
    let (year, month) = (parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let month = TreatmentMonth::new(written_year(era, year)?, one_or_two(month)?)?;
    era.is_none_or(|era| era.meets(month)).then_some(month)
}

/// Whether the text has a year, a month and a day, possible or not.
pub(crate) fn looks_like_date(text: &str) -> bool {
    let text = tidy(text);
    let (era, rest) = written_era(&text);
    let parts: Vec<_> = parts(rest).collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day]
        if (era.is_some() || year.len() == 4) && (digits(year) || *year == "元") && digits(month) && digits(day))
        || (text.len() == 8 && digits(&text.as_str()))
}

/// Returns the text in half width without spaces and without a time of midnight.
fn tidy(text: &str) -> String {
    let folded = fold(text);
    if !folded.contains(|character: char| character.is_whitespace() || character == 'T') {
        return folded;
    }
    let folded = folded.trim();
    let date = match folded.rsplit_once([' ', 'T']) {
        Some((date, time)) if is_midnight(time) => date,
        _ => folded,
    };
    date.chars().filter(|character| !character.is_whitespace()).collect()
}

fn is_midnight(time: &str) -> bool {
    let mut parts = time.split(':');
    let hour = parts.next().is_some_and(|hour| matches!(hour, "0" | "00"));
    let rest: Vec<_> = parts.collect();
    hour && matches!(rest.len(), 1 | 2)
        && rest.iter().all(|part| part.starts_with("00") && part.bytes().all(|b| matches!(b, b'0' | b'.')))
}

/// Returns year, month and day of a date without its era.
fn parts(rest: &str) -> impl Iterator<Item = &str> {
    rest.strip_suffix(['日', '月']).unwrap_or(rest).split(['-', '/', '.', '年', '月'])
}

fn written_year(era: Option<&Era>, year: &str) -> Option<i16> {
    match era {
        Some(era) => era_year(era.base, year),
        None => (year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit())).then(|| year.parse().ok())?,
    }
}

/// A Japanese era.
struct Era {
    name: &'static str,
    letter: char,
    /// Its digit in claims.
    digit: u8,
    /// The western year before its first.
    base: i16,
    first: Date,
    last: Date,
}

impl Era {
    const fn new(name: &'static str, letter: char, digit: u8, base: i16, first: Date, last: Date) -> Self {
        Self { name, letter, digit, base, first, last }
    }

    fn contains(&self, date: Date) -> bool {
        (self.first..=self.last).contains(&date)
    }

    /// Whether some day of the month lies in the era.
    fn meets(&self, month: TreatmentMonth) -> bool {
        month.last_day() >= self.first && month.first_day() <= self.last
    }
}

const ERAS: [Era; 5] = [
    Era::new("明治", 'M', b'1', 1867, date(1868, 1, 1), date(1912, 7, 30)),
    Era::new("大正", 'T', b'2', 1911, date(1912, 7, 30), date(1926, 12, 25)),
    Era::new("昭和", 'S', b'3', 1925, date(1926, 12, 25), date(1989, 1, 7)),
    Era::new("平成", 'H', b'4', 1988, date(1989, 1, 8), date(2019, 4, 30)),
    Era::new("令和", 'R', b'5', 2018, date(2019, 5, 1), date(2999, 12, 31)),
];

/// Takes the name, its first character or the letter of an era off the front.
fn written_era(text: &str) -> (Option<&'static Era>, &str) {
    for era in &ERAS {
        let rest = text
            .strip_prefix(era.name)
            .or_else(|| text.strip_prefix(|c: char| era.name.starts_with(c)))
            .or_else(|| text.strip_prefix([era.letter, era.letter.to_ascii_lowercase()]));
        if let Some(rest) = rest {
            return (Some(era), rest.strip_prefix('.').unwrap_or(rest));
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;
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
            "昭和64年1月8日",
            "平成31年5月1日",
            "令和元年4月30日",
            "S640108",
            "2025/1/5 9:30",
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
        for form in
            ["S540822", "昭和54年 8月22日", "昭54.8.22", "S.54.8.22", "1979/8/22 0:00:00", "1979-08-22T00:00:00.000"]
        {
            assert_eq!(written_date(form), Some(date(1979, 8, 22)), "{form}");
        }
        assert_eq!(written_date("昭和64年1月7日"), Some(date(1989, 1, 7)));
        assert_eq!(written_month("平成31年4月"), TreatmentMonth::new(2019, 4));
        assert_eq!(written_month("平成31年5月"), None);
        assert_eq!(written_month("45748"), None);
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
            let _ = (day(&text), month(&text), written_date(&text), written_month(&text), looks_like_date(&text));
        }
    }
}
