//! The SQL of account events.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::{InSociety, ids_take};

statements! {
    fn event_insert(
        society_id: i64,
        event_id: i64,
        account_id: i64,
        now: Timestamp,
        kind: &str,
        detail: Option<&str>,
        actor: &str,
        address: Option<&str>,
    ) = "
        INSERT INTO account_events (society_id, event_id, account_id, at, kind, detail, actor, address)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    fn events_after(society_id: i64, after: i64, through: i64, most: i64) -> EventRow = "
        SELECT event_id, account_id, at, kind, detail, actor, address FROM account_events
        WHERE society_id = $1 AND event_id > $2 AND event_id <= $3 ORDER BY event_id LIMIT $4";
}

/// An account event to be recorded.
#[derive(Debug)]
pub(crate) struct EventRecord<'a> {
    pub(crate) account_id: i64,
    pub(crate) kind: &'a str,
    pub(crate) detail: Option<&'a str>,
    pub(crate) actor: &'a str,
    pub(crate) address: Option<&'a str>,
}

/// Records an event, in the transaction of its cause.
pub(crate) async fn event_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    event: &EventRecord<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let id = ids_take(tx, scope, "account_event", 1).await?;
    let EventRecord { account_id, kind, detail, actor, address } = event;
    tx.execute(Sql::event_insert(scope.society_id(), id, *account_id, now, kind, *detail, actor, *address))
        .await
        .map(drop)
}

/// An event as it is kept.
#[derive(Debug, yui_db::Row)]
pub(crate) struct EventRow {
    pub(crate) event_id: i64,
    pub(crate) account_id: i64,
    pub(crate) at: jiff::Timestamp,
    pub(crate) kind: String,
    pub(crate) detail: Option<String>,
    pub(crate) actor: String,
    pub(crate) address: Option<String>,
}

/// Returns the next events after the first of these numbers, up to the second, in their order. Their numbers are given
/// one after another, each locked until its cause is committed: none is added later between two existing ones.
pub(crate) async fn events_after(
    db: &Db,
    scope: &impl InSociety,
    (after, through): (i64, i64),
    most: i64,
) -> Result<Vec<EventRow>, DbError> {
    db.all(Sql::events_after(scope.society_id(), after, through, most)).await
}
