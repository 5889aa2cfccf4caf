//! What happened to accounts.

use jiff::Timestamp;
use yui_db::{DbError, Tx, params, statements};

use crate::{features::societies::ids_take, scope::InSociety};

statements! {
    EVENT_INSERT = "
        INSERT INTO account_events (society_id, event_id, account_id, at, kind, detail, actor, address)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
}

/// Something that happened to an account.
#[derive(Debug)]
pub(crate) struct EventRecord<'a> {
    pub(crate) account_id: i64,
    pub(crate) kind: &'a str,
    pub(crate) detail: Option<&'a str>,
    pub(crate) actor: &'a str,
    pub(crate) address: Option<&'a str>,
}

/// Records it, in the transaction of what happened.
pub(crate) async fn event_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    event: &EventRecord<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let id = ids_take(tx, scope, "account_event", 1).await?;
    let EventRecord { account_id, kind, detail, actor, address } = event;
    let values = params![scope.society_id(), id, *account_id, now, *kind, *detail, *actor, *address];
    tx.execute(&EVENT_INSERT, values).await.map(drop)
}
