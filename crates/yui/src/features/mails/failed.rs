//! 届かなかったメール: what was given up lately, and why; staff let it be tried again where that helps.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Redirect,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    MAILS_FAILED_VIEWED,
    letter::kind_label,
    queries::{self, FailedRow, OwnerRow},
    retry::{self, Refusal, since, useless},
    rules::{ANSWERED, Useless, masked, reason},
};
use crate::{
    app::App,
    error::AppError,
    features::{audit, staff::Right},
    scope::{InSociety, StaffScope},
    ui::{Page, Shell, format},
};

/// A mail in the list.
pub(crate) struct Line {
    mail_id: i64,
    failed: String,
    kind: String,
    /// Whose it is, where it is a member's: their number and name.
    owner: Option<(i64, String)>,
    to: String,
    why: &'static str,
    /// What the mail server said, for whoever asks.
    answer: String,
    useless: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "features/mails/failed.html")]
pub(crate) struct MailsFailedPage {
    page: Page,
    lines: Vec<Line>,
    all: usize,
    /// How many are worth another try.
    worth: usize,
    /// Whether the reader may have them tried again.
    may_retry: bool,
    /// The last mail of this page, where there are more.
    next: Option<i64>,
    done: &'static str,
}

/// Which part of the list, and what was just done.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    after: Option<i64>,
    done: String,
}

const TITLE: &str = "届かなかったメール";

/// How many mails are on a page.
const ON_A_PAGE: usize = 50;

/// Returns how many mails were given up lately.
pub(crate) async fn count(app: &App, scope: &impl InSociety) -> anyhow::Result<i64> {
    Ok(queries::failed_count(&app.db, scope, since(app)?).await?)
}

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Query(Wanted { after, done }): Query<Wanted>,
) -> Result<MailsFailedPage, AppError> {
    let now = app.clock.now();
    let rows = queries::failed(&app.db, &staff, (since(&app)?, now)).await?;
    let begins = after.and_then(|id| rows.iter().position(|row| row.mail_id == id)).map_or(0, |at| at + 1);
    let shown: Vec<_> = rows.iter().skip(begins).take(ON_A_PAGE).collect();
    let accounts: Vec<_> = shown.iter().filter_map(|row| row.account_id).collect();
    let owners = queries::owners(&app.db, &staff, &accounts).await?;
    let owners: HashMap<_, _> = owners.into_iter().map(|owner| (owner.account_id, owner)).collect();
    audit::seen(&app, &staff, MAILS_FAILED_VIEWED, None, &format!("{}通のうち{}通", rows.len(), shown.len())).await?;
    Ok(MailsFailedPage {
        page: shell.console(TITLE),
        lines: shown.iter().map(|row| line(row, &owners, now)).collect(),
        all: rows.len(),
        worth: rows.iter().filter(|row| useless(row, now).is_none()).count(),
        may_retry: staff.role.has(Right::Help),
        next: shown.last().filter(|_| rows.len() > begins + shown.len()).map(|row| row.mail_id),
        done: match done.as_str() {
            "retried" => "もう一度送る指示を受け付けました。届かなければ、またこの一覧に出ます。",
            "changed" => "このメールは、すでに送り直しているか、一覧にありません。今の状態を確かめてください。",
            "useless" => "このメールは、送っても使えなくなっています。理由は一覧で確かめてください。",
            _ => "",
        },
    })
}

fn line(row: &FailedRow, owners: &HashMap<i64, OwnerRow>, now: Timestamp) -> Line {
    let owner = row.account_id.and_then(|id| owners.get(&id));
    let kept = row.last_error.as_deref().unwrap_or_default();
    Line {
        mail_id: row.mail_id,
        failed: row.failed_at.map(|at| format::minute(at.to_jiff())).unwrap_or_default(),
        kind: kind_label(&row.kind).to_owned(),
        owner: owner.map(|owner| (owner.member_id, owner.name.clone())),
        to: masked(&row.recipient),
        why: reason(kept),
        answer: kept.strip_prefix(ANSWERED).unwrap_or(kept).to_owned(),
        useless: useless(row, now).map(Useless::words),
    }
}

pub(super) async fn retry_one(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    let done = match retry::retry(&app, &staff.acting(), id).await {
        Ok(()) => "retried",
        Err(error) => match error.downcast_ref::<Refusal>() {
            Some(Refusal::NotFailed(_)) => "changed",
            Some(Refusal::Useless(..)) => "useless",
            None => return Err(error.into()),
        },
    };
    Ok(Redirect::to(&format!("/console/mails-failed?done={done}")))
}

pub(super) async fn retry_all(State(app): State<App>, staff: StaffScope) -> Result<Redirect, AppError> {
    let done = if retry::retry_all(&app, &staff.acting()).await? > 0 { "retried" } else { "changed" };
    Ok(Redirect::to(&format!("/console/mails-failed?done={done}")))
}

crate::ui::console_pages! {
    MailsFailedPage => |shell| {
        let line = |kind: &str, answer: &str, useless: Option<Useless>| Line {
            mail_id: 7,
            failed: "2026/11/20 09:12".into(),
            kind: kind_label(kind).to_owned(),
            owner: (kind != "staff_invitation").then(|| (7, "テスト タロウ".into())),
            to: "t***@example.jp".into(),
            why: reason(&format!("{ANSWERED}{answer}")),
            answer: answer.into(),
            useless: useless.map(Useless::words),
        };
        Self {
            page: shell.console(TITLE),
            lines: vec![
                line("expenses_published", "550", None),
                line("mail_code", "552", Some(Useless::Over)),
                line("staff_invitation", "451", None),
            ],
            all: 103,
            worth: 90,
            may_retry: true,
            next: Some(7),
            done: "もう一度送る指示を受け付けました。届かなければ、またこの一覧に出ます。",
        }
    },
}
