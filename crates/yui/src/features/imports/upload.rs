//! A file on its way in and until it is a batch.

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

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// A worker looks through it.
    Checking,
    /// Staff decide.
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
    /// Staff do not want it any more, or its batch was withdrawn.
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

    /// Returns what the database's word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Returns whether a worker has to do something.
    pub fn is_work(self) -> bool {
        matches!(self, Self::Checking | Self::Applying)
    }
}

/// An upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its number within the society.
    pub upload_id: i64,
    /// What it is about.
    pub kind: Kind,
    /// Its form.
    pub format: Format,
    /// Its name where it came from.
    pub file_name: String,
    /// Its name in the folder of files.
    pub(super) stored_name: String,
    /// Its bytes.
    pub size: i64,
    /// SHA-256 of them.
    pub content_hash: [u8; 32],
    /// The files that came as this one; none where it is one file.
    pub(super) parts: Vec<Part>,
    /// The profile by which it is read where it has no header of ours.
    pub profile: Option<UsedProfile>,
    /// What was answered beside it.
    pub answers: Answers,
    /// Whether it is to be taken whole or not at all.
    pub all_or_nothing: bool,
    /// How far it is.
    pub state: UploadState,
    /// Bytes of it that the work under way has read.
    pub bytes_done: i64,
    /// Records that it has done.
    pub records_done: i64,
    /// How often somebody took the work.
    pub(super) tries: i32,
    /// How often that was since anybody looked into it.
    pub(super) failures: i32,
    /// What the check found.
    pub(super) preview: Option<Preview>,
    /// The name of the list of mistakes in the folder of files.
    pub(super) faults_name: Option<String>,
    /// The name of the list of changes there.
    pub(super) changes_name: Option<String>,
    /// Why the work stopped.
    pub trouble: Option<String>,
    /// What it became.
    pub batch_id: Option<i64>,
    /// Who uploaded it, and when.
    pub uploaded: (Timestamp, String),
    /// Who had it applied, and when.
    pub applied: Option<(Timestamp, String)>,
    /// In whose name the work is done.
    pub(super) acting: String,
}

/// A file that came in.
#[derive(Debug)]
pub struct NewUpload {
    /// What it is about.
    pub kind: Kind,
    /// Its name where it came from.
    pub file_name: String,
    /// Where it lies now.
    pub stored: Stored,
    /// The files that came as this one; none where it is one file.
    pub parts: Vec<Part>,
    /// The profile by which they are read where they have no header of ours.
    pub profile: Option<UsedProfile>,
    /// What was answered beside it.
    pub answers: Answers,
    /// Whether it is to be taken whole or not at all.
    pub all_or_nothing: bool,
}

impl NewUpload {
    /// Returns its form: of several files, that of the first.
    pub(super) fn format(&self) -> Format {
        self.parts.first().map_or_else(|| Format::told_by(&self.stored.head), |part| part.format)
    }
}

/// Keeps an upload, which a worker checks; returns its number. Where it cannot be kept, its file is removed.
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
    app.imports.ring();
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

/// Has a worker import what was checked, with what was answered about its rows; returns false where it is not waiting for that.
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
    app.imports.ring();
    Ok(asked)
}

/// Returns how many rows were answered in which way, for the audit log.
fn in_words(answers: &Answers) -> String {
    let rows = || answers.iter().filter(|(name, _)| name.starts_with("same-"));
    let other = rows().filter(|(_, answer)| *answer == "other").count();
    let same = rows().count() - other;
    if same + other == 0 { String::new() } else { format!("同じ人{same}行、別の人{other}行") }
}

/// Lets a worker go on with what stopped; returns false where it did not stop.
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
    app.imports.ring();
    Ok(resumed)
}

/// Does without an upload of which nothing is imported yet, and removes its file; returns false where it is a batch already.
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

/// Removes what the folder of files has of an upload.
pub(super) async fn files_remove(app: &App, scope: &SystemScope, upload: &Upload) -> anyhow::Result<()> {
    let (files, scope) = (app.files.clone(), scope.clone());
    let lists = upload.faults_name.iter().chain(&upload.changes_name);
    let names: Vec<_> = lists.chain([&upload.stored_name]).cloned().collect();
    tokio::task::spawn_blocking(move || names.iter().try_for_each(|name| files.remove(&scope, name))).await??;
    Ok(())
}
