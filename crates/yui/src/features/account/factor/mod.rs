//! The second factor of a login: one page with the way that the member would rather use, and every other way behind
//! 別の方法.

mod app_code;
mod mail_code;
mod passkey;
mod recovery;

pub(super) use app_code::submit as app_submit;
pub(super) use mail_code::{again as mail_again, submit as mail_submit};
pub(super) use passkey::{begin as passkey_begin, finish as passkey_finish};
pub(super) use recovery::submit as recovery_submit;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_db::Tx;

use super::{
    events::{AccountEvent, record_event},
    login_cookie::forgotten,
    pending_login::{At, AtFactor, PendingLogin},
    queries::{self, Counting, FactorRecord, Wrong},
    steps::{LoginState, Purpose, SecondFactor, WRONG_CODES_PER_LOGIN},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        security,
        society::{Factor, InSociety},
    },
    ui::{FormState, Page, PageContext, cookie::with_cookies, cross_site},
};

/// A way to prove the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FactorKind {
    /// Any of the account's passkeys.
    Passkey,
    /// The app on the device with this number.
    App(i64),
    /// A code by mail.
    Email,
    /// A recovery code.
    Recovery,
}

/// A way in the list of 別の方法.
pub(crate) struct WayLink {
    pub(crate) href: String,
    pub(crate) label: String,
}

#[derive(Template)]
#[template(path = "features/account/factor/factor.html")]
pub(crate) struct FactorPage {
    pub(crate) page: Page,
    pub(crate) form: FormState,
    pub(crate) way: FactorKind,
    /// The device's label, or the masked address.
    pub(crate) target: String,
    pub(crate) others: Vec<WayLink>,
    /// A mail was just sent.
    pub(crate) sent: bool,
    /// A re-authentication, not a login.
    pub(crate) confirming: bool,
}

#[derive(Template)]
#[template(path = "features/account/factor/given_up.html")]
pub(crate) struct GivenUpPage {
    pub(crate) page: Page,
}

/// Which way is wanted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FactorQuery {
    way: String,
    device: Option<i64>,
}

impl FactorKind {
    fn href(self) -> String {
        match self {
            Self::Passkey => "/login/factor?way=passkey".to_owned(),
            Self::App(device) => format!("/login/factor?way=app&device={device}"),
            Self::Email => "/login/factor?way=email".to_owned(),
            Self::Recovery => "/login/factor?way=recovery".to_owned(),
        }
    }

    fn kind(self) -> Option<Factor> {
        match self {
            Self::Passkey => Some(Factor::Passkey),
            Self::App(_) => Some(Factor::App),
            Self::Email => Some(Factor::Email),
            Self::Recovery => None,
        }
    }
}

/// Everything the pages of this step look at.
pub(super) struct AvailableFactors {
    pub(super) factors: Vec<FactorRecord>,
    recovery: bool,
    email: String,
}

impl AvailableFactors {
    pub(super) async fn of(app: &App, login: &PendingLogin) -> Result<Self, AppError> {
        let (scope, id) = (&login.scope, login.account.account_id);
        let mut factors = queries::factors(&app.db, scope, id).await?;
        // What the society no longer offers proves nothing, unless there is nothing else.
        let offered = &scope.society().policy.factors;
        if factors.iter().any(|factor| offered.contains(&factor.kind)) {
            factors.retain(|factor| offered.contains(&factor.kind));
        }
        // The mailbox is not both factors, nor does it vouch for a change of itself, where there is anything else.
        let mailbox_used = login.proofs.purpose != Purpose::SignIn;
        if mailbox_used && factors.iter().any(|factor| factor.kind != Factor::Email) {
            factors.retain(|factor| factor.kind != Factor::Email);
        }
        let recovery = !queries::recovery_unused(&app.db, scope, id).await?.is_empty();
        Ok(Self { factors, recovery, email: login.account.email.clone().unwrap_or_default() })
    }

    fn all(&self) -> Vec<FactorKind> {
        let has = |kind| self.factors.iter().any(|factor| factor.kind == kind);
        let apps =
            self.factors.iter().filter(|factor| factor.kind == Factor::App).map(|app| FactorKind::App(app.factor_id));
        let mut all: Vec<_> = has(Factor::Passkey).then_some(FactorKind::Passkey).into_iter().chain(apps).collect();
        all.extend(has(Factor::Email).then_some(FactorKind::Email));
        all.extend(self.recovery.then_some(FactorKind::Recovery));
        all
    }

    /// Returns the way that was asked for where the account has it, else the one the member chose, else the safest.
    fn wanted(&self, wanted: &FactorQuery, chosen: Option<Factor>) -> FactorKind {
        let all = self.all();
        let asked = match wanted.way.as_str() {
            "passkey" => Some(FactorKind::Passkey),
            "app" => wanted.device.map(FactorKind::App).or_else(|| self.newest_app()),
            "email" => Some(FactorKind::Email),
            "recovery" => Some(FactorKind::Recovery),
            _ => None,
        };
        let preferred = match chosen {
            Some(Factor::App) => self.newest_app(),
            Some(Factor::Email) => Some(FactorKind::Email),
            Some(Factor::Passkey) => Some(FactorKind::Passkey),
            None => None,
        };
        let usable = |way: Option<FactorKind>| way.filter(|way| all.contains(way));
        usable(asked).or(usable(preferred)).or(all.first().copied()).unwrap_or(FactorKind::Passkey)
    }

    /// Returns the app that was used last.
    fn newest_app(&self) -> Option<FactorKind> {
        let apps = self.factors.iter().filter(|factor| factor.kind == Factor::App);
        apps.max_by_key(|app| (app.last_used_at, app.factor_id)).map(|app| FactorKind::App(app.factor_id))
    }

    fn label(&self, context: &PageContext, way: FactorKind) -> String {
        let named = |sentence: &str, value: &str| context.lang.tf(sentence, [value]);
        match way {
            FactorKind::Passkey => context.t("生体認証（パスキー）を使う").to_owned(),
            FactorKind::App(device) => {
                named("アプリのコードを使う（{0}）", self.target(FactorKind::App(device)).as_str())
            }
            FactorKind::Email => named("メールでコードを受け取る（{0}）", &self.target(FactorKind::Email)),
            FactorKind::Recovery => context.t("回復コードを使う").to_owned(),
        }
    }

    fn target(&self, way: FactorKind) -> String {
        match way {
            FactorKind::App(device) => {
                let app = self.factors.iter().find(|factor| factor.factor_id == device);
                app.map(|app| app.label.clone()).unwrap_or_default()
            }
            FactorKind::Email => masked(&self.email),
            FactorKind::Passkey | FactorKind::Recovery => String::new(),
        }
    }

    fn page(
        &self,
        context: &PageContext,
        login: &PendingLogin,
        way: FactorKind,
        form: FormState,
        sent: bool,
    ) -> FactorPage {
        let others = self.all().into_iter().filter(|other| *other != way);
        let others = others.map(|other| WayLink { href: other.href(), label: self.label(context, other) }).collect();
        let title = "二要素認証";
        FactorPage {
            page: if form.has_errors() { context.page_with_errors(title) } else { context.page(title) },
            form,
            way,
            target: self.target(way),
            others,
            sent,
            confirming: login.proofs.purpose == Purpose::Confirm,
        }
    }
}

/// Returns the address as far as its owner recognises it: `te…@example.jp`.
pub(super) fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().take(2).collect::<String>()),
        None => String::new(),
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    Query(wanted): Query<FactorQuery>,
    headers: HeaderMap,
    At { login, .. }: At<AtFactor>,
) -> Result<Response, AppError> {
    let ways = AvailableFactors::of(&app, &login).await?;
    let way = ways.wanted(&wanted, login.account.chosen_factor);
    // A page elsewhere that leads here makes nobody a mail.
    if way == FactorKind::Email && !mail_code::lives(&app, &login) && !cross_site(&headers) {
        return mail_code::send(&app, &context, login, &ways).await;
    }
    Ok(ways.page(&context, &login, way, FormState::default(), false).into_response())
}

/// Records a proved second factor in `tx`, and leads on.
async fn proved(
    app: &App,
    client: &ClientInfo,
    login: PendingLogin,
    mut tx: Tx,
    second: SecondFactor,
) -> Result<Response, AppError> {
    let proofs = LoginState { second: Some(second), mail_code: None, ..login.proofs.clone() };
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    login.commit_and_advance(app, client, tx).await
}

/// Counts a wrong code; after the last one the login is given up.
async fn wrong(
    app: &App,
    context: &PageContext,
    client: &ClientInfo,
    login: PendingLogin,
    (way, field): (FactorKind, &'static str),
    words: &str,
) -> Result<Response, AppError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let proofs = LoginState { wrong_codes: login.proofs.wrong_codes + 1, ..login.proofs.clone() };
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    let id = login.account.account_id;
    if queries::wrong(&mut tx, &login.scope, Some(id), Wrong::Code, now).await? == Counting::Locked {
        record_event(app, &mut tx, &login.scope, Some(client), id, AccountEvent::Locked).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    security::refused(&login.scope, "code", Some(id));
    if proofs.wrong_codes >= WRONG_CODES_PER_LOGIN {
        queries::login_delete(&app.db, &login.scope, &login.token_hash).await?;
        let page = GivenUpPage { page: context.page("ログインできません") };
        return Ok(with_cookies(page.into_response(), vec![forgotten(app)]));
    }
    let mut form = FormState::default();
    form.error(field, context.t(words));
    let ways = AvailableFactors::of(app, &login).await?;
    Ok(ways.page(context, &login, way, form, false).into_response())
}

crate::ui::pages! {
    FactorPage => |context| {
        let mut form = FormState::default();
        form.error("code", context.t("ワンタイムパスワードが正しくありません。"));
        Self {
            page: context.page_with_errors("二要素認証"),
            form,
            way: FactorKind::Email,
            target: "te…@example.jp".into(),
            others: vec![WayLink {
                href: FactorKind::Passkey.href(),
                label: context.t("生体認証（パスキー）を使う").into(),
            }],
            sent: true,
            confirming: false,
        }
    },
    GivenUpPage => |context| Self { page: context.page("ログインできません") },
}
