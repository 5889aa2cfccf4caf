//! Which years can be filed.

use jiff::civil::Date;

/// Of how many years before the present one a tax return can still claim a refund.
pub(crate) const YEARS_BEFORE: i16 = 5;

/// Returns the years that can be chosen, newest first, whatever the pages of expenses show: the present one, and those of which a refund
/// can still be claimed.
pub(crate) fn years(today: Date) -> Vec<i16> {
    (today.year() - YEARS_BEFORE..=today.year()).rev().collect()
}
