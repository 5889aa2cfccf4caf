//! Having a batch taken back, after having said what will happen to how much.

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Serialize;

use super::{batch::sample, batch_path};
use crate::{
    app::App,
    error::AppError,
    features::imports::{Batch, BatchState, Refusal, queries, withdraw},
    scope::StaffScope,
    ui::{FormState, Page, Shell, format},
};

#[derive(Template)]
#[template(path = "features/imports/console/withdraw.html")]
pub(crate) struct ImportWithdrawPage {
    page: Page,
    form: FormState,
    batch: Batch,
}

impl ImportWithdrawPage {
    fn is(&self, word: &str) -> bool {
        self.batch.state.word() == word
    }
}

const TITLE: &str = "取下げ";

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    if batch.state == BatchState::Withdrawn || batch.withdrawing {
        return Ok(Redirect::to(&batch_path(id)).into_response());
    }
    Ok(ImportWithdrawPage { page: shell.console(TITLE), form: FormState::default(), batch }.into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    match withdraw::order(&app, &staff.acting(), id).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=withdraw", batch_path(id))).into_response()),
        Err(error) => match error.downcast_ref::<Refusal>() {
            Some(refusal) => {
                let mut form = FormState::default();
                form.error("withdraw", &refusal.words());
                Ok(ImportWithdrawPage { page: shell.console_with_errors(TITLE), form, batch }.into_response())
            }
            None => Err(error.into()),
        },
    }
}

/// What the page of the batch waits for.
#[derive(Serialize)]
pub(super) struct Status {
    moved_on: bool,
}

pub(super) async fn status(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Json<Status>, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    Ok(Json(Status { moved_on: !batch.withdrawing }))
}

crate::ui::console_pages! {
    ImportWithdrawPage => |shell| {
        let mut form = FormState::default();
        form.error("withdraw", "この取込は、すでに取り下げられています。");
        Self { page: shell.console_with_errors(TITLE), form, batch: sample() }
    },
}
