//! Work under way: a page, and the events that keep it up to date. They come from the database, so it does not matter whose
//! work it is.

use std::{convert::Infallible, time::Duration};

use askama::Template;
use axum::{
    extract::{Path, State},
    response::sse::{Event, Sse},
};
use futures::stream::{Stream, unfold};
use tokio::time::{Interval, interval};

use crate::{
    app::App,
    error::AppError,
    features::imports::{Upload, UploadState, queries},
    scope::StaffScope,
    ui::{Page, Shell, format},
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

/// How often a browser is told.
const EACH: Duration = Duration::from_secs(1);

/// After how many times a stream ends; the browser comes again by itself.
const TIMES: u32 = 25;

/// Returns how much of the file is done, in percent.
fn percent(upload: &Upload) -> i64 {
    if upload.size <= 0 { 0 } else { (upload.bytes_done.saturating_mul(100) / upload.size).clamp(0, 100) }
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
pub(super) fn page(shell: &Shell, upload: &Upload) -> ImportProgressPage {
    ImportProgressPage {
        page: shell.console(title(upload)),
        title: title(upload),
        explanation: if upload.state == UploadState::Applying {
            "この画面を閉じても、取込は続きます。サーバーが止まっても、途中から自動で再開します。"
        } else {
            "この画面を閉じても、確認は続きます。確認では何も変わりません。"
        },
        file_name: upload.file_name.clone(),
        kind: upload.kind.label(),
        events: format!("{}/progress", super::upload_path(upload.upload_id)),
        percent: percent(upload),
        words: words(upload),
        trouble: upload.trouble.is_some(),
    }
}

/// Tells each second how far the work is, and ends when it is done.
pub(super) async fn events(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, AppError> {
    queries::upload(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let began = Some((interval(EACH), TIMES));
    Ok(Sse::new(unfold(began, move |state| tell(app.clone(), staff.clone(), id, state))))
}

async fn tell(
    app: App,
    staff: StaffScope,
    id: i64,
    state: Option<(Interval, u32)>,
) -> Option<(Result<Event, Infallible>, Option<(Interval, u32)>)> {
    let (mut clock, left) = state?;
    let left = left.checked_sub(1)?;
    clock.tick().await;
    let upload = queries::upload(&app.db, &staff, id).await.ok().flatten()?;
    if !upload.state.is_work() {
        // A browser hears of no event without data.
        return Some((Ok(Event::default().event("done").data(upload.state.word())), None));
    }
    let said = serde_json::json!({ "percent": percent(&upload), "words": words(&upload) });
    Some((Ok(Event::default().data(said.to_string())), Some((clock, left))))
}

crate::ui::console_pages! {
    ImportProgressPage => |shell| Self {
        page: shell.console("取り込んでいます"),
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
