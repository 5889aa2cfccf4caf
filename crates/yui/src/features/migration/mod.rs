//! Moving over from an older system: its users come in by a file, those who joined since get a posted pair, and all of
//! them go through enrolment. docs/migration.md is for the staff who do it.
//!
//! Three groups, told apart by the account's origin: `was_active` had logged in, `was_idle` was enrolled and never did,
//! `new` came later. Until enrolment an account has one first way in: a posted pair, a mailed link, or (weak, on wish) a
//! password of symbol, number and birth date.

mod announcements;
mod file_kind;
mod kind;
mod numbers;
mod older_users;
mod progress;
mod queries;
mod withdraw;

pub use announcements::{Announced, AnnouncementRefusal, GUARDED_ANNOUNCEMENTS, announce, take_back};
pub use file_kind::import;
pub use kind::OlderUserFiles;
pub use older_users::{FirstLogin, Plan};
pub use progress::{MigrationGroup, progress};
use tokio::sync::watch;

use super::orders;
use crate::core::{app::App, routes::Routes};

/// The pages of this part.
pub(crate) fn routes(routes: Routes) -> Routes {
    announcements::routes(routes)
}

/// Writes announcements when they are ordered, until it is told to stop.
pub(crate) async fn work(app: App, stop: watch::Receiver<bool>) {
    orders::run::<announcements::LeasedAnnouncement>(app.clone(), stop, &app.announcements).await;
}

/// Writes the announcements that were ordered, or takes them back; returns how many orders are done.
///
/// # Errors
/// Where the database does not answer.
pub async fn announce_due(app: &App) -> anyhow::Result<usize> {
    orders::work_due::<announcements::LeasedAnnouncement>(app).await
}
