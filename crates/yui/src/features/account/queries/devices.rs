//! Browsers known to be the owner's, and how often something may be tried.

use jiff::Timestamp;
use yui_db::{Db, DbError, Param, Tx, params, statements};

use crate::scope::InSociety;

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
    THROTTLES_SPENT = "SELECT name, spent_until FROM throttles WHERE society_id = $1 AND name IN ($2)";
    THROTTLE_HOLD = "
        INSERT INTO throttles (society_id, name, spent_until) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, name) DO UPDATE SET spent_until = throttles.spent_until
        RETURNING spent_until";
    THROTTLE_SET = "UPDATE throttles SET spent_until = $3 WHERE society_id = $1 AND name = $2";
    DEVICE_MOVE = "UPDATE devices SET token_hash = $3 WHERE society_id = $1 AND token_hash = $2";
    THROTTLE_FORGET = "DELETE FROM throttles WHERE society_id = $1 AND name = $2";
    THROTTLES_FORGET_OVER = "DELETE FROM throttles WHERE society_id = $1 AND spent_until <= $2";
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

#[derive(sqlx::FromRow)]
struct Spent {
    spent_until: yui_db::Timestamp,
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

#[derive(sqlx::FromRow)]
struct NamedSpent {
    name: Vec<u8>,
    spent_until: yui_db::Timestamp,
}

/// Returns up to which instant the tries of these names are spent, of those that were.
pub(crate) async fn rate_limits_spent(
    db: &Db,
    scope: &impl InSociety,
    names: &[[u8; 32]],
) -> Result<Vec<(Vec<u8>, Timestamp)>, DbError> {
    let names: Vec<_> = names.iter().map(Param::from).collect();
    let rows: Vec<NamedSpent> = db.all_among(&THROTTLES_SPENT, params![scope.society_id()], &names).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.spent_until.to_jiff())).collect())
}

/// Returns up to which instant the tries of this name are spent, and holds the row until the transaction ends.
pub(crate) async fn rate_limit_hold(
    tx: &mut Tx,
    scope: &impl InSociety,
    name: &[u8; 32],
    now: Timestamp,
) -> Result<Timestamp, DbError> {
    let row: Spent = tx.one(&THROTTLE_HOLD, params![scope.society_id(), name, now]).await?;
    Ok(row.spent_until.to_jiff())
}

/// Keeps up to which instant the tries of this name are spent.
pub(crate) async fn rate_limit_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    name: &[u8; 32],
    until: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&THROTTLE_SET, params![scope.society_id(), name, until]).await.map(drop)
}

/// Gives back all tries of this name.
pub(crate) async fn rate_limit_forget(tx: &mut Tx, scope: &impl InSociety, name: &[u8; 32]) -> Result<(), DbError> {
    tx.execute(&THROTTLE_FORGET, params![scope.society_id(), name]).await.map(drop)
}

/// Removes what is not spent any more.
pub(crate) async fn throttles_forget_over(tx: &mut Tx, scope: &impl InSociety, now: Timestamp) -> Result<(), DbError> {
    tx.execute(&THROTTLES_FORGET_OVER, params![scope.society_id(), now]).await.map(drop)
}
