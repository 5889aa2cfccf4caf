//! Work under way: a page, and the events that keep it up to date. They come from the database, so it does not matter whose
//! work it is.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};

use crate::{
    core::{app::App, error::AppError, scope::StaffScope},
    features::imports::{Upload, UploadState, queries},
    ui::{
        Page, PageContext, format,
        progress::{self, Progress},
    },
};

#[derive(Template)]
#[template(path = "features/imports/console/progress.html")]
pub(crate) struct ImportProgressPage {
    page: Page,
    title: &'static str,
    explanation: &'static str,
    file_name: String,
    kind: &'static str,
    events: String,
    percent: i64,
    words: String,
    trouble: bool,
}

/// Returns how much of the file is done, in percent.
fn percent(upload: &Upload) -> i64 {
    progress::percent(upload.bytes_done, upload.size)
}

fn words(upload: &Upload) -> String {
    let done = format::yen(upload.records_done);
    match upload.bytes_done {
        0 => "始まるのを待っています。".to_owned(),
        _ => format!("{done}件を処理しました（ファイルの{}%）。", percent(upload)),
    }
}

fn title(upload: &Upload) -> &'static str {
    if upload.state == UploadState::Applying { "取り込んでいます" } else { "中身を確認しています" }
}

/// Returns the page of an upload that is worked on.
pub(super) fn page(context: &PageContext, upload: &Upload) -> ImportProgressPage {
    ImportProgressPage {
        page: context.console(title(upload)),
        title: title(upload),
        explanation: if upload.state == UploadState::Applying {
            "この画面を閉じても、取込は続きます。サーバーが止まっても、途中から自動で再開します。"
        } else {
            "この画面を閉じても、確認は続きます。確認では何も変わりません。"
        },
        file_name: upload.file_name.clone(),
        kind: upload.kind.label(),
        events: format!("{}/progress", super::paths::upload_path(upload.upload_id)),
        percent: percent(upload),
        words: words(upload),
        trouble: upload.trouble.is_some(),
    }
}

/// Tells how far the work is.
pub(super) async fn events(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, AppError> {
    queries::upload(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    Ok(progress::progress(move || {
        let (app, staff) = (app.clone(), staff.clone());
        async move {
            let upload = queries::upload(&app.db, &staff, id).await.ok().flatten()?;
            Some(if upload.state.is_work() {
                Progress::Going(percent(&upload), words(&upload))
            } else {
                Progress::Over
            })
        }
    }))
}

crate::ui::console_pages! {
    ImportProgressPage => |context| Self {
        page: context.console("取り込んでいます"),
        title: "取り込んでいます",
        explanation: "この画面を閉じても、取込は続きます。サーバーが止まっても、途中から自動で再開します。",
        file_name: "expenses-2026-10.csv".into(),
        kind: "医療費",
        events: "/console/imports/uploads/9/progress".into(),
        percent: 42,
        words: "5,000件を処理しました（ファイルの42%）。".into(),
        trouble: true,
    },
}
