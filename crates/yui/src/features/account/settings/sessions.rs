//! The browsers in which the member is signed in.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    core::{app::App, client_info::ClientInfo, clock::japan, error::AppError, random::hex, scope::MemberScope},
    features::account::{
        events::{AccountEvent, record_event},
        queries,
        steps::SecondFactor,
    },
    ui::{Page, PageContext},
};

/// A browser in the list.
pub(crate) struct SessionEntry {
    pub(crate) id: String,
    pub(crate) device: String,
    pub(crate) address: String,
    pub(crate) since: String,
    pub(crate) seen: String,
    pub(crate) proof: String,
    pub(crate) remembered: bool,
    pub(crate) current: bool,
}

#[derive(Template)]
#[template(path = "features/account/settings/sessions.html")]
pub(crate) struct SessionsPage {
    page: Page,
    sessions: Vec<SessionEntry>,
}

/// Which one to end.
#[derive(Deserialize)]
pub(in super::super) struct Which {
    #[serde(default)]
    id: String,
}

const TITLE: &str = "ログイン中の端末";

/// Returns how the page names a session: the first half of its token's hash, which proves nothing.
fn public_id(token_hash: &[u8]) -> String {
    hex(&token_hash[..16.min(token_hash.len())])
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
) -> Result<SessionsPage, AppError> {
    let lines = queries::sessions_of(&app.db, &member, member.account_id, app.clock.now()).await?;
    let when = |instant: jiff::Timestamp| instant.to_zoned(japan()).strftime("%Y/%m/%d %H:%M").to_string();
    let proof = |word: Option<&str>| match word {
        Some(word) if word == SecondFactor::Passkey.as_str() => context.t("生体認証"),
        Some(word) if word == SecondFactor::App.as_str() => context.t("OTPアプリ"),
        Some(word) if word == SecondFactor::Email.as_str() => context.t("OTPメール"),
        Some(word) if word == SecondFactor::Recovery.as_str() => context.t("回復コード"),
        _ => context.t("パスワード"),
    };
    let sessions = lines.into_iter().map(|line| SessionEntry {
        id: public_id(&line.token_hash),
        current: line.token_hash == member.session,
        device: line
            .device
            .map(|device| context.t(&device).to_owned())
            .unwrap_or_else(|| context.t("不明な端末").to_owned()),
        address: line.address.unwrap_or_default(),
        since: when(line.created_at),
        seen: when(line.last_seen_at),
        proof: proof(line.proof.as_deref()).to_owned(),
        remembered: line.remembered,
    });
    Ok(SessionsPage { page: context.page(TITLE), sessions: sessions.collect() })
}

/// Ends one of the member's own sessions.
pub(in super::super) async fn end(
    State(app): State<App>,
    member: MemberScope,
    Form(Which { id }): Form<Which>,
) -> Result<Response, AppError> {
    let lines = queries::sessions_of(&app.db, &member, member.account_id, app.clock.now()).await?;
    let line = lines.iter().find(|line| public_id(&line.token_hash) == id);
    if let Some(hash) = line.and_then(|line| <[u8; 32]>::try_from(line.token_hash.as_slice()).ok()) {
        queries::session_delete(&app.db, &member, &hash).await?;
    }
    Ok(Redirect::to("/settings/sessions").into_response())
}

/// Ends all of them but this one.
pub(in super::super) async fn end_others(
    State(app): State<App>,
    member: MemberScope,
    client: ClientInfo,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    super::sign_out_everywhere(&mut tx, &member, member.account_id, &member.session, &[0; 32]).await?;
    record_event(&app, &mut tx, &member, Some(&client), member.account_id, AccountEvent::SessionsEnded).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/settings/sessions").into_response())
}

crate::ui::pages! {
    SessionsPage => |context| {
        let entry = |current: bool| SessionEntry {
            id: "00".into(),
            device: "Chrome / Android".into(),
            address: "192.0.2.1".into(),
            since: "2026/11/19 21:00".into(),
            seen: "2026/11/20 08:00".into(),
            proof: context.t("生体認証").into(),
            remembered: !current,
            current,
        };
        Self { page: context.page(TITLE), sessions: vec![entry(true), entry(false)] }
    },
}
