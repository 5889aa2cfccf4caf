//! ログイン by user ID and password.

use std::time::Instant;

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::{code, fair::Place, password::Password};

use super::{
    attempt::Attempt,
    events::{AccountEvent, record_event},
    limits::{DECOYS, PASSWORDS_OF_ADDRESS, PASSWORDS_OF_DEVICE, PASSWORDS_OF_USER_ID},
    login_cookie,
    pending_login::{At, AtRefused, PendingLogin, advance},
    queries::{self, Counting, Wrong},
    rules,
    settings::others_end,
    steps::{AuthAccount, LoginRefusal, LoginState, PrimaryFactor, Step, step},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        even_time,
        heavy::{self, busy},
        random::hex,
        rate_limit::{RateLimitCharge, charge, wait},
        scope::{MemberScope, PublicScope},
        security,
        society::{Factor, InSociety},
    },
    ui::{FormState, Page, PageContext, cookie::with_cookies, local_path},
};

#[derive(Template)]
#[template(path = "features/account/login.html")]
pub(crate) struct LoginPage {
    pub(crate) page: Page,
    pub(crate) form: FormState,
    pub(crate) typed: LoginForm,
    pub(crate) remember_days: u16,
    /// Whether a passkey may sign in.
    pub(crate) passkeys: bool,
    /// The reason for showing this page, if the user did not ask for it.
    pub(crate) notice: Option<&'static str>,
}

/// Returns the notice that the query asks for.
fn notice_of(LoginQuery { password, ended, .. }: &LoginQuery) -> Option<&'static str> {
    match (password.as_str(), ended.as_str()) {
        ("changed", _) => Some("パスワードを変更しました。新しいパスワードでログインしてください。"),
        ("wrong", _) => Some("パスワードの誤りが続いたため、ログアウトしました。もう一度ログインしてください。"),
        (_, "kept") => Some(
            "ログインの有効時間が過ぎたため、ログアウトしました。入力した内容は残っています（パスワードとコードを除く）。ログインすると、続きから入力できます。",
        ),
        (_, "lost") => Some(
            "ログインの有効時間が過ぎたため、ログアウトしました。入力した内容は残せませんでした。ログインして、もう一度入力してください。",
        ),
        (_, "out") => {
            Some("ログアウトしていたため、送信した内容は受け付けていません。ログインして、もう一度入力してください。")
        }
        (_, "session") => Some("ログインの有効時間が過ぎたため、ログアウトしました。もう一度ログインしてください。"),
        (_, "login") => Some("手続きの有効時間が過ぎたか、ほかの画面で先に進みました。もう一度ログインしてください。"),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "features/account/refused.html")]
pub(crate) struct RefusedPage {
    pub(crate) page: Page,
    pub(crate) words: String,
}

/// The query of the login page's address.
#[derive(Default, Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    ended: String,
}

/// The login form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct LoginForm {
    user_id: String,
    password: String,
    remember: Option<String>,
    return_to: String,
}

pub(super) async fn show(
    context: PageContext,
    scope: PublicScope,
    signed_in: Option<axum::Extension<MemberScope>>,
    Query(query): Query<LoginQuery>,
) -> Response {
    let notice = notice_of(&query);
    let return_to = local_path(&query.return_to);
    if signed_in.is_some() {
        return Redirect::to(&return_to).into_response();
    }
    let typed = LoginForm { return_to, ..LoginForm::default() };
    LoginPage { notice, ..page(&context, &scope, FormState::default(), typed) }.into_response()
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Form(typed): Form<LoginForm>,
) -> Result<Response, AppError> {
    let typed = LoginForm { return_to: local_path(&typed.return_to), ..typed };
    let user_id = rules::folded(&typed.user_id);
    let mut form = FormState::default();
    if user_id.is_empty() {
        form.error("user_id", context.t("ユーザIDを入力してください。"));
    }
    if typed.password.is_empty() {
        form.error("password", context.t("パスワードを入力してください。"));
    }
    if form.has_errors() {
        return Ok(page(&context, &scope, form, typed).into_response());
    }
    let turn = heavy::stranger(&scope, &client, &user_id);
    let place = app.logins.place(turn).await?;
    let begun = Instant::now();
    let refuse = async |place: Place, typed: LoginForm| {
        // Nothing is held while the answer waits.
        drop(place);
        even_time::pause(begun).await;
        Ok(refused(&context, &scope, typed))
    };
    let now = app.clock.now();
    let found = queries::auth_account_by_user_id(&app.db, &scope, &user_id, now).await?;
    // In the owner's own browser nobody's mistakes count but those made there.
    let account = found.as_ref().map(|(account, _)| account);
    let known_device = known_device(&app, &scope, &client, account).await?;
    // Whatever the account: the number of tries left must not tell which passwords can be guessed.
    let costs = if queries::any_guessable(&app.db, &scope, now).await? { 2 } else { 1 };
    let networks: Vec<_> =
        PASSWORDS_OF_ADDRESS.of_network(&client).into_iter().map(|limit| limit.costing(costs)).collect();
    let own = match client.device_token().filter(|_| known_device) {
        Some(device) => PASSWORDS_OF_DEVICE.of(&format!("{user_id} {}", hex(&device))),
        None => PASSWORDS_OF_USER_ID.of(&user_id),
    };
    // A network's tries are only looked at now, and spent by wrong passwords: right ones that are on their way, however many, keep
    // nobody out. How many can be on their way, the line of the hasher bounds.
    if !known_device && let Some(seconds) = wait(&app, &scope, &networks).await? {
        return Ok(too_often(&context, &scope, typed, seconds));
    }
    let mut attempt = Attempt::new(&app, &scope);
    if let Some(seconds) = attempt.take(&[own]).await? {
        return Ok(too_often(&context, &scope, typed, seconds));
    }
    let Some(counted) = Counted::before(&mut attempt, &scope, &client, account.filter(|_| known_device)).await? else {
        attempt.wrong();
        return refuse(place, typed).await;
    };
    // One hash for every try: a password of the form of mailed ones is compared with the mailed one, if there is any.
    let mailed = account.and_then(|account| account.mailed_password.clone());
    let mailed = mailed.filter(|(_, ends_at)| *ends_at > now && code::looks_temporary(&typed.password));
    let stored = mailed.as_ref().map(|(hash, _)| hash).or(found.as_ref().map(|(_, hash)| hash)).map(String::as_str);
    let given = Password::new(rules::password_as_kept(&typed.password));
    let verified = match app.hasher.verify(turn, given, stored).await {
        Ok(verified) => verified,
        // What was not looked at was no try.
        Err(error) => {
            attempt.right().await?;
            return Err(busy(error));
        }
    };
    let wrong = Mistake { user_id: &user_id, client: &client, counted, networks: &networks };
    // The account is read again after the hash, because it may have been locked meanwhile. Wrong passwords and unknown user IDs cost the
    // same statement: an additional one would reveal that the password of a locked or stopped account is right.
    let fresh = queries::auth_account(&app.db, &scope, account.map_or(0, |account| account.account_id), now).await?;
    let Some((mut account, _)) = fresh.filter(|_| verified.matches) else {
        attempt.wrong();
        wrong.count(&app, &scope, account).await?;
        return refuse(place, typed).await;
    };
    if let Some((hash, _)) = &mailed {
        let mut tx = app.db.begin().await?;
        if !queries::mailed_password_use(&mut tx, &scope, account.account_id, hash, now).await? {
            attempt.wrong();
            return refuse(place, typed).await;
        }
        others_end(&mut tx, &scope, account.account_id, &[0; 32]).await?;
        record_event(&app, &mut tx, &scope, Some(&client), account.account_id, AccountEvent::MailedPasswordUsed)
            .await?;
        tx.commit().await?;
        let fresh = queries::auth_account(&app.db, &scope, account.account_id, now).await?;
        account = fresh.map_or(account, |(account, _)| account);
    } else if verified.needs_rehash {
        let again = Password::new(rules::password_as_kept(&typed.password));
        // A hash of old parameters is replaced where there is time for it.
        if let Ok(hash) = app.hasher.hash(turn, again, app.random.bytes()?).await {
            queries::password_rehashed(&app.db, &scope, &account, &hash).await?;
        }
    }
    let proofs = LoginState {
        first: Some(PrimaryFactor::Password { known_device }),
        password_at: Some(account.password_set_at),
        remember: typed.remember.is_some(),
        return_to: typed.return_to.clone(),
        ..LoginState::default()
    };
    match step(&account, &proofs, &scope.society().policy, now) {
        Step::Refused(LoginRefusal::Expired) => {
            attempt.right().await?;
            Ok(refused_page(&context, LoginRefusal::Expired).into_response())
        }
        // A right password of a locked account is answered, and counted, like a wrong one.
        Step::Refused(_) => {
            attempt.wrong();
            wrong.count(&app, &scope, Some(&account)).await?;
            refuse(place, typed).await
        }
        _ => {
            // A known browser has so many tries, right or wrong, that its owner needs no more.
            if known_device {
                attempt.right_but_spent().await?
            } else {
                attempt.right().await?
            }
            advance(&app, &scope, &client, &account, proofs, None).await
        }
    }
}

/// The subject that a wrong password is counted against.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counted {
    /// Against a browser known to be the owner's, where it is counted already, with the number in a row.
    Device([u8; 32], i32),
    /// Against the account, if there is one.
    Account,
}

impl Counted {
    /// Counts a password in the owner's own browser before it is checked; `owner` is none in other browsers. Returns
    /// none if it is one too many.
    pub(super) async fn before<S: InSociety + Clone + Send + Sync + 'static>(
        attempt: &mut Attempt<S>,
        scope: &S,
        client: &ClientInfo,
        owner: Option<&AuthAccount>,
    ) -> Result<Option<Self>, yui_db::DbError> {
        let Some((account, device)) = owner.zip(client.device_token()) else { return Ok(Some(Self::Account)) };
        let count = attempt.count_in_device(device, account.account_id).await?;
        let limit = scope.society().policy.lock_after_wrong_passwords;
        Ok(count.filter(|count| *count <= limit).map(|count| Self::Device(device, count)))
    }
}

/// A wrong password.
pub(super) struct Mistake<'a> {
    pub(super) user_id: &'a str,
    pub(super) client: &'a ClientInfo,
    pub(super) counted: Counted,
    /// The networks' limits that it is charged to, if it was not made in the owner's browser.
    pub(super) networks: &'a [RateLimitCharge],
}

impl Mistake<'_> {
    /// Counts it: against the account, or against the browser if it is known to be the owner's, so that strangers
    /// cannot lock the owner out of their own browser. If there is no such account, the same work is done and as much
    /// is written.
    pub(super) async fn count(
        &self,
        app: &App,
        scope: &PublicScope,
        account: Option<&AuthAccount>,
    ) -> anyhow::Result<()> {
        let account_id = account.map(|account| account.account_id);
        let now = app.clock.now();
        if !self.networks.is_empty() && matches!(self.counted, Counted::Account) {
            charge(app, scope, self.networks).await?;
        }
        let mut tx = app.db.begin().await?;
        let locked = match (self.counted, account_id) {
            (Counted::Device(device, count), Some(account_id)) => {
                let last = count >= scope.society().policy.lock_after_wrong_passwords;
                if last {
                    queries::device_forget(&mut tx, scope, &device, account_id).await?;
                }
                last && queries::lock(&mut tx, scope, account_id, now).await?
            }
            _ => match queries::wrong(&mut tx, scope, account_id, Wrong::Password, now).await? {
                Counting::Nowhere => {
                    let decoy = DECOYS.of(self.user_id);
                    queries::throttle_decoy(&mut tx, scope, decoy.key(), now).await?;
                    false
                }
                counting => counting == Counting::Locked,
            },
        };
        if let Some(account_id) = account_id.filter(|_| locked) {
            record_event(app, &mut tx, scope, Some(self.client), account_id, AccountEvent::Locked).await?;
        }
        tx.commit().await?;
        app.mail.wake();
        security::refused(scope, "password", account_id);
        Ok(())
    }
}

/// Returns whether this browser is known to be the account owner's. The same query runs if there is no account.
pub(super) async fn known_device(
    app: &App,
    scope: &PublicScope,
    client: &ClientInfo,
    account: Option<&AuthAccount>,
) -> Result<bool, AppError> {
    let Some(device) = client.device_token() else { return Ok(false) };
    let account_id = account.map_or(0, |account| account.account_id);
    Ok(queries::device_known(&app.db, scope, &device, account_id).await?)
}

/// The answer to a login that proves nobody's identity: the same words whether or not the account exists.
fn refused(context: &PageContext, scope: &PublicScope, typed: LoginForm) -> Response {
    let mut form = FormState::default();
    form.error("user_id", context.t("無効なユーザIDまたはパスワードです。"));
    page(context, scope, form, typed).into_response()
}

/// The answer to tries in too fast a sequence: the same for an account that does not exist.
fn too_often(context: &PageContext, scope: &PublicScope, typed: LoginForm, seconds: u32) -> Response {
    let mut form = FormState::default();
    form.error("user_id", &too_often_words(context, seconds));
    let retry = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry, page(context, scope, form, typed)).into_response()
}

/// Returns the words that tell when passwords are checked again.
pub(super) fn too_often_words(context: &PageContext, seconds: u32) -> String {
    let words = "入力の誤りが続いたため、しばらくお待ちいただいています。{0}秒たってから、もう一度お試しください。";
    context.lang.tf(words, [seconds.to_string()])
}

fn page(context: &PageContext, scope: &PublicScope, form: FormState, typed: LoginForm) -> LoginPage {
    let policy = &scope.society().policy;
    LoginPage {
        page: if form.has_errors() { context.page_with_errors("ログイン") } else { context.page("ログイン") },
        form,
        typed,
        remember_days: policy.session.remember_days,
        passkeys: policy.factors.contains(&Factor::Passkey),
        notice: None,
    }
}

/// Redirects to the next step: for pages that wait for something to happen elsewhere.
pub(super) async fn resume(
    State(app): State<App>,
    scope: PublicScope,
    client: ClientInfo,
    headers: axum::http::HeaderMap,
) -> Result<Response, AppError> {
    match PendingLogin::of(&app, &scope, &headers).await? {
        Some(login) => login.redirect_to_next_step(&app, &client).await,
        None => Ok(Redirect::to("/login").into_response()),
    }
}

/// Shows why a pending login cannot go on, and ends it.
pub(super) async fn show_refused(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtRefused>,
) -> Result<Response, AppError> {
    let why = if let Step::Refused(why) = login.step(&app) { why } else { LoginRefusal::NoProof };
    queries::login_delete(&app.db, &login.scope, &login.token_hash).await?;
    Ok(with_cookies(refused_page(&context, why).into_response(), vec![login_cookie::forgotten(&app)]))
}

/// Gives a login up: the way out of every step.
pub(super) async fn cancel(
    State(app): State<App>,
    scope: PublicScope,
    headers: axum::http::HeaderMap,
) -> Result<Response, AppError> {
    if let Some(login) = PendingLogin::of(&app, &scope, &headers).await? {
        queries::login_delete(&app.db, &scope, &login.token_hash).await?;
    }
    Ok(with_cookies(Redirect::to("/").into_response(), vec![login_cookie::forgotten(&app)]))
}

fn refused_page(context: &PageContext, why: LoginRefusal) -> RefusedPage {
    let words = match why {
        LoginRefusal::Expired => context
            .t("仮パスワードの有効期限が切れています。新しい仮パスワードの発行を、健康保険組合へお申し出ください。"),
        LoginRefusal::Locked => {
            context.t("アカウントがロックされています。ロックの解除を、健康保険組合へお申し出ください。")
        }
        LoginRefusal::Stopped | LoginRefusal::NoProof => {
            context.t("ログインを続けられません。はじめからやり直してください。")
        }
    };
    RefusedPage { page: context.page("ログインできません"), words: words.to_owned() }
}

crate::ui::pages! {
    LoginPage => |context| {
        let mut form = FormState::default();
        form.error("user_id", context.t("無効なユーザIDまたはパスワードです。"));
        Self {
            page: context.page_with_errors("ログイン"),
            form,
            typed: LoginForm {
                user_id: "test-taro".into(),
                password: String::new(),
                remember: Some("yes".into()),
                return_to: "/expenses".into(),
            },
            remember_days: 30,
            passkeys: true,
            notice: notice_of(&LoginQuery { password: "changed".into(), ..LoginQuery::default() }),
        }
    },
    RefusedPage => |context| refused_page(context, LoginRefusal::Expired),
}
