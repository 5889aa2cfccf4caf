//! Sessions: a random token in a cookie, its hash in the database, bound to one society.

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use yui_auth::token::Token;

use super::{
    events::{AccountEvent, record_event},
    limits::PASSWORDS_OF_USER_ID,
    login_cookie,
    queries::{self, NewSession},
    steps::{AuthAccount, LoginState, PrimaryFactor, Purpose, SecondFactor},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        scope::{MemberScope, PublicScope, SessionOwner},
        society::{InSociety, SessionRule},
    },
    ui::{Lang, cookie},
};

/// The name of the session cookie; `__Host-` is put before it where members come by https.
const SESSION_COOKIE: &str = "yui_session";

/// How often the last use of a session is written down at the most.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Returns until when a session lives that is used now: until it would be idle, and the end in any case.
fn limits(rule: SessionRule, remembered: bool, now: Timestamp) -> (Timestamp, Timestamp) {
    let later = |duration: SignedDuration| now.checked_add(duration).unwrap_or(Timestamp::MAX);
    if remembered {
        let end = later(SignedDuration::from_hours(24 * i64::from(rule.remember_days)));
        (end, end)
    } else {
        let idle = SignedDuration::from_mins(i64::from(rule.idle_minutes));
        (later(idle), later(SignedDuration::from_hours(i64::from(rule.absolute_hours))))
    }
}

/// Returns the seconds that a browser keeps a remembered session's cookie.
fn keep(rule: SessionRule, remembered: bool) -> Option<i64> {
    remembered.then(|| i64::from(rule.remember_days) * 24 * 60 * 60)
}

/// Returns the word for the strongest thing proved.
fn proof_word(proofs: &LoginState) -> &'static str {
    match (proofs.first, proofs.second) {
        (Some(PrimaryFactor::Passkey), _) => SecondFactor::Passkey.as_str(),
        (_, Some(second)) => second.as_str(),
        (_, None) => "password",
    }
}

/// Opens what the login was for: a session, or the proof anew of the one there is. Returns the cookies for it, or nothing
/// where the login was used already or the account has changed since it was looked at.
pub(super) async fn open(
    app: &App,
    scope: &PublicScope,
    client: &ClientInfo,
    account: &AuthAccount,
    proofs: &LoginState,
    row: Option<([u8; 32], i64)>,
) -> anyhow::Result<Option<Vec<String>>> {
    let token = app.random.token()?;
    let token_hash = *token.hash().as_bytes();
    let now = app.clock.now();
    let https = app.config.http.https;
    // Everything is looked at before the transaction begins: it must not wait for a second connection.
    let confirmed = match proofs.session.as_deref().and_then(unhex) {
        Some(old) if proofs.purpose == Purpose::Confirm => {
            queries::session(&app.db, scope, &old, now).await?.map(|session| (old, session))
        }
        _ => None,
    };
    let known = match client.device_token() {
        Some(device) => queries::device_known(&app.db, scope, &device, account.account_id).await?,
        None => false,
    };
    let mut tx = app.db.begin().await?;
    if let Some((login, revision)) = row
        && !queries::login_take(&mut tx, scope, &login, revision).await?
    {
        return Ok(None);
    }
    let rule = scope.society().policy.session;
    if proofs.purpose == Purpose::Confirm {
        let Some((old, session)) = confirmed else { return Ok(None) };
        if session.account_id != account.account_id
            || !queries::session_renew(&mut tx, scope, (&old, &token_hash), proof_word(proofs), now).await?
        {
            return Ok(None);
        }
        tx.commit().await?;
        let session = cookie::set(https, SESSION_COOKIE, &token.text(), keep(rule, session.remembered));
        return Ok(Some(vec![session, login_cookie::forgotten(app)]));
    }

    let (idle_until, ends_at) = limits(rule, proofs.remember, now);
    let session = NewSession {
        token_hash,
        account_id: account.account_id,
        revision: account.revision,
        now,
        idle_until,
        ends_at,
        remembered: proofs.remember,
        proof: proof_word(proofs),
        device: &client.device(Lang::Ja),
        address: &client.address.to_string(),
    };
    if !queries::session_insert(&mut tx, scope, &session).await? {
        return Ok(None);
    }
    let first_login = !queries::logged_in(&mut tx, scope, account.account_id, now).await?;
    PASSWORDS_OF_USER_ID.of(&account.user_id).forget(app, &mut tx, scope).await?;
    // A fresh token each time: one that was copied from this browser before is worth nothing.
    let fresh = app.random.token()?;
    let device = *fresh.hash().as_bytes();
    if let Some(old) = client.device_token() {
        queries::device_move(&mut tx, scope, &old, &device).await?;
    }
    queries::device_keep(&mut tx, scope, &device, account.account_id, now).await?;
    record_event(app, &mut tx, scope, Some(client), account.account_id, AccountEvent::LoggedIn(proof_word(proofs)))
        .await?;
    if !known && !first_login {
        record_event(app, &mut tx, scope, Some(client), account.account_id, AccountEvent::NewDevice).await?;
    }
    tx.commit().await?;
    app.mail.wake();

    let session = cookie::set(https, SESSION_COOKIE, &token.text(), keep(rule, proofs.remember));
    let mut cookies = vec![session, ClientInfo::device_cookie(&fresh, https)];
    if row.is_some() {
        cookies.push(login_cookie::forgotten(app));
    }
    Ok(Some(cookies))
}

/// Returns the signed-in person whom the request's cookie stands for, at this society.
pub(crate) async fn resolve(
    app: &App,
    scope: &PublicScope,
    headers: &HeaderMap,
    client: &ClientInfo,
) -> anyhow::Result<Option<MemberScope>> {
    let Some(token) = cookie::get(headers, app.config.http.https, SESSION_COOKIE).and_then(Token::parse) else {
        return Ok(None);
    };
    let token_hash = *token.hash().as_bytes();
    let now = app.clock.now();
    let Some(session) = queries::session(&app.db, scope, &token_hash, now).await? else { return Ok(None) };
    if now.duration_since(session.last_seen_at) >= SEEN_EVERY {
        let (idle_until, _) = limits(scope.society().policy.session, session.remembered, now);
        let address = client.address.to_string();
        // A page is not refused because its visit cannot be written down just now.
        if let Err(error) = queries::session_seen(&app.db, scope, &token_hash, now, idle_until, &address).await {
            tracing::warn!("last use of a session not recorded: {error}");
        }
    }
    let owner = SessionOwner {
        account_id: session.account_id,
        household_id: session.household_id,
        member_id: session.member_id,
        name: session.name,
        session: token_hash,
        proved_at: session.proved_at,
        proved_by_mail_alone: session.proof.as_deref() == Some(SecondFactor::Email.as_str()) && session.has_stronger,
    };
    Ok(Some(MemberScope::authorize(scope.society().clone(), owner)))
}

/// Returns whose session the request's cookie stands for, were it over or not: for a day after its end that is known.
pub(crate) async fn owner(app: &App, scope: &PublicScope, headers: &HeaderMap) -> anyhow::Result<Option<i64>> {
    match cookie::get(headers, app.config.http.https, SESSION_COOKIE).and_then(Token::parse) {
        Some(token) => Ok(queries::session_owner(&app.db, scope, token.hash().as_bytes()).await?),
        None => Ok(None),
    }
}

/// Ends the person's session; returns the cookie that removes the browser's.
pub(super) async fn end(app: &App, scope: &MemberScope) -> anyhow::Result<String> {
    queries::session_delete(&app.db, scope, &scope.session).await?;
    Ok(cookie::remove(app.config.http.https, SESSION_COOKIE))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
