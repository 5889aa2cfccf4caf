//! 言語: Japanese or English, kept in a cookie.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{Lang, cookie, local_path};
use crate::core::app::App;

const COOKIE: &str = "yui_lang";
const A_YEAR: i64 = 365 * 24 * 60 * 60;

/// Which language, and where to go on.
#[derive(Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    to: String,
    #[serde(default)]
    back: String,
}

/// Keeps the choice and goes back to the page it was made on.
pub(crate) async fn choose(State(app): State<App>, Query(Choice { to, back }): Query<Choice>) -> Response {
    let lang = Lang::parse(&to).unwrap_or_default();
    ([(header::SET_COOKIE, cookie(&app, lang))], Redirect::to(&local_path(&back))).into_response()
}

/// Returns the cookie that keeps the language.
pub(crate) fn cookie(app: &App, lang: Lang) -> String {
    cookie::set(app.config.http.https, COOKIE, lang.code(), Some(A_YEAR))
}

/// Returns the language chosen; Japanese where none was.
pub(crate) fn chosen(headers: &HeaderMap, https: bool) -> Lang {
    cookie::get(headers, https, COOKIE).and_then(Lang::parse).unwrap_or_default()
}
