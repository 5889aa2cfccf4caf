//! Unsubscribing from a kind of mail by the link in it, without a login (RFC 8058): a mail program posts, a person
//! looks first.

use anyhow::Context as _;
use askama::Template;
use axum::extract::{Path, State};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{mail_wishes::MAIL_WISHES, queries};
use crate::{
    core::{app::App, error::AppError, mail::unsubscribe::context, scope::PublicScope, society::InSociety},
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/unsubscribe.html")]
pub(crate) struct UnsubscribePage {
    page: Page,
    /// The (Japanese) name of the kind of mail.
    what: String,
    /// The address to post to; none once it is done.
    action: Option<String>,
}

const TITLE: &str = "お知らせメールの停止";

/// Returns the content of a link: the account, and the kind with its (Japanese) name.
fn opened(app: &App, scope: &PublicScope, token: &str) -> Option<(i64, &'static str, &'static str)> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let society = scope.society_id().to_string();
    let said = app.keys().ok()?.open(&context(&society), &sealed).ok()?;
    let (account_id, kind) = std::str::from_utf8(&said).ok()?.split_once(' ')?;
    let (kind, label) = MAIL_WISHES.iter().find(|(known, _)| *known == kind)?;
    Some((account_id.parse().ok()?, kind, label))
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    Path(token): Path<String>,
) -> Result<UnsubscribePage, AppError> {
    let (_, _, label) = opened(&app, &scope, &token).ok_or(AppError::NotFound)?;
    let action = Some(format!("/unsubscribe/{token}"));
    Ok(UnsubscribePage { page: context.page(TITLE), what: context.t(label).to_owned(), action })
}

/// Unsubscribes. The body does not matter: `List-Unsubscribe=One-Click` of a mail program, or nothing of our page.
pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    Path(token): Path<String>,
) -> Result<UnsubscribePage, AppError> {
    let (account_id, kind, label) = opened(&app, &scope, &token).ok_or(AppError::NotFound)?;
    // An account that is gone is mailed no more.
    if queries::auth_account(&app.db, &scope, account_id, app.clock.now()).await?.is_some() {
        let mut tx = app.db.begin().await?;
        queries::wish_set(&mut tx, &scope, account_id, kind, false).await.context("the wish")?;
        tx.commit().await?;
    }
    Ok(UnsubscribePage { page: context.page(TITLE), what: context.t(label).to_owned(), action: None })
}

crate::ui::pages! {
    UnsubscribePage => |context| Self {
        page: context.page(TITLE),
        what: context.t("医療費通知").to_owned(),
        action: Some("/unsubscribe/AAAA".into()),
    },
}
