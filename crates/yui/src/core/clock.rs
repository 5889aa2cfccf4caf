//! The only source of time.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// The only source of time.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The machine's clock, moved by so many seconds: the demo's and the tests'.
    Movable(AtomicI64),
    /// A clock that stands at this microsecond since 1970 until it is moved: the tests'.
    Still(AtomicI64),
}

impl Clock {
    /// Returns the present instant, to the microsecond: what the database keeps of it is the same.
    pub fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
        let now = Timestamp::now();
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        match self {
            Self::System => now,
            Self::Movable(seconds) => {
                let moved = SignedDuration::from_secs(seconds.load(Ordering::Relaxed));
                now.checked_add(moved).unwrap_or(now)
            }
            Self::Still(at) => Timestamp::from_microsecond(at.load(Ordering::Relaxed)).unwrap_or(now),
        }
    }

    /// Returns today's date in Japan.
    pub fn today(&self) -> Date {
        self.now().to_zoned(japan()).date()
    }

    /// Moves a movable clock; returns false where it is the machine's.
    pub fn advance(&self, seconds: i64) -> bool {
        match self {
            Self::System => false,
            Self::Movable(moved) => {
                moved.fetch_add(seconds, Ordering::Relaxed);
                true
            }
            Self::Still(at) => {
                at.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
                true
            }
        }
    }
}

/// Returns Japan's time zone: UTC+9 all year since 1952.
pub fn japan() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(9))
}

/// Returns the end of this day in Japan, the first instant after it.
pub(crate) fn end_of(day: Date) -> anyhow::Result<Timestamp> {
    Ok(day.tomorrow()?.to_zoned(japan()).context("a day in Japan")?.timestamp())
}

/// Returns the last whole day before this instant in Japan.
pub(crate) fn last_day(ends_at: Timestamp) -> Date {
    ends_at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(ends_at).to_zoned(japan()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_japan() {
        let day = jiff::civil::date(2027, 3, 31);
        let end = end_of(day).unwrap();
        assert_eq!(end.to_string(), "2027-03-31T15:00:00Z");
        assert_eq!(last_day(end), day);
    }
}
