//! The SQL of rate limits.

use jiff::Timestamp;
use yui_db::{Db, DbError, Param, Tx, params, statements};

use crate::core::society::InSociety;

statements! {
    THROTTLES_SPENT = "SELECT name, spent_until FROM throttles WHERE society_id = $1 AND name IN ($2)";
    THROTTLE_HOLD = "
        INSERT INTO throttles (society_id, name, spent_until) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, name) DO UPDATE SET spent_until = throttles.spent_until
        RETURNING spent_until";
    THROTTLE_SET = "UPDATE throttles SET spent_until = $3 WHERE society_id = $1 AND name = $2";
    THROTTLE_FORGET = "DELETE FROM throttles WHERE society_id = $1 AND name = $2";
    THROTTLES_FORGET_OVER = "DELETE FROM throttles WHERE society_id = $1 AND spent_until <= $2";
}

#[derive(sqlx::FromRow)]
pub(crate) struct Spent {
    spent_until: yui_db::Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct NamedSpent {
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
