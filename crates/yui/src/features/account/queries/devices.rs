//! Browsers known to be the owner's, and how often something may be tried.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::InSociety;

statements! {
    fn device(society_id: i64, token_hash: &[u8], account_id: i64) -> i32 = "
        SELECT wrong_passwords FROM devices WHERE society_id = $1 AND token_hash = $2 AND account_id = $3";
    fn device_keep(society_id: i64, token_hash: &[u8], account_id: i64, now: Timestamp) = "
        INSERT INTO devices (society_id, token_hash, account_id, wrong_passwords, last_seen_at)
        VALUES ($1, $2, $3, 0, $4)
        ON CONFLICT (society_id, token_hash, account_id) DO UPDATE SET wrong_passwords = 0, last_seen_at = excluded.last_seen_at";
    fn device_try(society_id: i64, token_hash: &[u8], account_id: i64) -> i32 = "
        UPDATE devices SET wrong_passwords = wrong_passwords + 1
        WHERE society_id = $1 AND token_hash = $2 AND account_id = $3
        RETURNING wrong_passwords";
    fn device_right(society_id: i64, token_hash: &[u8], account_id: i64) = "
        UPDATE devices SET wrong_passwords = wrong_passwords - 1
        WHERE society_id = $1 AND token_hash = $2 AND account_id = $3 AND wrong_passwords > 0";
    fn device_forget(society_id: i64, token_hash: &[u8], account_id: i64) =
        "DELETE FROM devices WHERE society_id = $1 AND token_hash = $2 AND account_id = $3";
    fn devices_forget(society_id: i64, account_id: i64) =
        "DELETE FROM devices WHERE society_id = $1 AND account_id = $2";
    fn throttle_decoy(society_id: i64, name: &[u8], now: Timestamp) = "
        INSERT INTO throttles (society_id, name, spent_until) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, name) DO UPDATE SET spent_until = excluded.spent_until";
    fn device_move(society_id: i64, token_hash: &[u8], to: &[u8]) =
        "UPDATE devices SET token_hash = $3 WHERE society_id = $1 AND token_hash = $2";
}

/// Returns whether this browser is known to be the account owner's.
pub(crate) async fn device_known(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<bool, DbError> {
    let row = db.optional(Sql::device(scope.society_id(), token_hash, account_id)).await?;
    Ok(row.is_some())
}

/// Gives a browser another token, for all accounts it is known to be the owner's of.
pub(crate) async fn device_move(
    tx: &mut Tx,
    scope: &impl InSociety,
    from: &[u8; 32],
    to: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(Sql::device_move(scope.society_id(), from, to)).await.map(drop)
}

/// Knows this browser from now on.
pub(crate) async fn device_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::device_keep(scope.society_id(), token_hash, account_id, now)).await.map(drop)
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
    let row = tx.optional(Sql::device_try(scope.society_id(), token_hash, account_id)).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes back that a password typed in a known browser was counted as a wrong one.
pub(crate) async fn device_right(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<(), DbError> {
    db.execute(Sql::device_right(scope.society_id(), token_hash, account_id)).await.map(drop)
}

/// Knows this browser no more as this account's.
pub(crate) async fn device_forget(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::device_forget(scope.society_id(), token_hash, account_id)).await.map(drop)
}

/// Knows none of the account's browsers any more.
pub(crate) async fn devices_forget(tx: &mut Tx, scope: &impl InSociety, account_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::devices_forget(scope.society_id(), account_id)).await.map(drop)
}

/// Writes a row that means nothing, as much as a wrong password of an account does.
pub(crate) async fn throttle_decoy(
    tx: &mut Tx,
    scope: &impl InSociety,
    name: &[u8; 32],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::throttle_decoy(scope.society_id(), name, now)).await.map(drop)
}
