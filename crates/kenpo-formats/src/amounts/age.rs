//! Age as the law counts it.
//!
//! An age is attained at the end of the day before the birthday (Act on the Calculation of Age, 1902). Hence who is born on the
//! 1st attains it in the month before.

use crate::month::TreatmentMonth;
use jiff::civil::Date;

/// The age class that decides the ratio of the insured's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgeClass {
    /// Until the first 31 March on or after the day on which six is attained.
    Preschool,
    /// Between.
    General,
    /// From the month after that in which seventy is attained.
    Elderly,
    /// Seventy-five before the month began: no member of a health insurance society.
    LateElderly,
}

/// Returns the age class in a month of treatment.
///
/// ```
/// use jiff::civil::date;
/// use kenpo_formats::TreatmentMonth;
/// use kenpo_formats::amounts::{AgeClass, age_class};
///
/// let october = TreatmentMonth::new(2025, 10).ok_or("month")?;
/// assert_eq!(age_class(date(1955, 10, 1), october), AgeClass::Elderly);
/// assert_eq!(age_class(date(1955, 10, 2), october), AgeClass::General);
/// assert_eq!(age_class(date(1955, 10, 2), october.next()), AgeClass::Elderly);
/// # Ok::<(), &str>(())
/// ```
pub fn age_class(birth: Date, month: TreatmentMonth) -> AgeClass {
    let first = month.first_day();
    if birthday(birth, 75).is_some_and(|birthday| birthday <= first) {
        AgeClass::LateElderly
    } else if attained(birth, 70).is_some_and(|day| TreatmentMonth::of(day) < month) {
        AgeClass::Elderly
    } else if attained(birth, 6).is_none_or(|day| first <= school_year_end(day)) {
        AgeClass::Preschool
    } else {
        AgeClass::General
    }
}

/// Returns the birthday of an age; of those born on 29 February 1 March in common years.
fn birthday(birth: Date, age: i16) -> Option<Date> {
    let year = birth.year().checked_add(age)?;
    Date::new(year, birth.month(), birth.day()).or_else(|_| Date::new(year, 3, 1)).ok()
}

fn attained(birth: Date, age: i16) -> Option<Date> {
    birthday(birth, age)?.yesterday().ok()
}

/// Returns the first 31 March on or after the day.
fn school_year_end(day: Date) -> Date {
    let this_year = Date::new(day.year(), 3, 31).unwrap_or(day);
    if day <= this_year { this_year } else { Date::new(day.year().saturating_add(1), 3, 31).unwrap_or(Date::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn class(birth: (i16, i8, i8), year: i16, month: u8) -> AgeClass {
        age_class(date(birth.0, birth.1, birth.2), TreatmentMonth::new(year, month).unwrap())
    }

    #[test]
    fn school_begins_in_april() {
        // Born on 1 April attains six on 31 March and goes to school the next day; born on 2 April waits a year.
        assert_eq!(class((2019, 4, 1), 2025, 3), AgeClass::Preschool);
        assert_eq!(class((2019, 4, 1), 2025, 4), AgeClass::General);
        assert_eq!(class((2019, 4, 2), 2025, 4), AgeClass::Preschool);
        assert_eq!(class((2019, 4, 2), 2026, 3), AgeClass::Preschool);
        assert_eq!(class((2019, 4, 2), 2026, 4), AgeClass::General);
        assert_eq!(class((2019, 3, 31), 2025, 4), AgeClass::General);
        assert_eq!(class((2025, 12, 31), 2025, 1), AgeClass::Preschool);
    }

    #[test]
    fn seventy_and_seventy_five() {
        assert_eq!(class((1955, 9, 30), 2025, 9), AgeClass::General);
        assert_eq!(class((1955, 9, 30), 2025, 10), AgeClass::Elderly);
        assert_eq!(class((1956, 2, 29), 2026, 2), AgeClass::General);
        assert_eq!(class((1956, 2, 29), 2026, 3), AgeClass::Elderly);
        assert_eq!(class((1950, 10, 1), 2025, 9), AgeClass::Elderly);
        assert_eq!(class((1950, 10, 1), 2025, 10), AgeClass::LateElderly);
        assert_eq!(class((1950, 10, 2), 2025, 10), AgeClass::Elderly);
        assert_eq!(class((1950, 10, 2), 2025, 11), AgeClass::LateElderly);
    }

    #[test]
    fn far_dates_do_not_panic() {
        for birth in [Date::MIN, Date::MAX, date(9996, 2, 29), date(1, 1, 1)] {
            for number in [190001, 202501, 299912] {
                age_class(birth, TreatmentMonth::from_number(number).unwrap());
            }
        }
    }
}
