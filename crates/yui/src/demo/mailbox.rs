//! The demo's mailbox: every mail that was delivered.

use std::{collections::VecDeque, sync::Arc};

use askama::Template;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    core::{
        app::App,
        error::AppError,
        mail::{self, DeliveredMail},
        scope::SystemScope,
        society::{InSociety, Society},
    },
    ui::{Page, PageContext, format, pages},
};

#[derive(Template)]
#[template(path = "demo/mailbox.html")]
struct MailboxPage {
    page: Page,
    /// The filter in the address, as in `?to=taro@example.jp`.
    filter: MailboxQuery,
    mails: Vec<MailView>,
}

struct MailView {
    society: String,
    society_key: String,
    mail_id: i64,
    from: String,
    to: String,
    subject: String,
    sent_at: String,
    lines: Vec<MailLine>,
}

/// A line of a mail's text.
enum MailLine {
    Text(String),
    Link(String),
}

/// The filter of the mailbox's address.
#[derive(Default, Deserialize)]
pub(super) struct MailboxQuery {
    #[serde(default)]
    to: String,
    #[serde(default)]
    society: String,
}

/// A mail in `/mailbox.json`.
#[derive(Serialize)]
pub(super) struct MailEntry {
    id: i64,
    society: String,
    to: String,
    from: String,
    subject: String,
    text: String,
    html: String,
    kind: String,
    sent_at: String,
    links: Vec<String>,
}

/// Returns the mails that match the filter, newest first: within a society in the order they were written, regardless
/// of the movable clock; over societies by when they were delivered.
async fn found(app: &App, filter: &MailboxQuery) -> anyhow::Result<Vec<(Arc<Society>, DeliveredMail)>> {
    let mut boxes = Vec::new();
    for scope in SystemScope::of_all(app, "demo mailbox").await? {
        if filter.society.is_empty() || filter.society == scope.society().key {
            let newest_first = mail::kept(app, &scope, filter.to.trim()).await?;
            boxes.push((scope.society().clone(), VecDeque::from(newest_first)));
        }
    }
    let mut all = Vec::new();
    let newest = |mails: &VecDeque<DeliveredMail>| mails.front().map(|mail| mail.sent_at);
    while let Some((society, mails)) = boxes.iter_mut().max_by_key(|(_, mails)| newest(mails))
        && let Some(mail) = mails.pop_front()
    {
        all.push((society.clone(), mail));
    }
    Ok(all)
}

fn is_link(word: &str) -> bool {
    word.starts_with("http://") || word.starts_with("https://")
}

fn lines(text: &str) -> Vec<MailLine> {
    text.trim_end()
        .lines()
        .map(|line| if is_link(line) { MailLine::Link(line.to_owned()) } else { MailLine::Text(line.to_owned()) })
        .collect()
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    Query(filter): Query<MailboxQuery>,
) -> Result<Response, AppError> {
    let view = |(society, mail): (Arc<Society>, DeliveredMail)| MailView {
        society: society.name.clone(),
        society_key: society.key.clone(),
        mail_id: mail.mail_id,
        from: mail.from,
        to: mail.to,
        subject: mail.subject,
        sent_at: format::minute_of(context.lang, mail.sent_at),
        lines: lines(&mail.text),
    };
    let mails = found(&app, &filter).await?.into_iter().map(view).collect();
    Ok(MailboxPage { page: context.page("メールボックス"), filter, mails }.into_response())
}

pub(super) async fn json(
    State(app): State<App>,
    Query(filter): Query<MailboxQuery>,
) -> Result<Json<Vec<MailEntry>>, AppError> {
    let entry = |(society, mail): (Arc<Society>, DeliveredMail)| MailEntry {
        id: mail.mail_id,
        society: society.key.clone(),
        to: mail.to,
        from: mail.from,
        links: mail.text.split_whitespace().filter(|word| is_link(word)).map(str::to_owned).collect(),
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        kind: mail.kind,
        sent_at: mail.sent_at.to_string(),
    };
    Ok(Json(found(&app, &filter).await?.into_iter().map(entry).collect()))
}

/// The content security policy of a mail's HTML: the mail may only show itself, and its links may be followed.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                       frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The HTML form of a mail, as a mail program shows it.
pub(super) async fn html(
    State(app): State<App>,
    Path((society, mail_id)): Path<(String, i64)>,
) -> Result<Response, AppError> {
    let filter = MailboxQuery { society, to: String::new() };
    let (_, mail) =
        found(&app, &filter).await?.into_iter().find(|(_, mail)| mail.mail_id == mail_id).ok_or(AppError::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, SANDBOX)];
    Ok((headers, mail.html).into_response())
}

pages! {
    MailboxPage => |context| Self {
        page: context.page("メールボックス"),
        filter: MailboxQuery { to: "testtaro01@minato.example".into(), society: String::new() },
        mails: vec![MailView {
            society: "みなと海運健康保険組合".into(),
            society_key: "minato".into(),
            mail_id: 3,
            from: "no-reply@minato.localhost".into(),
            to: "testtaro01@minato.example".into(),
            subject: "Sample <subject>".into(),
            sent_at: "2026-11-20 12:00".into(),
            lines: lines("Sample & text\n\nhttp://minato.localhost:8080/verify?token=a&x=1\n"),
        }],
    },
}
