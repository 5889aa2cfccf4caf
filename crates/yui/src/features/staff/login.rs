//! The staff's login: address and password first, the second factor after it.

use std::time::Instant;

use askama::Template;
use axum::{
    Form,
    extract::{FromRequestParts, Query, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use yui_auth::{password::Password, token::Token};

use super::{
    acts::{STAFF_LOGGED_OUT, STAFF_REFUSED},
    devices,
    prove::acting,
    queries::{self, StaffRow},
    session,
};
use crate::{
    core::{
        app::App,
        audit,
        client_info::ClientInfo,
        error::AppError,
        even_time,
        heavy::{self, busy},
        random::hex,
        rate_limit::{RateLimit, charge, wait},
        scope::{PublicScope, StaffScope, SystemScope},
        security,
    },
    features::{
        account::credentials::{Attempt, folded, password_as_kept},
        kept::late::{LateFormMessage, with_word},
    },
    ui::{
        FormState, Page, PageContext,
        cookie::{self, with_cookies},
        local_path,
        page::encoded,
    },
};

const LOGIN_COOKIE: &str = "yui_console_login";

/// The time that the second factor is awaited.
const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// Wrong passwords from one network.
const OF_NETWORK: RateLimit = RateLimit::new("staff passwords of network", 30, SignedDuration::from_secs(30));
/// Wrong passwords from one network for one address, existing or not: fewer than are refilled for the address, so that
/// no stranger alone keeps its owner out.
const OF_NETWORK_AND_EMAIL: RateLimit =
    RateLimit::new("staff passwords of address from network", 10, SignedDuration::from_secs(60));
/// Wrong passwords for one address, existing or not, from anywhere.
pub(super) const OF_EMAIL: RateLimit = RateLimit::new("staff passwords of address", 30, SignedDuration::from_secs(10));
/// Passwords, wrong or right, for one address from a browser that is known to be its owner's.
const OF_DEVICE: RateLimit = RateLimit::new("staff passwords of device", 20, SignedDuration::from_secs(30));

#[derive(Template)]
#[template(path = "features/staff/login.html")]
pub(crate) struct StaffLoginPage {
    page: Page,
    form: FormState,
    email: String,
    return_to: String,
    /// The reason for showing this page, if the user did not ask for it.
    notice: Option<&'static str>,
}

/// The query of the login page's address.
#[derive(Deserialize)]
pub(super) struct StaffLoginQuery {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    ended: String,
}

/// Returns the notice that the query asks for.
fn notice_of(StaffLoginQuery { ended, .. }: &StaffLoginQuery) -> Option<&'static str> {
    match ended.as_str() {
        "kept" => Some(
            "ログインの有効時間が過ぎたため、ログアウトしました。入力した内容は残っています（パスワードとコードを除く）。ログインすると、続きから入力できます。",
        ),
        "lost" => Some(
            "ログインの有効時間が過ぎたため、ログアウトしました。入力した内容は残せませんでした。ログインして、もう一度入力してください。",
        ),
        "out" => {
            Some("ログアウトしていたため、送信した内容は受け付けていません。ログインして、もう一度入力してください。")
        }
        "session" => Some("ログインの有効時間が過ぎたため、ログアウトしました。もう一度ログインしてください。"),
        _ => None,
    }
}

/// The staff login form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StaffLoginForm {
    email: String,
    password: String,
    return_to: String,
}

const TITLE: &str = "管理画面へのログイン";

/// Returns the address of the login page that returns to this path.
fn login_path(return_to: &str) -> String {
    match return_to {
        "" | "/" | "/console" => "/console/login".to_owned(),
        path => format!("/console/login?return_to={}", encoded(path)),
    }
}

/// Returns the same, with the message.
pub(crate) fn login_path_after(return_to: &str, told: LateFormMessage) -> String {
    with_word(login_path(return_to), told)
}

/// Returns the path if it is one of the console's, else the console's first page.
pub(super) fn console_path(given: &str) -> String {
    let path = local_path(given);
    if path.starts_with("/console/") { path } else { "/console".to_owned() }
}

fn page(context: &PageContext, form: FormState, email: String, return_to: String) -> StaffLoginPage {
    let page = if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) };
    StaffLoginPage { page, form, email, return_to, notice: None }
}

pub(super) async fn show(context: PageContext, Query(query): Query<StaffLoginQuery>) -> StaffLoginPage {
    let page = page(&context, FormState::default(), String::new(), console_path(&query.return_to));
    StaffLoginPage { notice: notice_of(&query), ..page }
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    headers: HeaderMap,
    Form(typed): Form<StaffLoginForm>,
) -> Result<Response, AppError> {
    let return_to = console_path(&typed.return_to);
    let email = folded(&typed.email);
    let mut form = FormState::default();
    if email.is_empty() {
        form.error("email", "メールアドレスを入力してください。");
    }
    if typed.password.is_empty() {
        form.error("password", "パスワードを入力してください。");
    }
    if form.has_errors() {
        return Ok(page(&context, form, typed.email, return_to).into_response());
    }
    let turn = heavy::stranger(&scope, &client, &format!("staff {email}"));
    let place = app.logins.place(turn).await?;
    let begun = Instant::now();
    let found = queries::staff_by_email(&app.db, &scope, &email).await?;
    let device = devices::token(&app, &headers);
    let staff_id = found.as_ref().map(|staff| staff.staff_id);
    let known = match device {
        Some(device) => devices::known(&app.db, &scope, &device, staff_id).await?,
        None => false,
    };
    let networks = OF_NETWORK.of_network(&client);
    let tries = match device.filter(|_| known) {
        // In the owner's own browser nobody's mistakes count but those made there.
        Some(device) => vec![OF_DEVICE.of(&format!("{email} {}", hex(&device)))],
        None => {
            let here = OF_NETWORK_AND_EMAIL.of(&format!("{email} {}", client.network()));
            vec![here, OF_EMAIL.of(&email)]
        }
    };
    let mut attempt = Attempt::new(&app, &scope);
    // A network's tries are spent by wrong passwords alone: right ones on their way keep nobody out.
    let refused = if known { None } else { wait(&app, &scope, &networks).await? };
    let refused = if refused.is_none() { attempt.take(&tries).await? } else { refused };
    if let Some(seconds) = refused {
        form.error("email", &format!("入力の誤りが続いたため、{seconds}秒たってから、もう一度お試しください。"));
        let retry = [(header::RETRY_AFTER, seconds.to_string())];
        return Ok((StatusCode::TOO_MANY_REQUESTS, retry, page(&context, form, typed.email, return_to)).into_response());
    }
    let stored = found.as_ref().and_then(|staff| staff.password_hash.as_deref());
    let given = Password::new(password_as_kept(&typed.password));
    let matches = match app.hasher.verify(turn, given, stored).await {
        Ok(verified) => verified.matches,
        Err(error) => {
            attempt.right().await?;
            return Err(busy(error));
        }
    };
    let Some(staff) = found.as_ref().filter(|staff| matches && staff.locked_at.is_none()) else {
        attempt.wrong();
        if !known {
            charge(&app, &scope, &networks).await?;
        }
        // Written down for addresses that nobody has, too: as much work, and as much to see. The limits bound how often.
        let acting = match &found {
            Some(staff) => acting(&scope, staff, &client),
            None => SystemScope::of_stranger(&scope, &client.address.to_string()),
        };
        let why = match (&found, matches) {
            (None, _) => "登録のないメールアドレス",
            (Some(_), true) => "ロック中",
            (Some(_), false) => "パスワードの誤り",
        };
        audit::seen(&app, &acting, STAFF_REFUSED, None, why).await?;
        security::staff_refused(&scope, "password", staff_id);
        drop(place);
        even_time::pause(begun).await;
        form.error("email", "メールアドレスかパスワードが正しくありません。");
        return Ok(page(&context, form, typed.email, return_to).into_response());
    };
    if known {
        attempt.wrong()
    } else {
        attempt.right().await?
    }
    let cookie = begin(&app, &scope, (staff.staff_id, staff.revision), &return_to).await?;
    Ok(with_cookies(Redirect::to("/console/login/factor").into_response(), vec![cookie]))
}

/// Begins a login whose password is proved; returns its cookie.
pub(super) async fn begin(
    app: &App,
    scope: &PublicScope,
    staff: (i64, i64),
    return_to: &str,
) -> anyhow::Result<String> {
    let token = app.random.token()?;
    let ends_at = app.clock.now().checked_add(LIFE)?;
    let mut tx = app.db.begin().await?;
    queries::login_insert(&mut tx, scope, token.hash().as_bytes(), staff, (return_to, ends_at)).await?;
    tx.commit().await?;
    Ok(cookie::set(app.config.http.https, LOGIN_COOKIE, &token.text(), None))
}

/// Returns the cookie that removes the login's.
pub(super) fn forgotten(app: &App) -> String {
    cookie::remove(app.config.http.https, LOGIN_COOKIE)
}

pub(super) async fn log_out(State(app): State<App>, staff: StaffScope) -> Result<Response, AppError> {
    let cookie = session::end(&app, &staff).await?;
    audit::seen(&app, &staff, STAFF_LOGGED_OUT, None, "").await?;
    Ok(with_cookies(Redirect::to("/console/login").into_response(), vec![cookie]))
}

/// A pending login of a member of staff: the password is proved, the second factor is not.
#[derive(Debug)]
pub(super) struct PendingStaffLogin {
    pub(super) scope: PublicScope,
    pub(super) token_hash: [u8; 32],
    pub(super) return_to: String,
    pub(super) staff: StaffRow,
    /// The hash of the token by which the browser may be known.
    pub(super) device: Option<[u8; 32]>,
}

impl PendingStaffLogin {
    /// Returns the pending login of this browser, if any.
    pub(super) async fn of(app: &App, scope: &PublicScope, headers: &HeaderMap) -> anyhow::Result<Option<Self>> {
        let Some(token) = cookie::get(headers, app.config.http.https, LOGIN_COOKIE).and_then(Token::parse) else {
            return Ok(None);
        };
        let token_hash = *token.hash().as_bytes();
        let Some(row) = queries::login(&app.db, scope, &token_hash, app.clock.now()).await? else { return Ok(None) };
        let staff = queries::staff_by_id(&app.db, scope, row.staff_id).await?;
        let device = devices::token(app, headers);
        Ok(staff.map(|staff| Self { scope: scope.clone(), token_hash, return_to: row.return_to, staff, device }))
    }
}

impl FromRequestParts<App> for PendingStaffLogin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let scope = PublicScope::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let found = Self::of(app, &scope, &parts.headers).await;
        let login = found.map_err(|error| AppError::from(error).into_response())?;
        login.ok_or_else(|| Redirect::to("/console/login").into_response())
    }
}

crate::ui::console_pages! {
    StaffLoginPage => |context| {
        let mut form = FormState::default();
        form.error("email", "メールアドレスかパスワードが正しくありません。");
        page(context, form, "hanako@minato.example".into(), "/console".into())
    },
}
