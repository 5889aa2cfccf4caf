//! Files that come in: one batch each, read in chunks, every chunk one transaction together with how far the file is
//! done. So a stopped import goes on where it was, and the same file twice changes nothing. What the records mean is
//! the feature's business ([`FileKind`], [`Importer`]); the command line calls [`run`], and what staff upload in the
//! console is checked and imported by workers ([`work_due`]).

mod acting;
mod acts;
mod approved;
mod arrival;
mod asked;
mod batch;
mod check;
mod compare;
mod console;
mod counts;
mod entry;
mod fault;
mod file_type;
mod format;
mod importer;
mod job;
mod jobs;
mod kind;
mod late;
mod members;
mod newest;
mod news;
mod open;
mod pace;
mod part;
mod parts;
mod preview;
mod profiles;
mod publish;
mod queries;
mod read;
mod refusal;
mod report;
mod run;
mod source;
mod tidy;
mod totals;
mod upload;
mod used_profile;
mod watch;
mod withdraw;
mod work;

pub use approved::{GUARDED_PUBLICATION, GUARDED_WITHDRAWAL};
pub use arrival::Through;
pub(crate) use asked::{QuestionCard, valid_answer};
pub(crate) use batch::HISTORY;
pub use batch::{Batch, BatchState};
pub(crate) use check::confirmations;
pub(crate) use compare::FULL_FILE;
pub use console::routes;
pub use entry::{Candidate, Change, Entry, Facts, HandChange, RowQuestion};
pub use fault::{ChunkFault, FaultKind};
pub use format::Format;
pub use importer::{Applied, Importer};
pub use job::{Answers, Job, Options};
pub use jobs::{run as work, work_due};
pub(crate) use kind::YES;
pub use kind::{Choices, FileKind, Kind, Kinds, News, PendingWork, Question, Reader, kind_of, kinds};
pub(crate) use late::{
    HandCounts, LateRows, batch_state, hand_batch, hand_batch_count, hand_batch_open, late_rows, no_longer_unmatched,
    unmatched_again,
};
pub(crate) use members::Members;
pub(crate) use newest::Newest;
pub use part::Part;
pub use profiles::{Profile, fitting, profile_delete, profile_save, profiles};
pub use publish::{Publication, publish, publish_at, publish_through};
pub use read::{Finder, Found, Read, UnreadableFile};
pub use refusal::ImportRefusal;
pub use report::{Outcome, Report};
pub(crate) use run::one_chunk_at_a_time;
pub use run::{Unconfirmed, run};
pub use source::Source;
pub use tidy::tidy;
pub use totals::{FileTotals, MonthRows};
pub use upload::{NewUpload, Upload, UploadState, apply_upload, drop_upload, resume_upload, upload};
pub use used_profile::UsedProfile;
pub use watch::{ReadProgress, Watch};
pub use withdraw::withdraw;

use kenpo_formats::Fault;

use crate::core::{app::App, society::InSociety};

/// Returns all batches of the society, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn batches(app: &App, scope: &impl InSociety) -> Result<Vec<Batch>, yui_db::DbError> {
    queries::batch_list(&app.db, scope).await
}

/// Returns the newest batches of the society, the newest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn newest_batches(app: &App, scope: &impl InSociety, most: i64) -> Result<Vec<Batch>, yui_db::DbError> {
    queries::batch_page(&app.db, scope, i64::MAX, most).await
}

/// Returns the batch of this number.
///
/// # Errors
/// Where the database does not answer.
pub async fn batch_of(app: &App, scope: &impl InSociety, batch_id: i64) -> Result<Option<Batch>, yui_db::DbError> {
    queries::batch(&app.db, scope, batch_id).await
}

/// Returns an upload.
///
/// # Errors
/// Where the database does not answer.
pub async fn upload_of(app: &App, scope: &impl InSociety, upload_id: i64) -> Result<Option<Upload>, yui_db::DbError> {
    queries::upload(&app.db, scope, upload_id).await
}

/// Returns what staff should look at in a batch though it was taken, in the order of the file: the first ten thousand.
///
/// # Errors
/// Where the database does not answer.
pub async fn notices(app: &App, scope: &impl InSociety, batch_id: i64) -> Result<Vec<Fault>, yui_db::DbError> {
    queries::notice_list(&app.db, scope, batch_id, queries::KEPT).await
}

/// Returns what was wrong in a batch, in the order of the file: the first ten thousand faults.
///
/// # Errors
/// Where the database does not answer.
pub async fn faults(app: &App, scope: &impl InSociety, batch_id: i64) -> Result<Vec<Fault>, yui_db::DbError> {
    queries::fault_list(&app.db, scope, batch_id, queries::KEPT).await
}
