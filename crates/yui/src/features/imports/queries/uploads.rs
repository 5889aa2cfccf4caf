//! The SQL of uploads.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::imports::{
        ReadProgress, acting,
        format::Format,
        job::Answers,
        kind_of,
        upload::{NewUpload, Upload, UploadState},
        work::ListNames,
    },
};

statements! {
    fn upload_insert(
        society_id: i64,
        upload_id: i64,
        kind: &str,
        format: &str,
        file_name: &str,
        name: &str,
        size: i64,
        content_hash: &[u8],
        answers: &str,
        all_or_nothing: bool,
        uploaded_by: &str,
        now: Timestamp,
        kept: &str,
        parts: &str,
        profile: Option<&str>,
    ) = "
        INSERT INTO import_uploads (society_id, upload_id, kind, format, file_name, stored_name, size, content_hash,
            answers, all_or_nothing, state, bytes_done, records_done, tries, failures, uploaded_by, uploaded_at, acting, parts, layout)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'checking', 0, 0, 0, 0, $11, $12, $13, $14, $15)";
    fn upload(society_id: i64, upload_id: i64) -> UploadRow = "
        SELECT upload_id, kind, format, file_name, stored_name, size, content_hash, answers, parts, layout, all_or_nothing, state,
            bytes_done, records_done, tries, failures, preview, faults_name, changes_name, trouble, batch_id, uploaded_by, uploaded_at,
            applied_by, applied_at, acting
        FROM import_uploads WHERE society_id = $1 AND upload_id = $2";
    fn upload_of_batch(society_id: i64, batch_id: i64) -> UploadRow = "
        SELECT upload_id, kind, format, file_name, stored_name, size, content_hash, answers, parts, layout, all_or_nothing, state,
            bytes_done, records_done, tries, failures, preview, faults_name, changes_name, trouble, batch_id, uploaded_by, uploaded_at,
            applied_by, applied_at, acting
        FROM import_uploads WHERE society_id = $1 AND batch_id = $2
        ORDER BY upload_id DESC LIMIT 1";
    fn uploads_open(society_id: i64, most: i64) -> UploadRow = "
        SELECT upload_id, kind, format, file_name, stored_name, size, content_hash, answers, parts, layout, all_or_nothing, state,
            bytes_done, records_done, tries, failures, preview, faults_name, changes_name, trouble, batch_id, uploaded_by, uploaded_at,
            applied_by, applied_at, acting
        FROM import_uploads WHERE society_id = $1 AND state NOT IN ('applied', 'dropped')
        ORDER BY upload_id DESC LIMIT $2";
    fn uploads_forgotten(society_id: i64, before: Timestamp) -> UploadRow = "
        SELECT upload_id, kind, format, file_name, stored_name, size, content_hash, answers, parts, layout, all_or_nothing, state,
            bytes_done, records_done, tries, failures, preview, faults_name, changes_name, trouble, batch_id, uploaded_by, uploaded_at,
            applied_by, applied_at, acting
        FROM import_uploads
        WHERE society_id = $1 AND stored_name <> ''
            AND (state IN ('applied', 'dropped')
                OR (state IN ('checked', 'unreadable', 'refused', 'stopped') AND uploaded_at < $2))
        ORDER BY upload_id";
    // Over all societies, but over nothing except what waits: the index holds no other.
    fn societies_with_work(now: Timestamp) -> i64 = "
        SELECT DISTINCT society_id FROM import_uploads
        WHERE state IN ('checking', 'applying') AND (taken_until IS NULL OR taken_until <= $1)
        ORDER BY society_id";
    // The condition stands twice: where two workers want one row, PostgreSQL asks the second again after the first is done.
    fn upload_take(society_id: i64, now: Timestamp, until: Timestamp) -> UploadRow = "
        UPDATE import_uploads SET taken_until = $3, tries = tries + 1, failures = failures + 1
        WHERE society_id = $1 AND state IN ('checking', 'applying') AND (taken_until IS NULL OR taken_until <= $2)
            AND upload_id = (
                SELECT MIN(due.upload_id) FROM import_uploads due
                WHERE due.society_id = $1 AND due.state IN ('checking', 'applying')
                    AND (due.taken_until IS NULL OR due.taken_until <= $2))
        RETURNING upload_id, kind, format, file_name, stored_name, size, content_hash, answers, parts, layout, all_or_nothing, state,
            bytes_done, records_done, tries, failures, preview, faults_name, changes_name, trouble, batch_id, uploaded_by, uploaded_at,
            applied_by, applied_at, acting";
    fn upload_hold(society_id: i64, upload_id: i64, tries: i32, state: &str, until: Timestamp) = "
        UPDATE import_uploads SET taken_until = $5
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_progress(
        society_id: i64,
        upload_id: i64,
        tries: i32,
        state: &str,
        bytes: i64,
        records: i64,
        batch_id: Option<i64>,
    ) = "
        UPDATE import_uploads
        SET bytes_done = $5, records_done = $6, batch_id = COALESCE($7, batch_id),
            failures = CASE WHEN $6 > furthest THEN 1 ELSE failures END,
            furthest = CASE WHEN $6 > furthest THEN $6 ELSE furthest END
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_preview(
        society_id: i64,
        upload_id: i64,
        tries: i32,
        state: &str,
        preview: &str,
        faults: Option<&str>,
        changes: Option<&str>,
    ) = "
        UPDATE import_uploads SET preview = $5, faults_name = $6, changes_name = $7
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_settle(
        society_id: i64,
        upload_id: i64,
        tries: i32,
        state: &str,
        to: &str,
        trouble: Option<&str>,
        batch_id: Option<i64>,
    ) = "
        UPDATE import_uploads
        SET state = $5, trouble = $6, batch_id = COALESCE($7, batch_id), taken_until = NULL, failures = 0
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_check_again(society_id: i64, upload_id: i64, tries: i32, state: &str, preview: &str) = "
        UPDATE import_uploads
        SET state = 'checking', preview = $5, applied_by = NULL, applied_at = NULL, bytes_done = 0, records_done = 0,
            furthest = 0, failures = 0, taken_until = NULL, trouble = NULL
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_put_off(
        society_id: i64,
        upload_id: i64,
        tries: i32,
        state: &str,
        until: Timestamp,
        trouble: &str,
    ) = "
        UPDATE import_uploads SET taken_until = $5, trouble = $6
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_put_back(society_id: i64, upload_id: i64, tries: i32, state: &str) = "
        UPDATE import_uploads SET taken_until = NULL, failures = failures - 1
        WHERE society_id = $1 AND upload_id = $2 AND tries = $3 AND state = $4";
    fn upload_apply(
        society_id: i64,
        upload_id: i64,
        all_or_nothing: bool,
        applied_by: &str,
        now: Timestamp,
        kept: &str,
        answers: &str,
    ) = "
        UPDATE import_uploads
        SET state = 'applying', all_or_nothing = $3, applied_by = $4, applied_at = $5, acting = $6, answers = $7,
            bytes_done = 0, records_done = 0, furthest = 0, failures = 0, taken_until = NULL, trouble = NULL
        WHERE society_id = $1 AND upload_id = $2 AND state = 'checked'";
    fn upload_resume(society_id: i64, upload_id: i64, kept: &str) = "
        UPDATE import_uploads
        SET state = CASE WHEN applied_at IS NULL THEN 'checking' ELSE 'applying' END, acting = $3, failures = 0,
            taken_until = NULL, trouble = NULL
        WHERE society_id = $1 AND upload_id = $2 AND state = 'stopped'";
    fn upload_drop(society_id: i64, upload_id: i64) = "
        UPDATE import_uploads SET state = 'dropped', taken_until = NULL
        WHERE society_id = $1 AND upload_id = $2 AND state <> 'applied' AND batch_id IS NULL";
    fn uploads_drop_of(society_id: i64, batch_id: i64) = "
        UPDATE import_uploads SET state = 'dropped', taken_until = NULL
        WHERE society_id = $1 AND batch_id = $2 AND state IN ('applying', 'stopped')";
    fn upload_files_gone(society_id: i64, upload_id: i64) = "
        UPDATE import_uploads
        SET stored_name = '', faults_name = NULL, changes_name = NULL, state = CASE WHEN state = 'applied' THEN state ELSE 'dropped' END
        WHERE society_id = $1 AND upload_id = $2";
    fn file_names(society_id: i64) -> FileNames = "
        SELECT stored_name, faults_name, changes_name FROM import_uploads
        WHERE society_id = $1 AND (stored_name <> '' OR faults_name IS NOT NULL OR changes_name IS NOT NULL)";
}

#[derive(yui_db::Row)]
struct UploadRow {
    upload_id: i64,
    kind: String,
    format: String,
    file_name: String,
    stored_name: String,
    size: i64,
    content_hash: Vec<u8>,
    answers: String,
    parts: String,
    layout: Option<String>,
    all_or_nothing: bool,
    state: String,
    bytes_done: i64,
    records_done: i64,
    tries: i32,
    failures: i32,
    preview: Option<String>,
    faults_name: Option<String>,
    changes_name: Option<String>,
    trouble: Option<String>,
    batch_id: Option<i64>,
    uploaded_by: String,
    uploaded_at: jiff::Timestamp,
    applied_by: Option<String>,
    applied_at: Option<jiff::Timestamp>,
    acting: String,
}

impl UploadRow {
    fn upload(self) -> Option<Upload> {
        Some(Upload {
            upload_id: self.upload_id,
            kind: kind_of(&self.kind)?,
            format: Format::parse(&self.format)?,
            file_name: self.file_name,
            stored_name: self.stored_name,
            size: self.size,
            content_hash: self.content_hash.try_into().ok()?,
            answers: serde_json::from_str(&self.answers).ok()?,
            parts: serde_json::from_str(&self.parts).ok()?,
            profile: self.layout.map(|layout| serde_json::from_str(&layout)).transpose().ok()?,
            all_or_nothing: self.all_or_nothing,
            state: UploadState::parse(&self.state)?,
            bytes_done: self.bytes_done,
            records_done: self.records_done,
            tries: self.tries,
            failures: self.failures,
            preview: self.preview.and_then(|preview| serde_json::from_str(&preview).ok()),
            faults_name: self.faults_name,
            changes_name: self.changes_name,
            trouble: self.trouble,
            batch_id: self.batch_id,
            uploaded: (self.uploaded_at, self.uploaded_by),
            applied: self.applied_at.map(|at| (at, self.applied_by.unwrap_or_default())),
            acting: self.acting,
        })
    }
}

/// Inserts an upload that is to be checked.
pub(in super::super) async fn upload_insert(
    tx: &mut Tx,
    scope: &SystemScope,
    upload_id: i64,
    new: &NewUpload,
    kept: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let profile = new.profile.as_ref().map(|profile| serde_json::json!(profile).to_string());
    tx.execute(Sql::upload_insert(
        scope.society_id(),
        upload_id,
        new.kind.as_str(),
        new.format().as_str(),
        &new.file_name,
        &new.stored.name,
        i64::try_from(new.stored.size).unwrap_or(i64::MAX),
        &new.stored.content_hash,
        &serde_json::json!(new.answers).to_string(),
        new.all_or_nothing,
        acting::name(scope),
        now,
        kept,
        &serde_json::json!(new.parts).to_string(),
        profile.as_deref(),
    ))
    .await
    .map(drop)
}

/// Returns an upload.
pub(in super::super) async fn upload(
    db: &Db,
    scope: &impl InSociety,
    upload_id: i64,
) -> Result<Option<Upload>, DbError> {
    let row: Option<UploadRow> = db.optional(Sql::upload(scope.society_id(), upload_id)).await?;
    Ok(row.and_then(UploadRow::upload))
}

/// Returns the upload that became this batch.
pub(in super::super) async fn upload_of_batch(
    db: &Db,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Option<Upload>, DbError> {
    let row: Option<UploadRow> = db.optional(Sql::upload_of_batch(scope.society_id(), batch_id)).await?;
    Ok(row.and_then(UploadRow::upload))
}

/// Returns the uploads that still need work or a decision, the newest first.
pub(in super::super) async fn uploads_open(db: &Db, scope: &impl InSociety, most: i64) -> Result<Vec<Upload>, DbError> {
    let rows: Vec<UploadRow> = db.all(Sql::uploads_open(scope.society_id(), most)).await?;
    Ok(rows.into_iter().filter_map(UploadRow::upload).collect())
}

/// Returns the uploads whose files are not needed any more: finished ones, and ones from before this time that nobody
/// continued.
pub(in super::super) async fn uploads_forgotten(
    db: &Db,
    scope: &impl InSociety,
    before: Timestamp,
) -> Result<Vec<Upload>, DbError> {
    let rows: Vec<UploadRow> = db.all(Sql::uploads_forgotten(scope.society_id(), before)).await?;
    Ok(rows.into_iter().filter_map(UploadRow::upload).collect())
}

/// Returns the ids of the societies whose uploads are to be worked on. A worker asks before it has a scope.
pub(in super::super) async fn societies_with_work(db: &Db, now: Timestamp) -> Result<Vec<i64>, DbError> {
    db.all(Sql::societies_with_work(now)).await
}

/// Takes the next upload to be worked on.
pub(in super::super) async fn upload_take(
    db: &Db,
    scope: &impl InSociety,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Upload>, DbError> {
    let mut tx = db.begin().await?;
    let row: Option<UploadRow> = tx.optional(Sql::upload_take(scope.society_id(), now, until)).await?;
    tx.commit().await?;
    Ok(row.and_then(UploadRow::upload))
}

/// An upload that a worker holds, with the worker's statements; each returns false if the lease is lost.
pub(in super::super) struct LeasedUpload<'u>(pub(in super::super) &'u Upload);

impl LeasedUpload<'_> {
    /// Extends the lease until this time.
    pub(in super::super) async fn hold(&self, db: &Db, scope: &SystemScope, until: Timestamp) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        Ok(db.execute(Sql::upload_hold(scope.society_id(), *upload_id, *tries, state.as_str(), until)).await? == 1)
    }

    /// Records the progress of the work, and the batch. If no earlier try got as far, this one counts as the first.
    pub(in super::super) async fn progress(
        &self,
        tx: &mut Tx,
        scope: &SystemScope,
        progress: ReadProgress,
        batch_id: Option<i64>,
    ) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        let bytes = i64::try_from(progress.bytes).unwrap_or(i64::MAX);
        Ok(tx
            .execute(Sql::upload_progress(
                scope.society_id(),
                *upload_id,
                *tries,
                state.as_str(),
                bytes,
                progress.records,
                batch_id,
            ))
            .await?
            == 1)
    }

    /// Keeps the result of the check.
    pub(in super::super) async fn preview(
        &self,
        tx: &mut Tx,
        scope: &SystemScope,
        preview: &str,
        names: &ListNames,
    ) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        let (faults, changes) = (names.faults.as_deref(), names.changes.as_deref());
        Ok(tx
            .execute(Sql::upload_preview(
                scope.society_id(),
                *upload_id,
                *tries,
                state.as_str(),
                preview,
                faults,
                changes,
            ))
            .await?
            == 1)
    }

    /// Ends the work in this state.
    pub(in super::super) async fn settle(
        &self,
        tx: &mut Tx,
        scope: &SystemScope,
        to: UploadState,
        trouble: Option<&str>,
        batch_id: Option<i64>,
    ) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        Ok(tx
            .execute(Sql::upload_settle(
                scope.society_id(),
                *upload_id,
                *tries,
                state.as_str(),
                to.as_str(),
                trouble,
                batch_id,
            ))
            .await?
            == 1)
    }

    /// Sends it back to its check, with this preview.
    pub(in super::super) async fn check_again(
        &self,
        tx: &mut Tx,
        scope: &SystemScope,
        preview: &str,
    ) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        Ok(tx.execute(Sql::upload_check_again(scope.society_id(), *upload_id, *tries, state.as_str(), preview)).await?
            == 1)
    }

    /// Postpones it to another try at this time.
    pub(in super::super) async fn put_off(
        &self,
        db: &Db,
        scope: &SystemScope,
        until: Timestamp,
        trouble: &str,
    ) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        Ok(db
            .execute(Sql::upload_put_off(scope.society_id(), *upload_id, *tries, state.as_str(), until, trouble))
            .await?
            == 1)
    }

    /// Releases it, so that another worker can continue at once.
    pub(in super::super) async fn put_back(&self, db: &Db, scope: &SystemScope) -> Result<bool, DbError> {
        let Upload { upload_id, tries, state, .. } = self.0;
        Ok(db.execute(Sql::upload_put_back(scope.society_id(), *upload_id, *tries, state.as_str())).await? == 1)
    }
}

/// Orders the import of a checked upload.
pub(in super::super) async fn upload_apply(
    tx: &mut Tx,
    scope: &SystemScope,
    upload_id: i64,
    (all_or_nothing, answers): (bool, &Answers),
    kept: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let answers = serde_json::json!(answers).to_string();
    Ok(tx
        .execute(Sql::upload_apply(
            scope.society_id(),
            upload_id,
            all_or_nothing,
            acting::name(scope),
            now,
            kept,
            &answers,
        ))
        .await?
        == 1)
}

/// Resumes a stopped upload.
pub(in super::super) async fn upload_resume(
    tx: &mut Tx,
    scope: &SystemScope,
    upload_id: i64,
    kept: &str,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::upload_resume(scope.society_id(), upload_id, kept)).await? == 1)
}

/// Discards an upload.
pub(in super::super) async fn upload_drop(tx: &mut Tx, scope: &SystemScope, upload_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::upload_drop(scope.society_id(), upload_id)).await? == 1)
}

/// Discards the uploads that are becoming this batch.
pub(in super::super) async fn uploads_drop_of(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::uploads_drop_of(scope.society_id(), batch_id)).await.map(drop)
}

/// Notes that the files of an upload are gone.
pub(in super::super) async fn upload_files_gone(db: &Db, scope: &SystemScope, upload_id: i64) -> Result<(), DbError> {
    db.execute(Sql::upload_files_gone(scope.society_id(), upload_id)).await.map(drop)
}

#[derive(yui_db::Row)]
struct FileNames {
    stored_name: String,
    faults_name: Option<String>,
    changes_name: Option<String>,
}

/// Returns the names of all files that uploads have in the folder of files.
pub(in super::super) async fn file_names(db: &Db, scope: &impl InSociety) -> Result<Vec<String>, DbError> {
    let rows: Vec<FileNames> = db.all(Sql::file_names(scope.society_id())).await?;
    let of = |row: FileNames| [row.stored_name].into_iter().chain(row.faults_name).chain(row.changes_name);
    Ok(rows.into_iter().flat_map(of).collect())
}
