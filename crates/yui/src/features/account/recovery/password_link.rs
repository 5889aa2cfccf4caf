//! The link of パスワードを忘れた方はこちら: five minutes, once. It leads to a new password and proves nothing more; the second
//! factor is asked for as ever.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use yui_auth::token::Token;

use super::{LinkPage, alive, dead};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, scope::PublicScope},
    features::account::{
        pending_login::advance,
        queries,
        steps::{LoginState, PrimaryFactor, Purpose},
    },
    ui::PageContext,
};

const DEAD: &str = "このリンクは有効時間（5分）が過ぎたか、すでに使われています。「パスワードを忘れた方はこちら」からやり直してください。";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    if alive(&app, &scope, &token, "password").await?.is_none() {
        return Ok(dead(&context, DEAD).into_response());
    }
    let page = LinkPage {
        page: context.page("パスワードの再設定"),
        action: format!("/link/password/{token}"),
        words: context.t("下のボタンを押して、新しいパスワードの設定へ進んでください。").to_owned(),
        button: context.t("次へ").to_owned(),
    };
    Ok(page.into_response())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    let now = app.clock.now();
    let Some(token) = Token::parse(&token) else { return Ok(dead(&context, DEAD).into_response()) };
    let mut tx = app.db.begin().await?;
    let link = queries::link_take(&mut tx, &scope, token.hash().as_bytes(), "password", now).await?;
    tx.commit().await?;
    let Some(link) = link else { return Ok(dead(&context, DEAD).into_response()) };
    let Some((account, _)) = queries::auth_account(&app.db, &scope, link.account_id, now).await? else {
        return Ok(dead(&context, DEAD).into_response());
    };
    let proofs = LoginState {
        purpose: Purpose::Reset,
        first: Some(PrimaryFactor::Link),
        return_to: "/".to_owned(),
        ..LoginState::default()
    };
    advance(&app, &scope, &client, &account, proofs, None).await
}
