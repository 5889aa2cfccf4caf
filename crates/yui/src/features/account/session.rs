//! Sessions: a random token in a cookie, its hash in the database, bound to one society.

use axum::http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use yui_auth::token::Token;

use super::queries::{self, NewSession};
use crate::{
    app::App,
    features::societies::SessionRule,
    scope::{InSociety, MemberScope, PublicScope, SessionOwner},
    ui::cookie,
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

/// Issues a session; returns the cookie for it, or nothing where the account was locked or stopped meanwhile.
pub(super) async fn issue(
    app: &App,
    scope: &PublicScope,
    account_id: i64,
    remembered: bool,
) -> anyhow::Result<Option<String>> {
    let token = app.random.token()?;
    let now = app.clock.now();
    let rule = scope.society().policy.session;
    let (idle_until, ends_at) = limits(rule, remembered, now);
    let token_hash = *token.hash().as_bytes();
    let session = NewSession { token_hash, account_id, now, idle_until, ends_at, remembered };
    if !queries::session_insert(&app.db, scope, &session).await? {
        return Ok(None);
    }
    let keep = remembered.then(|| i64::from(rule.remember_days) * 24 * 60 * 60);
    Ok(Some(cookie::set(app.config.http.https, SESSION_COOKIE, &token.text(), keep)))
}

/// Returns the signed-in person whom the request's cookie stands for, at this society.
pub(crate) async fn resolve(
    app: &App,
    scope: &PublicScope,
    headers: &HeaderMap,
) -> anyhow::Result<Option<MemberScope>> {
    let Some(token) = cookie::get(headers, app.config.http.https, SESSION_COOKIE).and_then(Token::parse) else {
        return Ok(None);
    };
    let token_hash = *token.hash().as_bytes();
    let now = app.clock.now();
    let Some(session) = queries::session(&app.db, scope, &token_hash, now).await? else { return Ok(None) };
    if now.duration_since(session.last_seen_at) >= SEEN_EVERY && !session.remembered {
        let (idle_until, _) = limits(scope.society().policy.session, false, now);
        // A page is not refused because its visit can not be written down just now.
        if let Err(error) = queries::session_seen(&app.db, scope, &token_hash, now, idle_until).await {
            tracing::warn!("a session's use was not written down: {error}");
        }
    }
    let owner = SessionOwner {
        account_id: session.account_id,
        household_id: session.household_id,
        member_id: session.member_id,
        name: session.name,
        session: token_hash,
    };
    Ok(Some(MemberScope::at_the_door(scope.society().clone(), owner)))
}

/// Ends the person's session; returns the cookie that removes the browser's.
pub(super) async fn end(app: &App, scope: &MemberScope) -> anyhow::Result<(header::HeaderName, String)> {
    queries::session_delete(&app.db, scope, &scope.session).await?;
    Ok((header::SET_COOKIE, cookie::remove(app.config.http.https, SESSION_COOKIE)))
}
