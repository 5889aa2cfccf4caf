//! The link that proves an address. It may be opened on any device; it proves the address and nothing else. The page has a
//! button, because scanners of mail open links.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use yui_auth::token::Token;

use super::{LinkPage, ToldPage, alive, dead};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        scope::{MemberScope, PublicScope},
    },
    features::account::{
        events::{AccountEvent, record_event},
        pending_login::PendingLogin,
        queries,
        settings::links_end,
        steps::AccountState,
    },
    ui::PageContext,
};

const DEAD: &str = "このリンクは有効時間が過ぎたか、すでに使われています。確認がお済みの場合は、元の画面で先へ進めます。まだの場合は、元の画面で「再送信」を押してください。";

const TITLE: &str = "メールアドレスの確認";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    if alive(&app, &scope, &token, "email").await?.is_none() {
        return Ok(dead(&context, DEAD).into_response());
    }
    let page = LinkPage {
        page: context.page(TITLE),
        action: format!("/link/email/{token}"),
        words: context.t("下のボタンを押すと、メールアドレスの確認が終わります。").to_owned(),
        button: context.t("メールアドレスの確認").to_owned(),
    };
    Ok(page.into_response())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    member: Option<axum::Extension<MemberScope>>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    let now = app.clock.now();
    let Some(parsed) = Token::parse(&token) else { return Ok(dead(&context, DEAD).into_response()) };
    let Some(seen) = alive(&app, &scope, &token, "email").await? else {
        return Ok(dead(&context, DEAD).into_response());
    };
    let id = seen.account_id;
    let account = queries::auth_account(&app.db, &scope, id, now).await?.map(|(account, _)| account);
    let usable = account.filter(|account| account.state != AccountState::Stopped && account.locked_at.is_none());
    let Some(account) = usable else { return Ok(dead(&context, DEAD).into_response()) };
    let mut tx = app.db.begin().await?;
    let Some(link) = queries::link_take(&mut tx, &scope, parsed.hash().as_bytes(), "email", now).await? else {
        return Ok(dead(&context, DEAD).into_response());
    };
    match queries::email_set(&mut tx, &scope, id, link.address.as_deref(), Some(now)).await {
        Err(error) if error.is_taken("accounts_email") => {
            let words = "他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。";
            return Ok(dead(&context, words).into_response());
        }
        set => set?,
    }
    links_end(&mut tx, &scope, id).await?;
    if account.state == AccountState::Enrolled {
        let old = account.email.clone().filter(|old| Some(old) != link.address.as_ref());
        record_event(&app, &mut tx, &scope, Some(&client), id, AccountEvent::EmailChanged(old)).await?;
    }
    tx.commit().await?;
    app.mail.wake();

    // In the browser where the login is under way it goes on at once; elsewhere that page moves on by itself.
    if let Some(login) = PendingLogin::of(&app, &scope, &headers).await?
        && login.account.account_id == id
    {
        return login.redirect_to_next_step(&app, &client).await;
    }
    if member.is_some_and(|member| member.account_id == id) {
        return Ok(Redirect::to("/settings?done=email").into_response());
    }
    let words = context.t("メールアドレスを確認しました。元の画面に戻ってください。自動で次へ進みます。");
    Ok(ToldPage { page: context.page(TITLE).shown_once(), words: words.to_owned() }.into_response())
}
