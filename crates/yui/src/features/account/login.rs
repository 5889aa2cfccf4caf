//! ログイン.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::password::{HashError, Password};

use super::{
    login_state::{Interruption, LoginState, after_password},
    queries, session,
};
use crate::{
    app::App,
    error::AppError,
    scope::{MemberScope, PublicScope},
    ui::{FormState, Page, Shell, local_path},
};

#[derive(Template)]
#[template(path = "features/account/login.html")]
pub(crate) struct LoginPage {
    pub(crate) page: Page,
    pub(crate) form: FormState,
    pub(crate) user_id: String,
    pub(crate) return_to: String,
    pub(crate) remember_days: u16,
    pub(crate) remember: bool,
}

#[derive(Template)]
#[template(path = "features/account/enrolment_due.html")]
pub(crate) struct EnrolmentDuePage {
    pub(crate) page: Page,
}

/// Where to go after the login.
#[derive(Deserialize)]
pub(super) struct Whither {
    #[serde(default)]
    return_to: String,
}

/// What is typed.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    remember: Option<String>,
    #[serde(default)]
    return_to: String,
}

/// Returns the address of the login page that leads on to this path.
pub(crate) fn login_path(return_to: &str) -> String {
    match return_to {
        "" | "/" => "/login".to_owned(),
        path => format!(
            "/login?return_to={}",
            percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC)
        ),
    }
}

pub(super) async fn show(
    shell: Shell,
    scope: PublicScope,
    signed_in: Option<axum::Extension<MemberScope>>,
    Query(Whither { return_to }): Query<Whither>,
) -> Response {
    let return_to = local_path(&return_to);
    if signed_in.is_some() {
        return Redirect::to(&return_to).into_response();
    }
    login_page(&shell, &scope, FormState::default(), String::new(), return_to, false).into_response()
}

pub(super) async fn submit(
    State(app): State<App>,
    shell: Shell,
    scope: PublicScope,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let return_to = local_path(&typed.return_to);
    let user_id = typed.user_id.trim().to_lowercase();
    let remember = typed.remember.is_some();
    let mut form = FormState::default();
    if user_id.is_empty() {
        form.error("user_id", shell.t("ユーザIDを入力してください。"));
    }
    if typed.password.is_empty() {
        form.error("password", shell.t("パスワードを入力してください。"));
    }
    if form.has_errors() {
        return Ok(login_page(&shell, &scope, form, typed.user_id, return_to, remember).into_response());
    }

    let account = queries::account_by_user_id(&app.db, &scope, &user_id).await?;
    let stored = account.as_ref().map(|(_, hash)| hash.as_str());
    let verified = match app.hasher.verify(Password::new(typed.password), stored).await {
        Ok(verified) => verified,
        Err(HashError::Busy) => return Err(AppError::Busy(RETRY_AFTER)),
        Err(error) => return Err(error.into()),
    };
    let standing = account.map(|(standing, _)| standing);
    match after_password(standing.as_ref(), verified.matches) {
        LoginState::Open => {}
        LoginState::Due(Interruption::Enrolment) => {
            let page = EnrolmentDuePage { page: shell.page("初回登録") };
            return Ok(page.into_response());
        }
        LoginState::Refused => {
            if let Some(standing) = standing.filter(|_| !verified.matches) {
                queries::password_wrong(&app.db, &scope, standing.account_id, app.clock.now()).await?;
            }
            return Ok(refused(&shell, &scope, typed.user_id, return_to, remember));
        }
    }
    let Some(standing) = standing else { return Ok(refused(&shell, &scope, typed.user_id, return_to, remember)) };
    match session::issue(&app, &scope, standing.account_id, remember).await? {
        Some(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&return_to)).into_response()),
        None => Ok(refused(&shell, &scope, typed.user_id, return_to, remember)),
    }
}

/// Seconds after which a login that found the line full may be tried again.
const RETRY_AFTER: u32 = 5;

/// The answer to everything that does not prove who somebody is: the same words whether or not the account exists.
fn refused(shell: &Shell, scope: &PublicScope, user_id: String, return_to: String, remember: bool) -> Response {
    let mut form = FormState::default();
    form.error("user_id", shell.t("無効なユーザIDまたはパスワードです。"));
    login_page(shell, scope, form, user_id, return_to, remember).into_response()
}

fn login_page(
    shell: &Shell,
    scope: &PublicScope,
    form: FormState,
    user_id: String,
    return_to: String,
    remember: bool,
) -> LoginPage {
    use crate::scope::InSociety;
    let page = if form.has_errors() { shell.page_with_errors("ログイン") } else { shell.page("ログイン") };
    let remember_days = scope.society().policy.session.remember_days;
    LoginPage { page, form, user_id, return_to, remember_days, remember }
}

crate::ui::pages! {
    LoginPage => |shell| {
        let mut form = FormState::default();
        form.error("user_id", shell.t("無効なユーザIDまたはパスワードです。"));
        Self {
            page: shell.page_with_errors("ログイン"),
            form,
            user_id: "test-taro".into(),
            return_to: "/expenses".into(),
            remember_days: 30,
            remember: true,
        }
    },
    EnrolmentDuePage => |shell| Self { page: shell.page("初回登録") },
}
