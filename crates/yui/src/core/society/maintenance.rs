//! When a society's portal is closed, worked out from its policy's rules. Pure; all hours are Japan's.

use std::iter;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Weekday},
};
use kenpo_formats::holidays::business_day_on_or_before;

use super::policy::MaintenanceRule;
use crate::{core::clock::japan, ui::Lang};

/// A time in which the portal is closed to members; rules that overlap or touch make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub begins: Timestamp,
    /// The first instant after it.
    pub ends: Timestamp,
}

/// Why a rule never closes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The hours are no span of one day.
    #[error("the hours are not a span within 0 to 24")]
    Hours,
    /// No month has such a day.
    #[error("no month has this day: nth is 1 to 5, weekday 1 (Monday) to 7 (Sunday), day 1 to 31")]
    Day,
}

/// How long before it a window is announced to members.
const ANNOUNCED: SignedDuration = SignedDuration::from_hours(72);

/// How many days are looked through for windows: every rule that can come at all comes within them many times.
const DAYS: usize = 5 * 366;

impl MaintenanceRule {
    /// Returns the hours of a day on which it closes the portal: first, and first after.
    fn hours(&self) -> (u8, u8) {
        match *self {
            Self::Weekday { from_hour, to_hour, .. } | Self::DayOfMonth { from_hour, to_hour, .. } => {
                (from_hour, to_hour)
            }
        }
    }

    /// Says whether the rule can ever close the portal.
    ///
    /// # Errors
    /// [`RuleError`], where it cannot.
    pub fn check(&self) -> Result<(), RuleError> {
        let (from, to) = self.hours();
        let day = match *self {
            Self::Weekday { nth, weekday, .. } => (1..=5).contains(&nth) && (1..=7).contains(&weekday),
            Self::DayOfMonth { day, .. } => (1..=31).contains(&day),
        };
        match (from < to && to <= 24, day) {
            (true, true) => Ok(()),
            (false, _) => Err(RuleError::Hours),
            (true, false) => Err(RuleError::Day),
        }
    }

    /// Returns whether the portal is closed on this day.
    fn is_on(&self, day: Date) -> bool {
        if self.check().is_err() {
            return false;
        }
        match *self {
            Self::Weekday { nth, weekday, .. } => {
                let weekday =
                    i8::try_from(weekday).ok().and_then(|number| Weekday::from_monday_one_offset(number).ok());
                let place = i8::try_from(nth).unwrap_or_default();
                weekday.is_some_and(|weekday| day.nth_weekday_of_month(place, weekday).ok() == Some(day))
            }
            // The business day before the 1st lies in the month before.
            Self::DayOfMonth { day: wanted, .. } => {
                let months = [Some(day.first_of_month()), day.last_of_month().tomorrow().ok()];
                months.into_iter().flatten().any(|first| meant(first, wanted) == Some(day))
            }
        }
    }
}

/// Returns the business day that this day of the month means; a month that is too short has its last day.
fn meant(first_of_month: Date, wanted: u8) -> Option<Date> {
    let number = i8::try_from(wanted).ok()?.min(first_of_month.days_in_month());
    Some(business_day_on_or_before(first_of_month.with().day(number).build().ok()?))
}

/// Returns the windows that end after `now`, the earliest first: the first may have begun.
pub fn windows(rules: &[MaintenanceRule], now: Timestamp) -> impl Iterator<Item = Window> {
    let today = now.to_zoned(japan()).date();
    // A window that is going on began at most so many days ago: each further day took a further rule.
    let back = i64::try_from(rules.len()).unwrap_or(i64::MAX).min(31).days();
    let first = today.checked_sub(back).unwrap_or(today);
    let days = if rules.is_empty() { 0 } else { DAYS };
    let spans = first.series(1.day()).take(days).flat_map(|day| spans_of(rules, day));
    joined(spans).filter(move |window| window.ends > now)
}

/// Returns the window that `now` lies in.
pub fn window_at(rules: &[MaintenanceRule], now: Timestamp) -> Option<Window> {
    // Most requests come when the portal is open: they look at one day.
    let here = now.to_zoned(japan());
    let closes = |rule: &&MaintenanceRule| {
        let (from, to) = rule.hours();
        i8::try_from(from).is_ok_and(|from| from <= here.hour()) && i8::try_from(to).is_ok_and(|to| here.hour() < to)
    };
    rules.iter().filter(closes).find(|rule| rule.is_on(here.date()))?;
    windows(rules, now).next().filter(|window| window.begins <= now)
}

/// Returns the next window, where it is near enough to tell members of it.
pub(crate) fn announced(rules: &[MaintenanceRule], now: Timestamp) -> Option<Window> {
    windows(rules, now).next().filter(|window| window.begins > now && window.begins.duration_since(now) <= ANNOUNCED)
}

/// The beginning and end of each rule's hours on this day, in order.
fn spans_of(rules: &[MaintenanceRule], day: Date) -> Vec<(DateTime, DateTime)> {
    let at = |hour: u8| match i8::try_from(hour) {
        Ok(24) => day.tomorrow().ok().map(|day| day.at(0, 0, 0, 0)),
        Ok(hour) => Some(day.at(hour, 0, 0, 0)),
        Err(_) => None,
    };
    let on = rules.iter().filter(|rule| rule.is_on(day)).map(MaintenanceRule::hours);
    let mut spans: Vec<_> = on.filter_map(|(from, to)| Some((at(from)?, at(to)?))).collect();
    spans.sort_unstable();
    spans
}

/// Makes one of spans that overlap or touch; they come in order of their beginnings.
fn joined(spans: impl Iterator<Item = (DateTime, DateTime)>) -> impl Iterator<Item = Window> {
    let mut spans = spans.peekable();
    iter::from_fn(move || {
        let (begins, mut ends) = spans.next()?;
        while let Some((_, later)) = spans.next_if(|(next, _)| *next <= ends) {
            ends = ends.max(later);
        }
        let instant = |time: DateTime| Some(time.to_zoned(japan()).ok()?.timestamp());
        Some(Window { begins: instant(begins)?, ends: instant(ends)? })
    })
}

impl Window {
    /// Returns when it begins and ends in Japan: `11月19日（木）19:00〜22:00`, `Thursday 19 November, 19:00 to 22:00`. Midnight at
    /// the end of a day is `24:00`.
    pub fn words(&self, lang: Lang) -> String {
        let begins = self.begins.to_zoned(japan()).datetime();
        let (day, end) = self.end();
        let until = if day == begins.date() { end } else { format!("{} {end}", day_of(lang, day)) };
        let from = begins.strftime("%H:%M");
        match lang {
            Lang::Ja => format!("{}{from}〜{until}", day_of(lang, begins.date())),
            Lang::En => format!("{}, {from} to {until}", day_of(lang, begins.date())),
        }
    }

    /// Returns when it ends in Japan: `11月19日（木）22:00`, `Thursday 19 November, 22:00`.
    pub(crate) fn until(&self, lang: Lang) -> String {
        let (day, end) = self.end();
        match lang {
            Lang::Ja => format!("{}{end}", day_of(lang, day)),
            Lang::En => format!("{}, {end}", day_of(lang, day)),
        }
    }

    /// Its last day and the time at which it ends on that.
    fn end(&self) -> (Date, String) {
        let ends = self.ends.to_zoned(japan()).datetime();
        match ends.date().yesterday() {
            Ok(yesterday) if ends.hour() == 0 => (yesterday, "24:00".to_owned()),
            _ => (ends.date(), ends.strftime("%H:%M").to_string()),
        }
    }
}

fn day_of(lang: Lang, day: Date) -> String {
    match lang {
        Lang::Ja => {
            let names = ["月", "火", "水", "木", "金", "土", "日"];
            let name = names.get(usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())).copied();
            format!("{}月{}日（{}）", day.month(), day.day(), name.unwrap_or_default())
        }
        Lang::En => day.strftime("%A %-d %B").to_string(),
    }
}

#[cfg(test)]
mod tests;
