//! An upload: a file from its arrival until it is a batch.

use jiff::Timestamp;
use yui_db::Tx;

use super::{
    Kind, acting, acts, format::Format, job::Answers, part::Part, preview::Preview, queries, used_profile::UsedProfile,
};
use crate::core::{
    app::App,
    audit::{self, AuditAction},
    files::Stored,
    scope::SystemScope,
    society::ids_take,
};

/// The state of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// A worker checks it.
    Checking,
    /// It waits for a decision of staff.
    Checked,
    /// The file as a whole cannot be used.
    Unreadable,
    /// A worker imports it.
    Applying,
    /// It is a batch.
    Applied,
    /// There were mistakes, and all or nothing was asked for.
    Refused,
    /// The work failed again and again.
    Stopped,
    /// Staff discarded it, or its batch was withdrawn.
    Dropped,
}

impl UploadState {
    const ALL: [Self; 8] = [
        Self::Checking,
        Self::Checked,
        Self::Unreadable,
        Self::Applying,
        Self::Applied,
        Self::Refused,
        Self::Stopped,
        Self::Dropped,
    ];

    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Unreadable => "unreadable",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
            Self::Dropped => "dropped",
        }
    }

    /// Returns the words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Checking => "確認中",
            Self::Checked => "確認済み（取込前）",
            Self::Unreadable => "読み取れないファイル",
            Self::Applying => "取込中",
            Self::Applied => "取込済み",
            Self::Refused => "取り込まず（誤りあり）",
            Self::Stopped => "停止",
            Self::Dropped => "取りやめ",
        }
    }

    /// Returns the state for the database's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Returns whether it waits for a worker.
    pub fn is_work(self) -> bool {
        matches!(self, Self::Checking | Self::Applying)
    }
}

/// An upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its number within the society.
    pub upload_id: i64,
    /// The kind of file.
    pub kind: Kind,
    /// Its form.
    pub format: Format,
    /// Its original name.
    pub file_name: String,
    /// Its name in the folder of files.
    pub(super) stored_name: String,
    /// Its bytes.
    pub size: i64,
    /// SHA-256 of them.
    pub content_hash: [u8; 32],
    /// The parts that came as this file; none if it is one file.
    pub(super) parts: Vec<Part>,
    /// The profile for reading it if it has no header of ours.
    pub profile: Option<UsedProfile>,
    /// The answers beside the file.
    pub answers: Answers,
    /// Whether it is imported as a whole or not at all.
    pub all_or_nothing: bool,
    /// Its state.
    pub state: UploadState,
    /// Bytes of it that the work under way has read.
    pub bytes_done: i64,
    /// Records that the work under way has processed.
    pub records_done: i64,
    /// The number of times that a worker took it.
    pub(super) tries: i32,
    /// The number of those since staff last looked into it.
    pub(super) failures: i32,
    /// The result of the check.
    pub(super) preview: Option<Preview>,
    /// The name of the list of mistakes in the folder of files.
    pub(super) faults_name: Option<String>,
    /// The name of the list of changes there.
    pub(super) changes_name: Option<String>,
    /// The reason why the work stopped.
    pub trouble: Option<String>,
    /// The batch that it became.
    pub batch_id: Option<i64>,
    /// The time and author of the upload.
    pub uploaded: (Timestamp, String),
    /// The time and author of the order to import it.
    pub applied: Option<(Timestamp, String)>,
    /// The actor in whose name the work is done.
    pub(super) acting: String,
}

/// A file that came in.
#[derive(Debug)]
pub struct NewUpload {
    /// The kind of file.
    pub kind: Kind,
    /// Its original name.
    pub file_name: String,
    /// The stored file.
    pub stored: Stored,
    /// The parts that came as this file; none if it is one file.
    pub parts: Vec<Part>,
    /// The profile for reading them if they have no header of ours.
    pub profile: Option<UsedProfile>,
    /// The answers beside the file.
    pub answers: Answers,
    /// Whether it is imported as a whole or not at all.
    pub all_or_nothing: bool,
}

impl NewUpload {
    /// Returns its form: of several files, that of the first.
    pub(super) fn format(&self) -> Format {
        self.parts.first().map_or_else(|| Format::told_by(&self.stored.head), |part| part.format)
    }
}

/// Inserts an upload, which a worker checks; returns its number. If it cannot be inserted, its file is removed.
///
/// # Errors
/// Where the database does not answer.
pub async fn upload(app: &App, scope: &SystemScope, new: NewUpload) -> anyhow::Result<i64> {
    let (tx, upload_id) = match inserted(app, scope, &new).await {
        Ok(inserted) => inserted,
        Err(error) => {
            app.files.remove(scope, &new.stored.name)?;
            return Err(error);
        }
    };
    // Where nobody knows whether the commit was heard, the file stays: if no row names it, it is tidied up one day.
    tx.commit().await?;
    app.imports.wake();
    Ok(upload_id)
}

async fn inserted(app: &App, scope: &SystemScope, new: &NewUpload) -> anyhow::Result<(Tx, i64)> {
    let mut tx = app.db.begin().await?;
    let upload_id = ids_take(&mut tx, scope, "upload", 1).await?;
    queries::upload_insert(&mut tx, scope, upload_id, new, &acting::kept(scope), app.clock.now()).await?;
    let (subject, detail) = (acts::upload(upload_id, &new.file_name), new.kind.label());
    audit::record(app, &mut tx, scope, acts::UPLOADED, Some(&subject), detail).await?;
    Ok((tx, upload_id))
}

/// Orders the import of a checked upload, with the answers about its rows; returns false if it does not wait for that.
///
/// # Errors
/// Where the database does not answer.
pub async fn apply_upload(
    app: &App,
    scope: &SystemScope,
    upload_id: i64,
    all_or_nothing: bool,
    answers: &Answers,
) -> anyhow::Result<bool> {
    let before = queries::upload(&app.db, scope, upload_id).await?.map(|upload| upload.answers).unwrap_or_default();
    let said = in_words(answers);
    let answers: Answers = before.into_iter().chain(answers.clone()).collect();
    let mut tx = app.db.begin().await?;
    let (kept, now) = (acting::kept(scope), app.clock.now());
    let asked = queries::upload_apply(&mut tx, scope, upload_id, (all_or_nothing, &answers), &kept, now).await?;
    if asked {
        let how = if all_or_nothing { "誤りが1件でもあれば取り込まない" } else { "" };
        let how: Vec<_> = [how, &said].into_iter().filter(|words| !words.is_empty()).collect();
        record(app, &mut tx, scope, acts::APPLIED, upload_id, &how.join("、")).await?;
    }
    tx.commit().await?;
    app.imports.wake();
    Ok(asked)
}

/// Returns the numbers of rows for each answer, for the audit log.
fn in_words(answers: &Answers) -> String {
    let rows = || answers.iter().filter(|(name, _)| name.starts_with("same-"));
    let other = rows().filter(|(_, answer)| *answer == "other").count();
    let same = rows().count() - other;
    if same + other == 0 { String::new() } else { format!("同じ人{same}行、別の人{other}行") }
}

/// Resumes a stopped upload; returns false if it is not stopped.
///
/// # Errors
/// Where the database does not answer.
pub async fn resume_upload(app: &App, scope: &SystemScope, upload_id: i64) -> anyhow::Result<bool> {
    let mut tx = app.db.begin().await?;
    let resumed = queries::upload_resume(&mut tx, scope, upload_id, &acting::kept(scope)).await?;
    if resumed {
        record(app, &mut tx, scope, acts::RESUMED, upload_id, "").await?;
    }
    tx.commit().await?;
    app.imports.wake();
    Ok(resumed)
}

/// Discards an upload of which nothing is imported yet, and removes its file; returns false if it is a batch already.
///
/// # Errors
/// Where the database or the folder of files fails.
pub async fn drop_upload(app: &App, scope: &SystemScope, upload_id: i64) -> anyhow::Result<bool> {
    let mut tx = app.db.begin().await?;
    let dropped = queries::upload_drop(&mut tx, scope, upload_id).await?;
    if dropped {
        record(app, &mut tx, scope, acts::DROPPED, upload_id, "").await?;
    }
    tx.commit().await?;
    if dropped && let Some(upload) = queries::upload(&app.db, scope, upload_id).await? {
        files_remove(app, scope, &upload).await?;
    }
    Ok(dropped)
}

async fn record(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    act: AuditAction,
    upload_id: i64,
    detail: &str,
) -> anyhow::Result<()> {
    let name = queries::upload(&app.db, scope, upload_id).await?.map(|upload| upload.file_name).unwrap_or_default();
    audit::record(app, tx, scope, act, Some(&acts::upload(upload_id, &name)), detail).await
}

/// Removes an upload's files from the folder of files.
pub(super) async fn files_remove(app: &App, scope: &SystemScope, upload: &Upload) -> anyhow::Result<()> {
    let (files, scope) = (app.files.clone(), scope.clone());
    let lists = upload.faults_name.iter().chain(&upload.changes_name);
    let names: Vec<_> = lists.chain([&upload.stored_name]).cloned().collect();
    tokio::task::spawn_blocking(move || names.iter().try_for_each(|name| files.remove(&scope, name))).await??;
    Ok(())
}
