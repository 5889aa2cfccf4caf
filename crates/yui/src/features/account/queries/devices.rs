//! Browsers known to be the owner's, and how often something may be tried.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use crate::core::society::InSociety;

statements! {
    DEVICE = "
        SELECT wrong_passwords FROM devices WHERE society_id = $1 AND token_hash = $2 AND account_id = $3";
    DEVICE_KEEP = "
        INSERT INTO devices (society_id, token_hash, account_id, wrong_passwords, last_seen_at)
        VALUES ($1, $2, $3, 0, $4)
        ON CONFLICT (society_id, token_hash, account_id) DO UPDATE SET wrong_passwords = 0, last_seen_at = excluded.last_seen_at";
    DEVICE_TRY = "
        UPDATE devices SET wrong_passwords = wrong_passwords + 1
        WHERE society_id = $1 AND token_hash = $2 AND account_id = $3
        RETURNING wrong_passwords";
    DEVICE_RIGHT = "
        UPDATE devices SET wrong_passwords = wrong_passwords - 1
        WHERE society_id = $1 AND token_hash = $2 AND account_id = $3 AND wrong_passwords > 0";
    DEVICE_FORGET = "DELETE FROM devices WHERE society_id = $1 AND token_hash = $2 AND account_id = $3";
    DEVICES_FORGET = "DELETE FROM devices WHERE society_id = $1 AND account_id = $2";
    THROTTLE_DECOY = "
        INSERT INTO throttles (society_id, name, spent_until) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, name) DO UPDATE SET spent_until = excluded.spent_until";
    DEVICE_MOVE = "UPDATE devices SET token_hash = $3 WHERE society_id = $1 AND token_hash = $2";
}

#[derive(sqlx::FromRow)]
struct DeviceRow {
    wrong_passwords: i32,
}

/// Returns whether this browser is known to be the account owner's.
pub(crate) async fn device_known(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<bool, DbError> {
    let row: Option<DeviceRow> = db.optional(&DEVICE, params![scope.society_id(), token_hash, account_id]).await?;
    Ok(row.is_some())
}

/// Gives a browser another token, for all accounts it is known to be the owner's of.
pub(crate) async fn device_move(
    tx: &mut Tx,
    scope: &impl InSociety,
    from: &[u8; 32],
    to: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(&DEVICE_MOVE, params![scope.society_id(), from, to]).await.map(drop)
}

/// Knows this browser from now on.
pub(crate) async fn device_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&DEVICE_KEEP, params![scope.society_id(), token_hash, account_id, now]).await.map(drop)
}

/// Counts a password typed in a known browser as a wrong one, before it is looked at; returns how many there were in a row.
/// None where the browser is known no more.
pub(crate) async fn device_try(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<Option<i32>, DbError> {
    let mut tx = db.begin().await?;
    let row: Option<DeviceRow> = tx.optional(&DEVICE_TRY, params![scope.society_id(), token_hash, account_id]).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.wrong_passwords))
}

/// Takes back that a password typed in a known browser was counted as a wrong one.
pub(crate) async fn device_right(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<(), DbError> {
    db.execute(&DEVICE_RIGHT, params![scope.society_id(), token_hash, account_id]).await.map(drop)
}

/// Knows this browser no more as this account's.
pub(crate) async fn device_forget(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<(), DbError> {
    tx.execute(&DEVICE_FORGET, params![scope.society_id(), token_hash, account_id]).await.map(drop)
}

/// Knows none of the account's browsers any more.
pub(crate) async fn devices_forget(tx: &mut Tx, scope: &impl InSociety, account_id: i64) -> Result<(), DbError> {
    tx.execute(&DEVICES_FORGET, params![scope.society_id(), account_id]).await.map(drop)
}

/// Writes a row that means nothing, as much as a wrong password of an account does.
pub(crate) async fn throttle_decoy(
    tx: &mut Tx,
    scope: &impl InSociety,
    name: &[u8; 32],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&THROTTLE_DECOY, params![scope.society_id(), name, now]).await.map(drop)
}
