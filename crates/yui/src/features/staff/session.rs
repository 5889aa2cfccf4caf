//! Sessions of staff: a random token in a cookie of its own, its hash in a table of its own.

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use yui_auth::token::Token;

use super::{
    acts::STAFF_LOGGED_IN,
    devices,
    queries::{self, NewStaffSession, StaffRow},
};
use crate::{
    core::{
        app::App,
        audit,
        client_info::ClientInfo,
        role::Role,
        scope::{PublicScope, SessionStaff, StaffScope, SystemScope},
        society::InSociety,
    },
    features::kept,
    ui::{Lang, cookie},
};

const SESSION_COOKIE: &str = "yui_console";

/// A session ends that was not used for so long (NIST SP 800-63B-4 2.2.3: an hour at the most; people handle health data
/// at a desk that others pass).
const IDLE: SignedDuration = SignedDuration::from_mins(30);

/// … and in any case after so long: a working day.
const LIFE: SignedDuration = SignedDuration::from_hours(12);

/// How often the last use of a session is written down at the most.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(60);

fn idle_since(now: Timestamp) -> Timestamp {
    now.checked_sub(IDLE).unwrap_or(Timestamp::MIN)
}

/// Issues a session after both factors are proved: `login` is the pending login, which is used up. Returns the
/// session's cookie and that of the browser, known from now on, or nothing where the login was used or the account has changed since.
pub(super) async fn open(
    app: &App,
    scope: &PublicScope,
    client: &ClientInfo,
    staff: &StaffRow,
    login: &[u8; 32],
    device: Option<[u8; 32]>,
    tx: &mut yui_db::Tx,
) -> anyhow::Result<Option<Vec<String>>> {
    let Some(revision) = queries::login_take(tx, scope, login).await? else { return Ok(None) };
    let token = app.random.token()?;
    let now = app.clock.now();
    let address = client.address.to_string();
    let new = NewStaffSession {
        token_hash: *token.hash().as_bytes(),
        staff_id: staff.staff_id,
        revision,
        now,
        ends_at: now.checked_add(LIFE)?,
        device: &client.device(Lang::Ja),
        address: &address,
    };
    if !queries::session_insert(tx, scope, &new).await? {
        return Ok(None);
    }
    queries::logged_in(tx, scope, staff.staff_id, now).await?;
    let owner = SessionStaff {
        staff_id: staff.staff_id,
        name: staff.name.clone(),
        role: staff.role(),
        session: new.token_hash,
        proved_at: now,
        address,
    };
    let owner = StaffScope::authorize(scope.society().clone(), owner);
    audit::record(app, tx, &owner, STAFF_LOGGED_IN, None, &client.device(Lang::Ja)).await?;
    let known = devices::keep(app, tx, scope, device, staff.staff_id, now).await?;
    Ok(Some(vec![cookie::set(app.config.http.https, SESSION_COOKIE, &token.text(), None), known]))
}

/// Returns the member of staff whom the request's cookie stands for, at this society.
pub(crate) async fn resolve(
    app: &App,
    scope: &PublicScope,
    headers: &HeaderMap,
    client: &ClientInfo,
) -> anyhow::Result<Option<StaffScope>> {
    let Some(token) = cookie::get(headers, app.config.http.https, SESSION_COOKIE).and_then(Token::parse) else {
        return Ok(None);
    };
    let token_hash = *token.hash().as_bytes();
    let now = app.clock.now();
    let Some(row) = queries::session(&app.db, scope, &token_hash, (now, idle_since(now))).await? else {
        return Ok(None);
    };
    let address = client.address.to_string();
    if now.duration_since(row.last_seen_at) >= SEEN_EVERY {
        queries::session_seen(&app.db, scope, &token_hash, now, &address).await?;
    }
    let staff = SessionStaff {
        staff_id: row.staff_id,
        name: row.name,
        role: Role::parse(&row.role).unwrap_or(Role::Viewer),
        session: token_hash,
        proved_at: row.proved_at,
        address,
    };
    Ok(Some(StaffScope::authorize(scope.society().clone(), staff)))
}

/// Returns whose session the request's cookie stands for, were it over or not: for a day after its end that is known.
pub(crate) async fn owner(app: &App, scope: &PublicScope, headers: &HeaderMap) -> anyhow::Result<Option<i64>> {
    match cookie::get(headers, app.config.http.https, SESSION_COOKIE).and_then(Token::parse) {
        Some(token) => Ok(queries::session_owner(&app.db, scope, token.hash().as_bytes()).await?),
        None => Ok(None),
    }
}

/// Records that the second factor was proved again, under a fresh token; returns its cookie.
pub(super) async fn renew(app: &App, scope: &StaffScope, tx: &mut yui_db::Tx) -> anyhow::Result<Option<String>> {
    let token = app.random.token()?;
    let renewed = queries::session_renew(tx, scope, (&scope.session, token.hash().as_bytes()), app.clock.now()).await?;
    Ok(renewed.then(|| cookie::set(app.config.http.https, SESSION_COOKIE, &token.text(), None)))
}

/// Ends the session; returns the cookie that removes the browser's.
pub(super) async fn end(app: &App, scope: &StaffScope) -> anyhow::Result<String> {
    let mut tx = app.db.begin().await?;
    queries::session_delete(&mut tx, scope, &scope.session).await?;
    tx.commit().await?;
    Ok(cookie::remove(app.config.http.https, SESSION_COOKIE))
}

/// Deletes, in all societies, what is over: sessions and logins a day after their end, and browsers that were not seen for long.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn tidy(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let sessions = now.checked_sub(kept::LIFE)?;
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        let mut tx = app.db.begin().await?;
        devices::forget_over(&mut tx, &scope, now.checked_sub(devices::LIFE)?).await?;
        queries::tidy(&mut tx, &scope, now, (sessions, idle_since(sessions))).await?;
        tx.commit().await?;
    }
    Ok(())
}
