//! The link by which a user of the older system gets in for the first time: once, until the day staff set. It opens
//! enrolment, and nothing for an account that is enrolled.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use super::{LinkPage, alive, dead};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, scope::PublicScope},
    features::account::{
        pending_login::advance,
        queries,
        steps::{AccountState, LoginState, PrimaryFactor},
    },
    ui::PageContext,
};

const DEAD: &str =
    "このリンクは期限が過ぎたか、すでに使われています。新しいリンクの発行を、健康保険組合へお申し出ください。";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    if alive(&app, &scope, &token, "first_login").await?.is_none() {
        return Ok(dead(&context, DEAD).into_response());
    }
    let page = LinkPage {
        page: context.page("初回登録"),
        action: format!("/link/first/{token}"),
        words: context.t("加入者ポータルの初回登録を始めます。10分ほどで終わります。").to_owned(),
        button: context.t("初回登録を始める").to_owned(),
    };
    Ok(page.into_response())
}

/// Begins enrolment. The link stays until enrolment is done, so that it can go on tomorrow.
pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    let now = app.clock.now();
    let Some(link) = alive(&app, &scope, &token, "first_login").await? else {
        return Ok(dead(&context, DEAD).into_response());
    };
    let account = queries::auth_account(&app.db, &scope, link.account_id, now).await?;
    let account = account.map(|(account, _)| account).filter(|account| account.state == AccountState::Temporary);
    let Some(account) = account else { return Ok(dead(&context, DEAD).into_response()) };
    let proofs = LoginState { first: Some(PrimaryFactor::Link), return_to: "/".to_owned(), ..LoginState::default() };
    advance(&app, &scope, &client, &account, proofs, None).await
}
