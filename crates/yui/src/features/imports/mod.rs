//! Files that come in: one batch each, read in chunks, every chunk one transaction together with how far the file is
//! done. So a stopped import goes on where it was, and the same file twice changes nothing. What the records mean is
//! the feature's business ([`Importer`]); the console and the command line call the same [`run`].

mod batch;
mod publish;
mod queries;
mod report;
mod run;
mod source;

pub use batch::{Batch, BatchState, Format, Kind};
pub use publish::{publish, withdraw};
pub use report::{Outcome, Report};
pub use run::{Applied, ChunkFault, FaultKind, Importer, Options, Read, run};
pub use source::Source;

use kenpo_formats::Fault;

use crate::{app::App, scope::InSociety};

/// Returns all batches of the society, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn batches(app: &App, scope: &impl InSociety) -> Result<Vec<Batch>, yui_db::DbError> {
    queries::batch_list(&app.db, scope).await
}

/// Returns what was wrong in a batch, in the order of the file.
///
/// # Errors
/// Where the database does not answer.
pub async fn faults(app: &App, scope: &impl InSociety, batch_id: i64) -> Result<Vec<Fault>, yui_db::DbError> {
    queries::fault_list(&app.db, scope, batch_id).await
}
