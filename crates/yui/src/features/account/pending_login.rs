//! A pending login: a random token in a cookie, and its proofs so far in the database. A page or act of a step exists
//! only as a handler that takes [`At`] this step; a request for another step is redirected to the step that is due.

use std::marker::PhantomData;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use yui_auth::token::Token;
use yui_db::Tx;

use super::{
    login_cookie::{LOGIN_COOKIE, forgotten},
    paths::login_path,
    queries, session,
    steps::{AuthAccount, LoginState, PrimaryFactor, Purpose, Step, step},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        scope::{MemberScope, PublicScope},
        society::InSociety,
    },
    ui::cookie::{self, with_cookies},
};

/// The time that a login waits for its next step. Enrolment keeps what it has with the account, and goes on after the
/// next login.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// A pending login.
#[derive(Debug)]
pub(super) struct PendingLogin {
    pub(super) scope: PublicScope,
    pub(super) token_hash: [u8; 32],
    revision: i64,
    /// The end of its life, as of the next step.
    ends_at: Timestamp,
    pub(super) proofs: LoginState,
    pub(super) account: AuthAccount,
    /// Its password hash.
    pub(super) password_hash: String,
}

impl PendingLogin {
    /// Returns the pending login of this browser at this society, if any.
    pub(super) async fn of(app: &App, scope: &PublicScope, headers: &HeaderMap) -> anyhow::Result<Option<Self>> {
        let Some(token) = cookie::get(headers, app.config.http.https, LOGIN_COOKIE).and_then(Token::parse) else {
            return Ok(None);
        };
        Self::with(app, scope, *token.hash().as_bytes()).await
    }

    async fn with(app: &App, scope: &PublicScope, token_hash: [u8; 32]) -> anyhow::Result<Option<Self>> {
        let now = app.clock.now();
        let Some(row) = queries::login(&app.db, scope, &token_hash, now).await? else { return Ok(None) };
        let Some((account, password_hash)) = queries::auth_account(&app.db, scope, row.account_id, now).await? else {
            return Ok(None);
        };
        let (scope, revision, proofs) = (scope.clone(), row.revision, row.proofs);
        let ends_at = now.checked_add(LIFE)?;
        Ok(Some(Self { scope, token_hash, revision, ends_at, proofs, account, password_hash }))
    }

    /// Returns the next step.
    pub(super) fn step(&self, app: &App) -> Step {
        step(&self.account, &self.proofs, &self.scope.society().policy, app.clock.now())
    }

    /// Takes the step with these proofs. Returns false if it was taken already, in another tab, or if the account has
    /// changed meanwhile: then the transaction must be rolled back.
    pub(super) async fn take_step(&self, tx: &mut Tx, proofs: &LoginState) -> anyhow::Result<bool> {
        let (login, step) = ((&self.token_hash, self.revision), (proofs, self.ends_at));
        queries::login_step(tx, &self.scope, login, step, &self.account).await
    }

    /// Commits the changes of a step, and redirects to the next.
    pub(super) async fn commit_and_advance(self, app: &App, client: &ClientInfo, tx: Tx) -> Result<Response, AppError> {
        tx.commit().await?;
        self.redirect_to_next_step(app, client).await
    }

    /// Redirects to the step that is due now.
    pub(super) async fn redirect_to_next_step(self, app: &App, client: &ClientInfo) -> Result<Response, AppError> {
        match Self::with(app, &self.scope, self.token_hash).await? {
            Some(fresh) => {
                let Self { scope, token_hash, revision, proofs, account, .. } = fresh;
                advance(app, &scope, client, &account, proofs, Some((token_hash, revision))).await
            }
            None => Ok(Redirect::to("/login").into_response()),
        }
    }
}

/// Returns the account of this browser's pending login.
pub(crate) async fn owner_of_login(app: &App, scope: &PublicScope, headers: &HeaderMap) -> anyhow::Result<Option<i64>> {
    Ok(PendingLogin::of(app, scope, headers).await?.map(|login| login.account.account_id))
}

/// The expired login or session of a browser, with its account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RanOut {
    /// A pending login: it begins again, and comes to its step by itself.
    Login(i64),
    /// A session.
    Session(i64),
}

/// Returns what has expired in this browser; nothing if a login is pending.
pub(crate) async fn ran_out(app: &App, scope: &PublicScope, headers: &HeaderMap) -> anyhow::Result<Option<RanOut>> {
    let token = cookie::get(headers, app.config.http.https, LOGIN_COOKIE).and_then(Token::parse);
    if let Some(token) = token {
        let token_hash = *token.hash().as_bytes();
        if PendingLogin::with(app, scope, token_hash).await?.is_some() {
            return Ok(None);
        }
        if let Some(owner) = queries::login_owner(&app.db, scope, &token_hash).await? {
            return Ok(Some(RanOut::Login(owner)));
        }
    }
    Ok(session::owner(app, scope, headers).await?.map(RanOut::Session))
}

/// Redirects to the step that is due, or opens the session if none is.
pub(super) async fn advance(
    app: &App,
    scope: &PublicScope,
    client: &ClientInfo,
    account: &AuthAccount,
    proofs: LoginState,
    row: Option<([u8; 32], i64)>,
) -> Result<Response, AppError> {
    let due = step(account, &proofs, &scope.society().policy, app.clock.now());
    if due == Step::Open {
        let opened = session::open(app, scope, client, account, &proofs, row).await?;
        return Ok(match opened {
            Some(cookies) => with_cookies(Redirect::to(&proofs.return_to).into_response(), cookies),
            // The session that was to be proved anew is over.
            None if proofs.purpose == Purpose::Confirm => {
                if let Some((token_hash, _)) = row {
                    queries::login_delete(&app.db, scope, &token_hash).await?;
                }
                let login = Redirect::to(&login_path(&proofs.return_to)).into_response();
                with_cookies(login, vec![forgotten(app)])
            }
            // Something changed in between: what is due now is looked up anew.
            None => Redirect::to(if row.is_some() { "/login/continue" } else { "/login" }).into_response(),
        });
    }
    if row.is_some() {
        return Ok(Redirect::to(due.path()).into_response());
    }
    let known = matches!(proofs.first, Some(PrimaryFactor::Password { known_device: true }));
    let device = client.device_token().filter(|_| known && proofs.purpose == Purpose::SignIn);
    let cookie = begin(app, scope, account, &proofs, device).await?;
    Ok(with_cookies(Redirect::to(due.path()).into_response(), vec![cookie]))
}

/// Begins a login; returns its cookie.
async fn begin(
    app: &App,
    scope: &PublicScope,
    account: &AuthAccount,
    proofs: &LoginState,
    device: Option<[u8; 32]>,
) -> anyhow::Result<String> {
    let token = app.random.token()?;
    let now = app.clock.now();
    let span = (now, now.checked_add(LIFE)?);
    let mut tx = app.db.begin().await?;
    queries::login_insert(&mut tx, scope, token.hash().as_bytes(), account.account_id, proofs, span, device.as_ref())
        .await?;
    tx.commit().await?;
    Ok(cookie::set(app.config.http.https, LOGIN_COOKIE, &token.text(), None))
}

/// Names a step in a handler's arguments.
pub(super) trait Named {
    /// Returns whether this is it.
    fn is(step: Step) -> bool;
}

macro_rules! named {
    ($($name:ident = $pattern:pat),+ $(,)?) => {$(
        /// The step of this name.
        #[derive(Debug)]
        pub(super) struct $name;

        impl Named for $name {
            fn is(step: Step) -> bool {
                matches!(step, $pattern)
            }
        }
    )+};
}

named! {
    AtFactor = Step::Factor,
    AtBirthDate = Step::BirthDate,
    AtIdentity = Step::Identity,
    AtTerms = Step::Terms,
    AtEmail = Step::Email | Step::EmailSent,
    AtEmailSent = Step::EmailSent,
    AtProfile = Step::Profile,
    AtPassword = Step::Password,
    AtDetails = Step::Details,
    AtCheck = Step::Check,
    AtAddFactor = Step::AddFactor,
    AtRefused = Step::Refused(_),
}

/// A login that stands at this step, by what the database says now.
#[derive(Debug)]
pub(super) struct At<S> {
    pub(super) login: PendingLogin,
    step: PhantomData<S>,
}

impl<S: Named + Send> FromRequestParts<App> for At<S> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let scope = PublicScope::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let found = PendingLogin::of(app, &scope, &parts.headers).await;
        let Some(login) = found.map_err(|error| AppError::from(error).into_response())? else {
            // The step that came second of two finds the login finished: there is nothing left to do but to go in.
            let signed_in = parts.extensions.get::<MemberScope>().is_some();
            let begun = cookie::get(&parts.headers, app.config.http.https, LOGIN_COOKIE).is_some();
            let to = match (signed_in, begun) {
                (true, _) => "/",
                (false, true) => "/login?ended=login",
                (false, false) => "/login",
            };
            return Err(Redirect::to(to).into_response());
        };
        let due = login.step(app);
        if !S::is(due) {
            return Err(Redirect::to(due.path()).into_response());
        }
        Ok(Self { login, step: PhantomData })
    }
}
