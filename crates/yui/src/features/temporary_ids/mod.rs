//! Temporary IDs: an account that waits for enrolment gets a user ID and a password by post. Staff order a run of them in the
//! console, and print its postcards or hand its list to a printer.

mod issue;
mod queries;
mod runs;

pub use issue::{Recipients, issue, make, pair_reissue};
pub(crate) use queries::pair_drop;
pub use runs::forget_old;
pub(crate) use runs::postcard_sheet;

use tokio::sync::watch;

use super::orders;
use crate::core::{app::App, routes::Routes};

/// The pages of this feature.
pub(crate) fn routes(routes: Routes) -> Routes {
    runs::routes(routes)
}

/// Makes the temporary IDs of runs when they are ordered, until it is told to stop.
pub(crate) async fn work(app: App, stop: watch::Receiver<bool>) {
    orders::run::<runs::LeasedRun>(app.clone(), stop, &app.pairs).await;
}

/// Makes the temporary IDs of all runs that were ordered; returns how many runs are ready.
///
/// # Errors
/// Where the database does not answer.
pub async fn make_due(app: &App) -> anyhow::Result<usize> {
    orders::work_due::<runs::LeasedRun>(app).await
}
