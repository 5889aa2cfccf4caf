//! Moving over from an older system: its users come in by a file, those who joined since get a posted pair, and all of
//! them go through enrolment. docs/migration.md is for the staff who do it.
//!
//! Three groups, told apart by the account's origin: `was_active` had logged in, `was_idle` was enrolled and never did,
//! `new` came later. Until enrolment an account has one first way in: a posted pair, a mailed link, or (weak, on wish) a
//! password of symbol, number and birth date.

mod announcements;
mod files;
mod numbers;
mod older_users;
mod orders;
mod progress;
mod queries;
mod runs;
mod temporary_ids;
mod withdraw;

pub(crate) use announcements::order_approved as announce_approved;
pub(super) use announcements::take_back_of;
pub use announcements::{Announced, AnnouncementRefusal, announce, take_back};
use anyhow::Context;
pub use files::{OlderUserFiles, import};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp, civil::Date};
pub use older_users::{FirstLogin, Plan};
pub use progress::{MigrationGroup, progress};
pub use runs::forget_old;
pub(crate) use runs::postcard_sheet;
pub(super) use temporary_ids::reissue;
pub use temporary_ids::{Whom, issue, make};
use yui_auth::password::Password;

use crate::core::{app::App, clock::japan, routes::Routes};

/// The pages of this part.
pub(super) fn routes(routes: Routes) -> Routes {
    announcements::routes(runs::routes(routes))
}

/// Writes the announcements that were ordered, or takes them back; returns how many orders are done.
///
/// # Errors
/// Where the database does not answer.
pub async fn announce_due(app: &App) -> anyhow::Result<usize> {
    orders::work_due::<announcements::LeasedAnnouncement>(app).await
}

/// Makes the pairs of all runs that were ordered; returns how many runs are ready.
///
/// # Errors
/// Where the database does not answer.
pub async fn make_pairs_due(app: &App) -> anyhow::Result<usize> {
    orders::work_due::<runs::LeasedRun>(app).await
}

/// What stands for the hash of an account that has no password. It is no hash, so nothing matches it, and a try costs one
/// hash all the same ([`yui_auth::password::Hasher::verify`]).
const NO_PASSWORD: &str = "-";

/// How many passwords are handed to the hasher at once.
const HASHED_AT_ONCE: usize = 16;

/// Returns the hashes of these passwords, in order, on as many cores as the hasher takes.
async fn hashed(app: &App, passwords: &[Password]) -> anyhow::Result<Vec<String>> {
    let mut hashes = Vec::with_capacity(passwords.len());
    for some in passwords.chunks(HASHED_AT_ONCE) {
        let one = async |password: &Password| {
            anyhow::Ok(app.hasher.hash_patiently(password.clone(), app.random.bytes()?).await?)
        };
        for hash in join_all(some.iter().map(one)).await {
            hashes.push(hash?);
        }
    }
    Ok(hashes)
}

/// Returns the end of this day in Japan, the first instant after it.
fn end_of(day: Date) -> anyhow::Result<Timestamp> {
    Ok(day.tomorrow()?.to_zoned(japan()).context("a day in Japan")?.timestamp())
}

/// Returns the last whole day before this instant in Japan.
fn last_day(ends_at: Timestamp) -> Date {
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
