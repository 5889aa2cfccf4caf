//! Ordering the withdrawal of a batch, with its effects and their extent shown first.

use askama::Template;
use axum::{
    Form, Json,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};

use super::{batch::sample, paths::batch_path};
use crate::{
    core::{app::App, error::AppError, scope::StaffScope, society::Guarded},
    features::{
        approvals,
        imports::{Batch, BatchState, ImportRefusal, acts, queries, withdraw},
    },
    ui::{FormState, Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/imports/console/withdraw.html")]
pub(crate) struct ImportWithdrawPage {
    page: Page,
    form: FormState,
    batch: Batch,
    typed: WithdrawalForm,
    by_two: bool,
}

/// The form for a withdrawal.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WithdrawalForm {
    reason: String,
}

/// The most characters of a reason.
const LONGEST: usize = 500;

impl ImportWithdrawPage {
    fn is(&self, word: &str) -> bool {
        self.batch.state.as_str() == word
    }
}

const TITLE: &str = "取下げ";

/// Returns whether two have to decide: if nobody may publish alone, nobody may withdraw published data alone.
fn by_two(staff: &StaffScope, batch: &Batch) -> bool {
    batch.state == BatchState::Published && !batch.kind.at_once() && approvals::needed(staff, Guarded::Withdrawal)
}

fn page(
    context: &PageContext,
    staff: &StaffScope,
    batch: Batch,
    form: FormState,
    typed: WithdrawalForm,
) -> ImportWithdrawPage {
    let page = if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) };
    ImportWithdrawPage { page, form, by_two: by_two(staff, &batch), batch, typed }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    if batch.state == BatchState::Withdrawn || batch.withdrawing {
        return Ok(Redirect::to(&batch_path(id)).into_response());
    }
    Ok(page(&context, &staff, batch, FormState::default(), WithdrawalForm::default()).into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<WithdrawalForm>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let reason = typed.reason.trim().to_owned();
    let mut form = FormState::default();
    if reason.is_empty() {
        form.error("reason", "理由を入力してください。");
    } else if reason.chars().count() > LONGEST {
        form.error("reason", "500文字以内で入力してください。");
    }
    if form.has_errors() {
        return Ok(page(&context, &staff, batch, form, typed).into_response());
    }
    if by_two(&staff, &batch) && !batch.withdrawing {
        let mut tx = app.db.begin().await?;
        let asked =
            approvals::request(&app, &mut tx, &staff, Guarded::Withdrawal, &acts::batch(&batch), &reason).await?;
        if asked {
            tx.commit().await?;
            return Ok(Redirect::to(&format!("{}?done=withdraw-asked", batch_path(id))).into_response());
        }
        form.error("reason", "この取込の取下げは、すでに承認を依頼しています。「承認」の画面で確かめてください。");
        return Ok(page(&context, &staff, batch, form, typed).into_response());
    }
    match withdraw::order(&app, &staff.acting(), id, &reason).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=withdraw", batch_path(id))).into_response()),
        Err(error) => match error.downcast_ref::<ImportRefusal>() {
            Some(refusal) => {
                form.error("withdraw", &refusal.words());
                Ok(page(&context, &staff, batch, form, typed).into_response())
            }
            None => Err(error.into()),
        },
    }
}

/// The state that the page of the batch polls for.
#[derive(Serialize)]
pub(super) struct WithdrawalStatus {
    moved_on: bool,
}

pub(super) async fn status(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Json<WithdrawalStatus>, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    Ok(Json(WithdrawalStatus { moved_on: !batch.withdrawing }))
}

crate::ui::console_pages! {
    ImportWithdrawPage => |context| {
        let mut form = FormState::default();
        form.error("reason", "理由を入力してください。");
        let batch = Batch { state: BatchState::Published, ..sample() };
        Self { page: context.console_with_errors(TITLE), form, batch, typed: WithdrawalForm::default(), by_two: true }
    },
}
