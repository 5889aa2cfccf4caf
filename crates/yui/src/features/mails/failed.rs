//! 届かなかったメール: the mails given up lately, and the reasons; staff may retry those that have a chance.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Redirect,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    acts::MAILS_FAILED_VIEWED,
    queries::{self, FailedRow, OwnerRow},
    retry::{self, RetryRefusal, since},
    rules::{ANSWERED, Useless, masked, reason},
};
use crate::{
    core::{app::App, audit, error::AppError, mail::MailKind, role::Right, scope::StaffScope, society::InSociety},
    ui::{Page, PageContext, format},
};

/// A mail in the list.
pub(crate) struct FailedMailLine {
    mail_id: i64,
    failed: String,
    kind: String,
    /// The member's number and name, if it is a member's mail.
    owner: Option<(i64, String)>,
    to: String,
    why: &'static str,
    /// The answer of the mail server.
    answer: String,
    useless: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "features/mails/failed.html")]
pub(crate) struct MailsFailedPage {
    page: Page,
    lines: Vec<FailedMailLine>,
    all: i64,
    /// The number of mails that are worth another try.
    worth: i64,
    /// Whether the reader may retry them.
    may_retry: bool,
    /// The position of the last mail on this page, if there are more: the time when it was given up, in microseconds,
    /// and its number.
    next: Option<(i64, i64)>,
    done: &'static str,
}

/// The query of the page's address: the mail after which the page begins, and the change that was just made.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FailedMailQuery {
    failed: Option<i64>,
    mail: i64,
    done: String,
}

const TITLE: &str = "届かなかったメール";

/// The number of mails on a page.
const ON_A_PAGE: i64 = 50;

/// Returns the number of mails given up lately.
pub(crate) async fn count(app: &App, scope: &impl InSociety) -> anyhow::Result<i64> {
    Ok(queries::failed_count(&app.db, scope, since(app)?).await?)
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(FailedMailQuery { failed, mail, done }): Query<FailedMailQuery>,
) -> Result<MailsFailedPage, AppError> {
    let times = (since(&app)?, app.clock.now());
    let after = failed.and_then(|at| Timestamp::from_microsecond(at).ok()).map(|at| (at, mail));
    let after = after.unwrap_or((times.1, i64::MAX));
    let mut rows = queries::failed_page(&app.db, &staff, times, after, ON_A_PAGE + 1).await?;
    let more = rows.len() > usize::try_from(ON_A_PAGE)?;
    rows.truncate(usize::try_from(ON_A_PAGE)?);
    let (all, worth) = (count(&app, &staff).await?, queries::failed_worth(&app.db, &staff, times).await?);
    let accounts: Vec<_> = rows.iter().filter_map(|row| row.account_id).collect();
    let owners = queries::owners(&app.db, &staff, &accounts).await?;
    let owners: HashMap<_, _> = owners.into_iter().map(|owner| (owner.account_id, owner)).collect();
    let whom: String = rows
        .iter()
        .filter_map(|row| owners.get(&row.account_id?))
        .map(|owner| format!(" {}", owner.member_id))
        .collect();
    let detail = format!("{all}通のうち{}通（表示した加入者番号{whom}）", rows.len());
    audit::seen(&app, &staff, MAILS_FAILED_VIEWED, None, &detail).await?;
    Ok(MailsFailedPage {
        page: context.console(TITLE),
        lines: rows.iter().map(|row| line(row, &owners)).collect(),
        all,
        worth,
        may_retry: staff.role.has(Right::Help),
        next: rows.last().filter(|_| more).map(|row| (row.failed_at.as_microsecond(), row.mail_id)),
        done: match done.as_str() {
            "retried" => "もう一度送る指示を受け付けました。届かなければ、またこの一覧に出ます。",
            "changed" => "このメールは、すでに送り直しているか、一覧にありません。今の状態を確かめてください。",
            "useless" => "このメールは、送っても使えなくなっています。理由は一覧で確かめてください。",
            _ => "",
        },
    })
}

fn line(row: &FailedRow, owners: &HashMap<i64, OwnerRow>) -> FailedMailLine {
    let owner = row.account_id.and_then(|id| owners.get(&id));
    let kept = row.last_error.as_deref().unwrap_or_default();
    FailedMailLine {
        mail_id: row.mail_id,
        failed: format::minute(row.failed_at),
        kind: MailKind::label_of(&row.kind).to_owned(),
        owner: owner.map(|owner| (owner.member_id, owner.name.clone())),
        to: masked(&row.recipient),
        why: reason(kept),
        answer: kept.strip_prefix(ANSWERED).unwrap_or(kept).to_owned(),
        useless: row.useless().map(Useless::words),
    }
}

pub(super) async fn retry_one(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    let done = match retry::retry(&app, &staff.acting(), id).await {
        Ok(()) => "retried",
        Err(error) => match error.downcast_ref::<RetryRefusal>() {
            Some(RetryRefusal::NotFailed(_)) => "changed",
            Some(RetryRefusal::Useless(..)) => "useless",
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
    MailsFailedPage => |context| {
        let line = |kind: &str, answer: &str, useless: Option<Useless>| FailedMailLine {
            mail_id: 7,
            failed: "2026/11/20 09:12".into(),
            kind: MailKind::label_of(kind).to_owned(),
            owner: (kind != "staff_invitation").then(|| (7, "テスト タロウ".into())),
            to: "t***@example.jp".into(),
            why: reason(&format!("{ANSWERED}{answer}")),
            answer: answer.into(),
            useless: useless.map(Useless::words),
        };
        Self {
            page: context.console(TITLE),
            lines: vec![
                line("expenses_published", "550", None),
                line("mail_code", "552", Some(Useless::Over)),
                line("staff_invitation", "451", None),
            ],
            all: 103,
            worth: 90,
            may_retry: true,
            next: Some((1_795_143_600_000_000, 7)),
            done: "もう一度送る指示を受け付けました。届かなければ、またこの一覧に出ます。",
        }
    },
}
