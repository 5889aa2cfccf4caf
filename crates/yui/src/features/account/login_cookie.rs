//! The cookie of a login under way.

use crate::{core::app::App, ui::cookie};

/// Returns the cookie that removes the login's.
pub(crate) fn forgotten(app: &App) -> String {
    cookie::remove(app.config.http.https, LOGIN_COOKIE)
}

pub(crate) const LOGIN_COOKIE: &str = "yui_login";
