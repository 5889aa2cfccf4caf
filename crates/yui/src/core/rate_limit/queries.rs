//! The SQL of rate limits.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::InSociety;

statements! {
    fn throttles_spent(society_id: i64, names: &[[u8; 32]]) -> NamedSpent =
        "SELECT name, spent_until FROM throttles WHERE society_id = $1 AND name IN ($2)";
    fn throttle_hold(society_id: i64, name: &[u8], now: Timestamp) -> jiff::Timestamp = "
        INSERT INTO throttles (society_id, name, spent_until) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, name) DO UPDATE SET spent_until = throttles.spent_until
        RETURNING spent_until";
    fn throttle_set(society_id: i64, name: &[u8], until: Timestamp) =
        "UPDATE throttles SET spent_until = $3 WHERE society_id = $1 AND name = $2";
    fn throttle_forget(society_id: i64, name: &[u8]) = "DELETE FROM throttles WHERE society_id = $1 AND name = $2";
    fn throttles_forget_over(society_id: i64, now: Timestamp) =
        "DELETE FROM throttles WHERE society_id = $1 AND spent_until <= $2";
}

#[derive(yui_db::Row)]
pub(crate) struct NamedSpent {
    name: Vec<u8>,
    spent_until: jiff::Timestamp,
}

/// Returns up to which instant the tries of these names are spent, of those that were.
pub(crate) async fn rate_limits_spent(
    db: &Db,
    scope: &impl InSociety,
    names: &[[u8; 32]],
) -> Result<Vec<(Vec<u8>, Timestamp)>, DbError> {
    let rows: Vec<NamedSpent> = db.all(Sql::throttles_spent(scope.society_id(), names)).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.spent_until)).collect())
}

/// Returns up to which instant the tries of this name are spent, and holds the row until the transaction ends.
pub(crate) async fn rate_limit_hold(
    tx: &mut Tx,
    scope: &impl InSociety,
    name: &[u8; 32],
    now: Timestamp,
) -> Result<Timestamp, DbError> {
    let row = tx.one(Sql::throttle_hold(scope.society_id(), name, now)).await?;
    Ok(row)
}

/// Keeps up to which instant the tries of this name are spent.
pub(crate) async fn rate_limit_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    name: &[u8; 32],
    until: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::throttle_set(scope.society_id(), name, until)).await.map(drop)
}

/// Gives back all tries of this name.
pub(crate) async fn rate_limit_forget(tx: &mut Tx, scope: &impl InSociety, name: &[u8; 32]) -> Result<(), DbError> {
    tx.execute(Sql::throttle_forget(scope.society_id(), name)).await.map(drop)
}

/// Removes what is not spent any more.
pub(crate) async fn throttles_forget_over(tx: &mut Tx, scope: &impl InSociety, now: Timestamp) -> Result<(), DbError> {
    tx.execute(Sql::throttles_forget_over(scope.society_id(), now)).await.map(drop)
}
