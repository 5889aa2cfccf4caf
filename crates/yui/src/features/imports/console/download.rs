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
    core::{
        app::App,
        audit::{self, AuditAction},
        error::AppError,
        files::pieces,
        scope::StaffScope,
    },
    features::{
        imports::{Kind, Upload, acts, kind_of, queries},
        societies,
    },
};

/// Returns the answer. A stream in it must be fused: the compression layer polls it once more after its end.
fn csv(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}

/// The empty table of a kind, with a byte order mark for spreadsheets and the society's insurer number.
pub(super) async fn template(
    State(app): State<App>,
    staff: StaffScope,
    Path(kind): Path<String>,
) -> Result<Response, AppError> {
    let kind = kind_of(&kind).ok_or(AppError::NotFound)?;
    let rows = example(kind, societies::insurer_numbers(&app, &staff).await?.first());
    let lines: String = rows.iter().map(|cells| format!("{}\r\n", cells.join(","))).collect();
    Ok(csv(&format!("{}-template.csv", kind.as_str()), format!("\u{feff}{lines}").into()))
}

/// Returns the template of a kind with this insurer number, cell by cell; the header row first.
pub(super) fn example(kind: Kind, insurer_number: Option<&String>) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        kind.template().lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let Some((header, examples)) = rows.split_first_mut() else { return rows };
    let at = header.iter().position(|name| name == "保険者番号");
    for row in examples {
        let cell = at.and_then(|at| row.get_mut(at));
        if let (Some(cell), Some(number)) = (cell, insurer_number) {
            cell.clone_from(number);
        }
    }
    rows
}

/// The list of mistakes that the check of an upload found.
pub(super) async fn upload_faults(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    upload_list(&app, &staff, id, |upload| &upload.faults_name, acts::FAULTS_TAKEN, "faults").await
}

/// The list of changes to each person's data that the check of an upload found.
pub(super) async fn upload_changes(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    upload_list(&app, &staff, id, |upload| &upload.changes_name, acts::CHANGES_TAKEN, "changes").await
}

/// Returns a list that the check of an upload wrote, and records who downloaded it.
async fn upload_list(
    app: &App,
    staff: &StaffScope,
    id: i64,
    name: fn(&Upload) -> &Option<String>,
    act: AuditAction,
    word: &str,
) -> Result<Response, AppError> {
    let upload = queries::upload(&app.db, staff, id).await?.ok_or(AppError::NotFound)?;
    let path = app.files.path(staff, name(&upload).as_ref().ok_or(AppError::NotFound)?);
    let file = tokio::task::spawn_blocking(move || File::open(path)).await??;
    audit::seen(app, staff, act, Some(&acts::upload(id, &upload.file_name)), "").await?;
    Ok(csv(&format!("upload-{id}-{word}.csv"), Body::from_stream(pieces(file))))
}

/// The list of a batch's notices: findings on accepted rows that staff should look at.
pub(super) async fn batch_notices(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    audit::seen(&app, &staff, acts::FAULTS_TAKEN, Some(&acts::batch(&batch)), "確かめたい行").await?;
    let notices = queries::notice_list(&app.db, &staff, id, queries::KEPT).await?;
    let mut list = Vec::new();
    write_faults_csv(&mut list, notices.iter())?;
    Ok(csv(&format!("import-{id}-notices.csv"), list.into()))
}

/// The list of mistakes in a batch.
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
