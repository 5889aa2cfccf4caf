//! The list of approval requests, open and decided.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_db::Tx;

use super::{
    act::{ApprovedAct, CannotBeDone, GuardedAct, GuardedSubject, act_of},
    acts::{APPROVAL_GIVEN, APPROVAL_REFUSED, APPROVALS_VIEWED},
    queries::{self, ApprovalRow},
};
use crate::{
    core::{
        app::App,
        audit::{self, AuditAction, Subject},
        error::AppError,
        scope::StaffScope,
        society::Guarded,
    },
    ui::{FormState, Page, PageContext, format},
};

/// A request in the list.
pub(crate) struct ApprovalLine {
    approval_id: i64,
    act: &'static str,
    subject: String,
    /// The address of the page that shows its subject.
    link: String,
    detail: String,
    asked: String,
    decided: String,
    /// Whether the reader may approve it.
    mine: bool,
    /// Whether the reader requested it, and may withdraw it.
    asked_by_reader: bool,
    open: bool,
}

#[derive(Template)]
#[template(path = "features/approvals/list.html")]
pub(crate) struct ApprovalsPage {
    page: Page,
    form: FormState,
    lines: Vec<ApprovalLine>,
    done: &'static str,
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(super) struct ApprovalsQuery {
    #[serde(default)]
    done: String,
}

/// The number of requests on the page.
const SHOWN: i64 = 200;

const TITLE: &str = "承認";

fn line(staff: &StaffScope, row: &ApprovalRow) -> ApprovalLine {
    let act = act_of(&row.act);
    let decided = row.decided_at.map(|at| {
        let word = if row.approved == Some(true) { "承認" } else { "却下" };
        format!("{word}（{} {}）", row.decided_name.as_deref().unwrap_or_default(), format::minute(at))
    });
    let open = row.decided_at.is_none();
    // The subject and the detail are shown to staff who may decide the request.
    let may = act.is_some_and(|act| (act.may_decide)(staff.role));
    let told = |text: &str| if may { text.to_owned() } else { "—".to_owned() };
    let subject = GuardedSubject { id: row.subject_id, member_id: row.member_id };
    ApprovalLine {
        approval_id: row.approval_id,
        act: act.map_or("", |act| act.guarded.label()),
        subject: match &row.user_id {
            Some(user_id) => told(&format!("{}（ユーザID {user_id}）", row.subject_name)),
            None => told(&row.subject_name),
        },
        link: act.and_then(|act| (act.link)(staff.role, &subject)).unwrap_or_default(),
        detail: told(&row.detail),
        asked_by_reader: open && may && row.asked_by == staff.staff_id,
        asked: format!("{} {}", row.asked_name, format::minute(row.asked_at)),
        decided: decided.unwrap_or_default(),
        mine: open && may && row.asked_by != staff.staff_id,
        open,
    }
}

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    done: &str,
) -> Result<ApprovalsPage, AppError> {
    let rows = queries::list(&app.db, staff, SHOWN).await?;
    if act_of(Guarded::FactorReset.as_str()).is_some_and(|act| (act.may_decide)(staff.role)) {
        let members: String = rows.iter().filter_map(|row| row.member_id).map(|id| format!(" {id}")).collect();
        if !members.is_empty() {
            audit::seen(app, staff, APPROVALS_VIEWED, None, &format!("表示した加入者番号{members}")).await?;
        }
    }
    Ok(ApprovalsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        lines: rows.iter().map(|row| line(staff, row)).collect(),
        done: match done {
            "asked" => "承認を依頼しました。ほかの職員が承認すると実行されます。",
            "approved" => "承認し、実行しました。",
            "refused" => "却下しました。",
            _ => "",
        },
    })
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(ApprovalsQuery { done }): Query<ApprovalsQuery>,
) -> Result<ApprovalsPage, AppError> {
    page(&app, &context, &staff, FormState::default(), &done).await
}

/// Returns the open request, if this person's role may decide it.
async fn open(app: &App, staff: &StaffScope, id: i64) -> Result<(ApprovalRow, &'static GuardedAct), AppError> {
    let row = queries::one(&app.db, staff, id).await?.filter(|row| row.decided_at.is_none());
    let row = row.ok_or(AppError::NotFound)?;
    let act = act_of(&row.act).ok_or(AppError::NotFound)?;
    if !(act.may_decide)(staff.role) {
        return Err(AppError::NotAllowed);
    }
    Ok((row, act))
}

/// Returns the open request, if this person may approve it: requester and approver are two people.
async fn mine(app: &App, staff: &StaffScope, id: i64) -> Result<(ApprovalRow, &'static GuardedAct), AppError> {
    let (row, act) = open(app, staff, id).await?;
    if row.asked_by == staff.staff_id { Err(AppError::NotAllowed) } else { Ok((row, act)) }
}

pub(super) async fn approve(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let (row, act) = mine(&app, &staff, id).await?;
    let scope = staff.acting();
    // One transaction with the act: it is done once, or the question stays open and is tried again or refused.
    let mut tx = app.db.begin().await?;
    if !queries::decide(&mut tx, &staff, id, true, app.clock.now()).await? {
        return Err(AppError::NotFound);
    }
    let approved =
        ApprovedAct { app: &app, tx: &mut tx, scope: &scope, subject_id: row.subject_id, detail: &row.detail };
    let done = (act.perform)(approved).await;
    if let Err(error) = done {
        drop(tx);
        tracing::warn!(act = act.guarded.as_str(), "an approved act failed: {error:#}");
        let mut form = FormState::default();
        let why = match error.downcast_ref::<CannotBeDone>() {
            Some(CannotBeDone(words)) => words,
            None => "対象の状態が変わっていれば却下し、そうでなければもう一度承認してください。",
        };
        form.error("approvals", &format!("実行できませんでした。{why}"));
        return Ok(page(&app, &context, &staff, form, "").await?.into_response());
    }
    record(&app, &mut tx, &staff, &row, act, APPROVAL_GIVEN).await?;
    tx.commit().await?;
    app.imports.wake();
    app.announcements.notify_one();
    app.mail.wake();
    app.societies.forget();
    Ok(Redirect::to("/console/approvals?done=approved").into_response())
}

pub(super) async fn refuse(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    // The requester may withdraw the request.
    let (row, act) = open(&app, &staff, id).await?;
    let mut tx = app.db.begin().await?;
    if !queries::decide(&mut tx, &staff, id, false, app.clock.now()).await? {
        return Err(AppError::NotFound);
    }
    record(&app, &mut tx, &staff, &row, act, APPROVAL_REFUSED).await?;
    tx.commit().await?;
    Ok(Redirect::to("/console/approvals?done=refused").into_response())
}

async fn record(
    app: &App,
    tx: &mut Tx,
    staff: &StaffScope,
    row: &ApprovalRow,
    act: &GuardedAct,
    decision: AuditAction,
) -> anyhow::Result<()> {
    let subject = Subject::new("approval", row.approval_id, &row.subject_name);
    let detail = format!("{}: {}（依頼 {}）", act.guarded.label(), row.detail, row.asked_name);
    audit::record(app, tx, staff, decision, Some(&subject), &detail).await
}

crate::ui::console_pages! {
    ApprovalsPage => |context| {
        let line = |open: bool| ApprovalLine {
            approval_id: 1,
            act: Guarded::FactorReset.label(),
            subject: "テスト タロウ（ユーザID testtaro01）".into(),
            link: "/console/members/7".into(),
            detail: "電話で本人確認済み（生年月日・記号番号）".into(),
            asked: "見本 次郎 2026/11/20 09:12".into(),
            decided: if open { String::new() } else { "承認（試験 花子 2026/11/20 10:01）".into() },
            mine: open,
            asked_by_reader: false,
            open,
        };
        Self {
            page: context.console(TITLE),
            form: FormState::default(),
            lines: vec![line(true), line(false)],
            done: "承認し、実行しました。",
        }
    },
}
