//! Japan's holidays, and the days on which offices are closed.
//!
//! Source: 国民の祝日に関する法律 (1948 law 178), as in force since 2007, with the laws that moved days in 2019, 2020 and 2021; 行政機関の
//! 休日に関する法律 (1988 law 91), which societies follow. The days of the equinoxes are announced by the Cabinet each February for the
//! year after; here they are calculated by the approximation of 新こよみ便利帳 (暦計算研究会, 1991), which holds for 1980 to 2099. A day
//! that a later law adds or moves is not known here.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};

/// The years whose holidays are known: from the law's present article 3 to the end of the equinoxes' formula.
pub const YEARS: RangeInclusive<i16> = 2007..=2099;

/// Returns the holiday's name, `None` for any other day and for every day outside [`YEARS`].
///
/// ```
/// use jiff::civil::date;
/// use kenpo_formats::holidays::holiday;
///
/// assert_eq!(holiday(date(2026, 9, 21)), Some("敬老の日"));
/// assert_eq!(holiday(date(2026, 9, 22)), Some("国民の休日"));
/// assert_eq!(holiday(date(2026, 9, 24)), None);
/// ```
pub fn holiday(day: Date) -> Option<&'static str> {
    if !YEARS.contains(&day.year()) {
        return None;
    }
    named(day).or_else(|| substitute(day)).or_else(|| between(day))
}

/// Returns whether offices work: no Saturday, no Sunday, no holiday, and none of 29 December to 3 January.
pub fn is_business_day(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let new_year = matches!((day.month(), day.day()), (12, 29..) | (1, ..=3));
    !(weekend || new_year || holiday(day).is_some())
}

/// Returns the day itself where offices work on it, else the last day before it on which they do.
///
/// ```
/// use jiff::civil::date;
/// use kenpo_formats::holidays::business_day_on_or_before;
///
/// assert_eq!(business_day_on_or_before(date(2026, 9, 23)), date(2026, 9, 18));
/// ```
pub fn business_day_on_or_before(day: Date) -> Date {
    let days = std::iter::successors(Some(day), |day| day.yesterday().ok());
    days.into_iter().find(|day| is_business_day(*day)).unwrap_or(day)
}

/// Article 2: the days that the law names (国民の祝日).
fn named(day: Date) -> Option<&'static str> {
    let (year, month, number) = (day.year(), day.month(), day.day());
    let nth_monday = |nth| day.weekday() == Weekday::Monday && (number - 1) / 7 + 1 == nth;
    if let Some(moved) = moved(day) {
        return moved;
    }
    Some(match (month, number) {
        (1, 1) => "元日",
        (1, _) if nth_monday(2) => "成人の日",
        (2, 11) => "建国記念の日",
        (2, 23) if year >= 2020 => "天皇誕生日",
        (3, _) if number == equinox(year, 20.8431) => "春分の日",
        (4, 29) => "昭和の日",
        (5, 3) => "憲法記念日",
        (5, 4) => "みどりの日",
        (5, 5) => "こどもの日",
        (7, _) if nth_monday(3) => "海の日",
        (8, 11) if year >= 2016 => "山の日",
        (9, _) if nth_monday(3) => "敬老の日",
        (9, _) if number == equinox(year, 23.2488) => "秋分の日",
        (10, _) if nth_monday(2) => {
            if year >= 2020 {
                "スポーツの日"
            } else {
                "体育の日"
            }
        }
        (11, 3) => "文化の日",
        (11, 23) => "勤労感謝の日",
        (12, 23) if year <= 2018 => "天皇誕生日",
        _ => return None,
    })
}

/// Returns the effect of a law for one year on a day: `Some(None)` if that takes its holiday away.
///
/// 2019: 天皇の即位の日及び即位礼正殿の儀の行われる日を休日とする法律 (2018 law 99), whose days count as named by the law. 2020 and 2021:
/// 令和三年東京オリンピック競技大会・東京パラリンピック競技大会特別措置法 (2015 law 33, amended 2018 and 2020), articles 29 to 32.
fn moved(day: Date) -> Option<Option<&'static str>> {
    let number = day.day();
    Some(match (day.year(), day.month()) {
        (2019, 5) if number == 1 => Some("即位の日"),
        (2019, 10) if number == 22 => Some("即位礼正殿の儀の行われる日"),
        (2020, 7) => {
            [(23, "海の日"), (24, "スポーツの日")].into_iter().find(|(at, _)| *at == number).map(|(_, name)| name)
        }
        (2020, 8) => (number == 10).then_some("山の日"),
        (2021, 7) => {
            [(22, "海の日"), (23, "スポーツの日")].into_iter().find(|(at, _)| *at == number).map(|(_, name)| name)
        }
        (2021, 8) => (number == 8).then_some("山の日"),
        (2020 | 2021, 10) => None,
        _ => return None,
    })
}

/// Article 3-2: where a named day falls on a Sunday, the next day that is none.
fn substitute(day: Date) -> Option<&'static str> {
    let before = std::iter::successors(day.yesterday().ok(), |day| day.yesterday().ok());
    let mut run = before.take_while(|day| named(*day).is_some());
    run.any(|day| day.weekday() == Weekday::Sunday).then_some("振替休日")
}

/// Article 3-3: a day between two named days.
fn between(day: Date) -> Option<&'static str> {
    let is_named = |day: Option<Date>| day.is_some_and(|day| named(day).is_some());
    (is_named(day.yesterday().ok()) && is_named(day.tomorrow().ok())).then_some("国民の休日")
}

/// Returns the day of March or September on which the equinox falls, `base` being its place in 1980.
fn equinox(year: i16, base: f64) -> i8 {
    let years = f64::from(year - 1980);
    #[expect(clippy::cast_possible_truncation, reason = "a day of a month, 20 to 24")]
    let day = (base + 0.242_194 * years - (years / 4.0).floor()).floor() as i8;
    day
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    fn days_of(year: i16) -> impl Iterator<Item = Date> {
        date(year, 1, 1).series(1.day()).take_while(move |day| day.year() == year)
    }

    /// The holidays as `month/day`, by the Cabinet Office's list (国民の祝日・休日).
    const KNOWN: [(i16, &str); 9] = [
        (
            2019,
            "1/1 1/14 2/11 3/21 4/29 4/30 5/1 5/2 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/23 10/14 10/22 11/3 11/4 11/23",
        ),
        (2020, "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/23 7/24 8/10 9/21 9/22 11/3 11/23"),
        (2021, "1/1 1/11 2/11 2/23 3/20 4/29 5/3 5/4 5/5 7/22 7/23 8/8 8/9 9/20 9/23 11/3 11/23"),
        (2022, "1/1 1/10 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/18 8/11 9/19 9/23 10/10 11/3 11/23"),
        (2023, "1/1 1/2 1/9 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/23 10/9 11/3 11/23"),
        (2024, "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 9/23 10/14 11/3 11/4 11/23"),
        (2025, "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24"),
        (2026, "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23"),
        (2027, "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23"),
    ];

    #[test]
    fn nine_years_are_as_the_cabinet_office_lists_them() {
        for (year, expected) in KNOWN {
            let found: Vec<_> = days_of(year)
                .filter(|day| holiday(*day).is_some())
                .map(|day| format!("{}/{}", day.month(), day.day()))
                .collect();
            assert_eq!(found.join(" "), expected, "{year}");
        }
    }

    #[test]
    fn the_days_that_one_year_moved_have_their_names() {
        let names = [
            (date(2019, 4, 30), "国民の休日"),
            (date(2019, 5, 1), "即位の日"),
            (date(2019, 5, 6), "振替休日"),
            (date(2019, 10, 14), "体育の日"),
            (date(2020, 7, 24), "スポーツの日"),
            (date(2020, 2, 24), "振替休日"),
            (date(2021, 8, 9), "振替休日"),
            (date(2018, 12, 23), "天皇誕生日"),
            (date(2009, 9, 22), "国民の休日"),
            (date(2012, 9, 22), "秋分の日"),
        ];
        for (day, name) in names {
            assert_eq!(holiday(day), Some(name), "{day}");
        }
        assert_eq!(holiday(date(2019, 12, 23)), None);
        assert_eq!((holiday(date(2006, 1, 1)), holiday(date(2100, 1, 1))), (None, None));
    }

    #[test]
    fn every_year_has_sixteen_named_days_and_one_of_each_equinox() {
        for year in 2022..=2099 {
            let names: Vec<_> = days_of(year).filter_map(named).collect();
            assert_eq!(names.len(), 16, "{year}: {names:?}");
            for equinox in ["春分の日", "秋分の日"] {
                assert_eq!(names.iter().filter(|name| **name == equinox).count(), 1, "{year}");
            }
        }
    }

    #[test]
    fn offices_are_closed_at_the_turn_of_the_year_and_the_day_before_is_found() {
        assert!(is_business_day(date(2026, 12, 28)) && !is_business_day(date(2026, 12, 29)));
        assert!(!is_business_day(date(2027, 1, 3)) && is_business_day(date(2027, 1, 4)));
        let cases = [
            (date(2027, 1, 3), date(2026, 12, 28)),
            (date(2026, 12, 25), date(2026, 12, 25)),
            (date(2026, 10, 25), date(2026, 10, 23)),
            (date(2019, 5, 6), date(2019, 4, 26)),
        ];
        for (day, before) in cases {
            assert_eq!(business_day_on_or_before(day), before, "{day}");
        }
    }
}
