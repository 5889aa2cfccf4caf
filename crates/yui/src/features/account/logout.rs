//! ログアウト.

use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};

use super::session;
use crate::{
    core::{app::App, error::AppError, scope::MemberScope},
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/logout.html")]
pub(crate) struct LogoutPage {
    pub(crate) page: Page,
}

pub(super) async fn show(context: PageContext) -> LogoutPage {
    LogoutPage { page: context.page("ログアウト") }
}

pub(super) async fn submit(State(app): State<App>, scope: MemberScope) -> Result<Response, AppError> {
    let ended = session::end(&app, &scope).await?;
    Ok(([(header::SET_COOKIE, ended)], Redirect::to("/")).into_response())
}

crate::ui::pages! {
    LogoutPage => |context| Self { page: context.page("ログアウト") },
}
