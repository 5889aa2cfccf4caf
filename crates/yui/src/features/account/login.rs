//! ログイン by user ID and password.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::{code, password::Password};

use super::{
    happened::{Happened, happened},
    password::{busy, hashed},
    queries::{self, Wrong},
    rules,
    settings::others_end,
    steps::{First, Proofs, Standing, Step, Why, step},
    throttle::{PASSWORDS_OF_ADDRESS, PASSWORDS_OF_USER_ID, give_back, take_all},
    under_way::{self, At, AtRefused, UnderWay, arrive, with_cookies},
};
use crate::{
    app::App,
    error::AppError,
    features::societies::Factor,
    scope::{InSociety, MemberScope, PublicScope},
    ui::{FormState, Page, Shell, local_path},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "features/account/login.html")]
pub(crate) struct LoginPage {
    pub(crate) page: Page,
    pub(crate) form: FormState,
    pub(crate) typed: Typed,
    pub(crate) remember_days: u16,
    /// Whether a passkey may sign in.
    pub(crate) passkeys: bool,
    /// Why this page is shown, where nobody asked for it.
    pub(crate) told: Option<&'static str>,
}

/// Returns the sentence that a word in the address stands for.
fn told(password: &str) -> Option<&'static str> {
    match password {
        "changed" => Some("パスワードを変更しました。新しいパスワードでログインしてください。"),
        "wrong" => Some("パスワードの誤りが続いたため、ログアウトしました。もう一度ログインしてください。"),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "features/account/refused.html")]
pub(crate) struct RefusedPage {
    pub(crate) page: Page,
    pub(crate) words: String,
}

/// Where to go after the login.
#[derive(Deserialize)]
pub(super) struct Whither {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    password: String,
}

/// What is typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    user_id: String,
    password: String,
    remember: Option<String>,
    return_to: String,
}

/// Returns the address of the login page that leads on to this path.
pub(crate) fn login_path(return_to: &str) -> String {
    match return_to {
        "" | "/" => "/login".to_owned(),
        path => format!("/login?return_to={}", encoded(path)),
    }
}

/// Returns the text as it may stand in a query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(super) async fn show(
    shell: Shell,
    scope: PublicScope,
    signed_in: Option<axum::Extension<MemberScope>>,
    Query(Whither { return_to, password }): Query<Whither>,
) -> Response {
    let return_to = local_path(&return_to);
    if signed_in.is_some() {
        return Redirect::to(&return_to).into_response();
    }
    let typed = Typed { return_to, ..Typed::default() };
    LoginPage { told: told(&password), ..page(&shell, &scope, FormState::default(), typed) }.into_response()
}

pub(super) async fn submit(
    State(app): State<App>,
    shell: Shell,
    scope: PublicScope,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let typed = Typed { return_to: local_path(&typed.return_to), ..typed };
    let user_id = typed.user_id.trim().to_lowercase();
    let mut form = FormState::default();
    if user_id.is_empty() {
        form.error("user_id", shell.t("ユーザIDを入力してください。"));
    }
    if typed.password.is_empty() {
        form.error("password", shell.t("パスワードを入力してください。"));
    }
    if form.has_errors() {
        return Ok(page(&shell, &scope, form, typed).into_response());
    }
    let now = app.clock.now();
    let found = queries::standing_by_user_id(&app.db, &scope, &user_id, now).await?;
    // Whoever comes in the owner's own browser is held up by nobody's mistakes but those made there.
    let known_device = known_device(&app, &scope, &visitor, found.as_ref().map(|(account, _)| account)).await?;
    // Whatever the account: the number of tries left must not tell which passwords can be guessed.
    let costs = if queries::any_guessable(&app.db, &scope, now).await? { 2 } else { 1 };
    let tries = [(PASSWORDS_OF_ADDRESS.of_network(&visitor), costs), (PASSWORDS_OF_USER_ID.of(&user_id), 1)];
    if !known_device && let Some(seconds) = take_all(&app, &scope, &tries).await? {
        return Ok(too_often(&shell, &scope, typed, seconds));
    }
    // One hash for every try: a password of the form of mailed ones is compared with the mailed one, if there is any.
    let mailed = found.as_ref().and_then(|(account, _)| account.mailed_password.clone());
    let mailed = mailed.filter(|(_, ends_at)| *ends_at > now && code::looks_temporary(&typed.password));
    let stored = mailed.as_ref().map(|(hash, _)| hash).or(found.as_ref().map(|(_, hash)| hash)).map(String::as_str);
    let verified = match app.hasher.verify(Password::new(rules::password_as_kept(&typed.password)), stored).await {
        Ok(verified) => verified,
        // What was not looked at was no try.
        Err(error) => {
            if !known_device {
                give_back(&app, &scope, &tries).await?;
            }
            return Err(busy(error));
        }
    };
    let account = found.map(|(account, _)| account);
    let Some(account) = account.as_ref().filter(|_| verified.matches) else {
        wrong_password(&app, &scope, &visitor, account.as_ref(), known_device).await?;
        return Ok(refused(&shell, &scope, typed));
    };
    let mut account = account.clone();
    if let Some((hash, _)) = &mailed {
        let mut tx = app.db.begin().await?;
        if !queries::mailed_password_use(&mut tx, &scope, account.account_id, hash, now).await? {
            return Ok(refused(&shell, &scope, typed));
        }
        others_end(&mut tx, &scope, account.account_id, &[0; 32]).await?;
        happened(&app, &mut tx, &scope, Some(&visitor), account.account_id, Happened::MailedPasswordUsed).await?;
        tx.commit().await?;
        let fresh = queries::standing(&app.db, &scope, account.account_id, now).await?;
        account = fresh.map_or(account, |(account, _)| account);
    } else if verified.needs_rehash {
        let hash = hashed(&app, rules::password_as_kept(&typed.password)).await?;
        queries::password_rehashed(&app.db, &scope, &account, &hash).await?;
    }
    let proofs = Proofs {
        first: Some(First::Password { known_device }),
        password_at: Some(account.password_set_at),
        remember: typed.remember.is_some(),
        return_to: typed.return_to.clone(),
        ..Proofs::default()
    };
    match step(&account, &proofs, &scope.society().policy, now) {
        Step::Refused(Why::Expired) => Ok(refused_page(&shell, Why::Expired).into_response()),
        // A right password of a locked account is answered, and counted, like a wrong one.
        Step::Refused(_) => {
            wrong_password(&app, &scope, &visitor, Some(&account), known_device).await?;
            Ok(refused(&shell, &scope, typed))
        }
        _ => {
            if !known_device {
                give_back(&app, &scope, &tries).await?;
            }
            arrive(&app, &scope, &visitor, &account, proofs, None).await
        }
    }
}

/// Returns whether this browser is known to be the account owner's. The same question is asked for nobody.
pub(super) async fn known_device(
    app: &App,
    scope: &PublicScope,
    visitor: &Visitor,
    account: Option<&Standing>,
) -> Result<bool, AppError> {
    let Some(device) = visitor.device_token() else { return Ok(false) };
    let account_id = account.map_or(0, |account| account.account_id);
    Ok(queries::device_known(&app.db, scope, &device, account_id).await?)
}

/// Counts a wrong password: against the account, or against the browser where it is known to be the owner's, so that
/// strangers can not lock the owner out of their own browser. Where there is no such account the same statements run.
pub(super) async fn wrong_password(
    app: &App,
    scope: &PublicScope,
    visitor: &Visitor,
    account: Option<&Standing>,
    known_device: bool,
) -> anyhow::Result<()> {
    let account_id = account.map(|account| account.account_id);
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let locked = match (visitor.device_token().filter(|_| known_device), account_id) {
        (Some(device), Some(account_id)) => {
            queries::device_wrong(&mut tx, scope, &device, account_id).await?
                && queries::lock(&mut tx, scope, account_id, now).await?
        }
        _ => queries::wrong(&mut tx, scope, account_id, Wrong::Password, now).await?,
    };
    if let Some(account_id) = account_id.filter(|_| locked) {
        happened(app, &mut tx, scope, Some(visitor), account_id, Happened::Locked).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// Seconds after which a login that found the line full may be tried again.
pub(super) const RETRY_AFTER: u32 = 5;

/// The answer to everything that does not prove who somebody is: the same words whether or not the account exists.
fn refused(shell: &Shell, scope: &PublicScope, typed: Typed) -> Response {
    let mut form = FormState::default();
    form.error("user_id", shell.t("無効なユーザIDまたはパスワードです。"));
    page(shell, scope, form, typed).into_response()
}

/// The answer where tries follow each other too fast: the same for an account that does not exist.
fn too_often(shell: &Shell, scope: &PublicScope, typed: Typed, seconds: u32) -> Response {
    let mut form = FormState::default();
    form.error("user_id", &too_often_words(shell, seconds));
    let retry = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry, page(shell, scope, form, typed)).into_response()
}

/// Says when passwords are looked at again.
pub(super) fn too_often_words(shell: &Shell, seconds: u32) -> String {
    let words = "入力の誤りが続いたため、しばらくお待ちいただいています。{0}秒たってから、もう一度お試しください。";
    shell.lang.tf(words, [seconds.to_string()])
}

fn page(shell: &Shell, scope: &PublicScope, form: FormState, typed: Typed) -> LoginPage {
    let policy = &scope.society().policy;
    LoginPage {
        page: if form.has_errors() { shell.page_with_errors("ログイン") } else { shell.page("ログイン") },
        form,
        typed,
        remember_days: policy.session.remember_days,
        passkeys: policy.factors.contains(&Factor::Passkey),
        told: None,
    }
}

/// Goes on to whatever is due: for pages that wait for something to happen elsewhere.
pub(super) async fn go_on(
    State(app): State<App>,
    scope: PublicScope,
    visitor: Visitor,
    headers: axum::http::HeaderMap,
) -> Result<Response, AppError> {
    match UnderWay::of(&app, &scope, &headers).await? {
        Some(login) => login.onward(&app, &visitor).await,
        None => Ok(Redirect::to("/login").into_response()),
    }
}

/// Tells why a login that had begun can not go on, and ends it.
pub(super) async fn show_refused(
    State(app): State<App>,
    shell: Shell,
    At { login, .. }: At<AtRefused>,
) -> Result<Response, AppError> {
    let why = if let Step::Refused(why) = login.step(&app) { why } else { Why::NoProof };
    queries::login_delete(&app.db, &login.scope, &login.token_hash).await?;
    Ok(with_cookies(refused_page(&shell, why).into_response(), vec![under_way::forgotten(&app)]))
}

/// Gives a login up: the way out of every step.
pub(super) async fn give_up(
    State(app): State<App>,
    scope: PublicScope,
    headers: axum::http::HeaderMap,
) -> Result<Response, AppError> {
    if let Some(login) = UnderWay::of(&app, &scope, &headers).await? {
        queries::login_delete(&app.db, &scope, &login.token_hash).await?;
    }
    Ok(with_cookies(Redirect::to("/").into_response(), vec![under_way::forgotten(&app)]))
}

fn refused_page(shell: &Shell, why: Why) -> RefusedPage {
    let words = match why {
        Why::Expired => shell
            .t("仮パスワードの有効期限が切れています。新しい仮パスワードの発行を、健康保険組合へお申し出ください。"),
        Why::Locked => shell.t("アカウントがロックされています。ロックの解除を、健康保険組合へお申し出ください。"),
        Why::Stopped | Why::NoProof => shell.t("ログインを続けられません。はじめからやり直してください。"),
    };
    RefusedPage { page: shell.page("ログインできません"), words: words.to_owned() }
}

crate::ui::pages! {
    LoginPage => |shell| {
        let mut form = FormState::default();
        form.error("user_id", shell.t("無効なユーザIDまたはパスワードです。"));
        Self {
            page: shell.page_with_errors("ログイン"),
            form,
            typed: Typed {
                user_id: "test-taro".into(),
                password: String::new(),
                remember: Some("yes".into()),
                return_to: "/expenses".into(),
            },
            remember_days: 30,
            passkeys: true,
            told: told("changed"),
        }
    },
    RefusedPage => |shell| refused_page(shell, Why::Expired),
}
