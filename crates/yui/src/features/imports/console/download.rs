//! Files for staff: templates, and lists of mistakes and changes.

use std::fs::File;

use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use kenpo_formats::write_faults_csv;

use crate::{
    app::App,
    error::AppError,
    features::{
        audit::{self, Act},
        imports::{Upload, acts, kind_of, queries},
    },
    files::pieces,
    scope::StaffScope,
};

/// Returns the answer. A stream in it must be fused: what compresses it asks once more after its end.
fn csv(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}

/// The empty table of a kind, with a byte order mark for spreadsheets.
pub(super) async fn template(Path(kind): Path<String>) -> Result<Response, AppError> {
    let kind = kind_of(&kind).ok_or(AppError::NotFound)?;
    let text = format!("\u{feff}{}", kind.template());
    Ok(csv(&format!("{}-template.csv", kind.word()), text.into()))
}

/// The mistakes that the check of an upload found.
pub(super) async fn upload_faults(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    upload_list(&app, &staff, id, |upload| &upload.faults_name, acts::FAULTS_TAKEN, "faults").await
}

/// What the check of an upload found that each person's data would become.
pub(super) async fn upload_changes(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    upload_list(&app, &staff, id, |upload| &upload.changes_name, acts::CHANGES_TAKEN, "changes").await
}

/// Returns a list that the check of an upload wrote, and records who took it.
async fn upload_list(
    app: &App,
    staff: &StaffScope,
    id: i64,
    name: fn(&Upload) -> &Option<String>,
    act: Act,
    word: &str,
) -> Result<Response, AppError> {
    let upload = queries::upload(&app.db, staff, id).await?.ok_or(AppError::NotFound)?;
    let path = app.files.path(staff, name(&upload).as_ref().ok_or(AppError::NotFound)?);
    let file = tokio::task::spawn_blocking(move || File::open(path)).await??;
    audit::seen(app, staff, act, Some(&acts::upload(id, &upload.file_name)), "").await?;
    Ok(csv(&format!("upload-{id}-{word}.csv"), Body::from_stream(pieces(file))))
}

/// What was wrong in a batch.
pub(super) async fn batch_faults(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    audit::seen(&app, &staff, acts::FAULTS_TAKEN, Some(&acts::batch(&batch)), "").await?;
    let faults = queries::fault_list(&app.db, &staff, id, queries::KEPT).await?;
    let mut list = Vec::new();
    write_faults_csv(&mut list, faults.iter())?;
    Ok(csv(&format!("import-{id}-faults.csv"), list.into()))
}
