//! Ways back in: a forgotten password, a forgotten user ID, and the links that mails carry.

mod email_link;
mod first_link;
mod forgotten_password;
mod forgotten_user_id;
mod password_link;

pub(super) use email_link::{show as email_link_show, submit as email_link_submit};
pub(super) use first_link::{show as first_link_show, submit as first_link_submit};
pub(super) use forgotten_password::{show as password_show, submit as password_submit};
pub(super) use forgotten_user_id::{show as user_id_show, submit as user_id_submit};
pub(super) use password_link::{show as password_link_show, submit as password_link_submit};

use askama::Template;
use yui_auth::token::Token;

use super::queries::{self, Link};
use crate::{
    core::{app::App, error::AppError, scope::PublicScope},
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/recovery/told.html")]
pub(crate) struct ToldPage {
    page: Page,
    words: String,
}

#[derive(Template)]
#[template(path = "features/account/recovery/link.html")]
pub(crate) struct LinkPage {
    page: Page,
    /// Where the button sends.
    action: String,
    words: String,
    button: String,
}

#[derive(Template)]
#[template(path = "features/account/recovery/dead.html")]
pub(crate) struct DeadLinkPage {
    page: Page,
    words: String,
}

/// Returns the link that this text stands for, where it works for this purpose.
async fn alive(app: &App, scope: &PublicScope, token: &str, purpose: &str) -> Result<Option<Link>, AppError> {
    let Some(token) = Token::parse(token) else { return Ok(None) };
    Ok(queries::link(&app.db, scope, token.hash().as_bytes(), purpose, app.clock.now()).await?)
}

/// Returns the page of a link that works no more: too old, used, or never made.
fn dead(context: &PageContext, words: &str) -> DeadLinkPage {
    DeadLinkPage { page: context.page("リンクが無効です"), words: context.t(words).to_owned() }
}

crate::ui::pages! {
    ToldPage => |context| Self {
        page: context.page("パスワードの再設定").shown_once(),
        words: context.t("詳細な手順を記載したメールをすぐに受信してください。").into(),
    },
    LinkPage => |context| Self {
        page: context.page("メールアドレスの確認"),
        action: "/link/email/token".into(),
        words: context.t("下のボタンを押すと、メールアドレスの確認が終わります。").into(),
        button: context.t("メールアドレスの確認").into(),
    },
    DeadLinkPage => |context| dead(context, "このリンクは有効時間が過ぎたか、すでに使われています。確認がお済みの場合は、元の画面で先へ進めます。まだの場合は、元の画面で「再送信」を押してください。"),
}
