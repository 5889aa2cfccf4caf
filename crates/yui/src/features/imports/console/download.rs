//! Files for staff: templates, and lists of mistakes, which may be long and are never held whole.

use std::{fs::File, io};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures::stream::{Stream, StreamExt, unfold};
use kenpo_formats::FaultsCsv;

use crate::{
    app::App,
    error::AppError,
    features::{
        audit,
        imports::{acts, kind_of, queries},
    },
    files::pieces,
    heavy,
    scope::StaffScope,
};

/// How many mistakes are read from the database at a time.
const PORTION: i64 = 2_000;

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

/// What the check of an upload found.
pub(super) async fn upload_faults(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let upload = queries::upload(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let list = upload.faults_name.as_ref().ok_or(AppError::NotFound)?;
    let path = app.files.path(&staff, list);
    let file = tokio::task::spawn_blocking(move || File::open(path)).await??;
    audit::seen(&app, &staff, acts::FAULTS_TAKEN, Some(&acts::upload(id, &upload.file_name)), "").await?;
    Ok(csv(&format!("upload-{id}-faults.csv"), Body::from_stream(pieces(file))))
}

/// What the check of an upload found to be done to whom.
pub(super) async fn upload_changes(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let upload = queries::upload(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let list = upload.changes_name.as_ref().ok_or(AppError::NotFound)?;
    let path = app.files.path(&staff, list);
    let file = tokio::task::spawn_blocking(move || File::open(path)).await??;
    audit::seen(&app, &staff, acts::CHANGES_TAKEN, Some(&acts::upload(id, &upload.file_name)), "").await?;
    Ok(csv(&format!("upload-{id}-changes.csv"), Body::from_stream(pieces(file))))
}

/// What was wrong in a batch.
pub(super) async fn batch_faults(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    audit::seen(&app, &staff, acts::FAULTS_TAKEN, Some(&acts::batch(&batch)), "").await?;
    Ok(csv(&format!("import-{id}-faults.csv"), Body::from_stream(portions(app, staff, id).fuse())))
}

fn portions(app: App, staff: StaffScope, id: i64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    unfold(Some(-1), move |after| {
        let (app, staff) = (app.clone(), staff.clone());
        async move {
            let after = after?;
            let turn = heavy::account(&staff, "staff", staff.staff_id);
            // Held for one portion at a time, however slowly the file is taken.
            let Ok(_place) = app.searches.place(turn).await else {
                return Some((Err(io::Error::other("too many searches are waiting")), None));
            };
            let faults = match queries::fault_page(&app.db, &staff, id, after, PORTION).await {
                Ok(faults) => faults,
                Err(error) => return Some((Err(io::Error::other(error)), None)),
            };
            let next = faults.last().map(|(number, _)| *number);
            if next.is_none() && after >= 0 {
                return None;
            }
            let text = FaultsCsv::new(Vec::new()).and_then(|mut csv| {
                faults.iter().try_for_each(|(_, fault)| csv.write(fault))?;
                csv.finish()
            });
            // The heading belongs to the first portion alone.
            let heading = if after < 0 { 0 } else { HEADING.len() };
            Some((text.map(|text| Bytes::from(text).slice(heading..)), next))
        }
    })
}

/// What a list of mistakes begins with.
const HEADING: &str = "\u{feff}行,列,理由\r\n";
