//! Browsers known to be a member of staff's: those in which they have logged in with both factors.

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use yui_auth::token::Token;
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::{app::App, society::InSociety},
    ui::cookie,
};

const DEVICE_COOKIE: &str = "yui_console_device";

/// How long a browser is known that is not used: as long as browsers keep a cookie at the most.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(400 * 24);

statements! {
    fn device(society_id: i64, token_hash: &[u8], staff_id: i64) -> i64 =
        "SELECT staff_id FROM staff_devices WHERE society_id = $1 AND token_hash = $2 AND staff_id = $3";
    fn device_keep(society_id: i64, token_hash: &[u8], staff_id: i64, now: Timestamp) = "
        INSERT INTO staff_devices (society_id, token_hash, staff_id, last_seen_at) VALUES ($1, $2, $3, $4)";
    fn device_forget(society_id: i64, token_hash: &[u8], staff_id: i64) =
        "DELETE FROM staff_devices WHERE society_id = $1 AND token_hash = $2 AND staff_id = $3";
    fn devices_forget(society_id: i64, staff_id: i64) =
        "DELETE FROM staff_devices WHERE society_id = $1 AND staff_id = $2";
    fn devices_over(society_id: i64, since: Timestamp) =
        "DELETE FROM staff_devices WHERE society_id = $1 AND last_seen_at <= $2";
}

/// Returns the hash of the token that the browser brings, if any.
pub(super) fn token(app: &App, headers: &HeaderMap) -> Option<[u8; 32]> {
    let token = cookie::get(headers, app.config.http.https, DEVICE_COOKIE).and_then(Token::parse)?;
    Some(*token.hash().as_bytes())
}

/// Returns whether the browser is known to be this person's; for nobody the same is asked.
pub(super) async fn known(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    staff_id: Option<i64>,
) -> Result<bool, DbError> {
    let row = db.optional(Sql::device(scope.society_id(), token_hash, staff_id.unwrap_or(0))).await?;
    Ok(row.is_some_and(|row| Some(row) == staff_id))
}

/// Knows the browser from now on, by a fresh token in place of the one it brought; returns the cookie.
pub(super) async fn keep(
    app: &App,
    tx: &mut Tx,
    scope: &impl InSociety,
    brought: Option<[u8; 32]>,
    staff_id: i64,
    now: Timestamp,
) -> anyhow::Result<String> {
    let fresh = app.random.token()?;
    if let Some(brought) = brought {
        tx.execute(Sql::device_forget(scope.society_id(), &brought, staff_id)).await?;
    }
    tx.execute(Sql::device_keep(scope.society_id(), fresh.hash().as_bytes(), staff_id, now)).await?;
    Ok(cookie::set(app.config.http.https, DEVICE_COOKIE, &fresh.text(), Some(LIFE.as_secs())))
}

/// Knows none of this person's browsers any more.
pub(super) async fn forget(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::devices_forget(scope.society_id(), staff_id)).await.map(drop)
}

/// Deletes those that were not seen since then.
pub(super) async fn forget_over(tx: &mut Tx, scope: &impl InSociety, since: Timestamp) -> Result<(), DbError> {
    tx.execute(Sql::devices_over(scope.society_id(), since)).await.map(drop)
}
