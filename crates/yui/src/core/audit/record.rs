//! Writing entries, and reading those about a subject.

use yui_auth::seal::Context;
use yui_db::{Db, DbError, Tx};

use super::{
    act::AuditAction,
    actor::Actor,
    acts,
    chain::{BEGINNING, EntryContent},
    queries::{self, EntryRow},
};
use crate::core::{
    app::App,
    scope::{StaffScope, SystemScope},
    society::InSociety,
};

/// Writes down an act in its transaction, as the last thing before the commit: from here on other entries of the
/// society wait for it. `detail` tells what changed; it never contains health data.
///
/// # Errors
/// Where the database does not answer or there are no sealing keys.
pub async fn record(
    app: &App,
    tx: &mut Tx,
    scope: &impl Acting,
    act: AuditAction,
    subject: Option<&Subject>,
    detail: &str,
) -> anyhow::Result<()> {
    let head = match queries::head_hold(tx, scope).await? {
        Some(head) => head,
        None => {
            queries::head_make(tx, scope, &seal(app, scope, 0, &BEGINNING)?).await?;
            queries::head_hold(tx, scope).await?.ok_or_else(|| anyhow::anyhow!("the log has no end"))?
        }
    };
    let before = opened(app, scope, head.entry_id - 1, &head.sealed_hash)?;
    let actor = scope.actor();
    let content = EntryContent {
        society_id: scope.society_id(),
        entry_id: head.entry_id,
        at: app.clock.now(),
        actor_kind: actor.kind,
        actor_id: actor.id,
        actor_name: &actor.name,
        address: actor.address.as_deref(),
        act: act.word,
        subject_kind: subject.map(|subject| subject.kind),
        subject_id: subject.map(|subject| subject.id),
        subject_name: subject.map(|subject| subject.name.as_str()),
        detail: Some(detail),
    };
    let hash = content.hash(&before);
    queries::entry_insert(tx, &content, &hash).await?;
    queries::head_set(tx, scope, &seal(app, scope, head.entry_id, &hash)?).await?;
    Ok(())
}

/// Writes down that something was looked at, in a transaction of its own: what cannot be written down is not shown.
///
/// # Errors
/// As [`record`].
pub async fn seen(
    app: &App,
    scope: &impl Acting,
    act: AuditAction,
    subject: Option<&Subject>,
    detail: &str,
) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    record(app, &mut tx, scope, act, subject, detail).await?;
    Ok(tx.commit().await?)
}

acts! {
    /// The society was made: the first entry of every log.
    CREATED = "society.created" / "組合を登録";
}

/// The subject of an act: the person or thing that it is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The kind of subject, as in `member`.
    pub kind: &'static str,
    /// Its id.
    pub id: i64,
    /// The name that people know it by: it is found by that even after it is gone.
    pub name: String,
}

impl Subject {
    /// Returns a subject: `Subject::new("member", 7, "テスト タロウ")`.
    pub fn new(kind: &'static str, id: i64, name: impl Into<String>) -> Self {
        Self { kind, id, name: name.into() }
    }
}

/// An actor that the log can name.
pub trait Acting: InSociety {
    /// Returns the actor.
    fn actor(&self) -> Actor;
}

impl Acting for StaffScope {
    fn actor(&self) -> Actor {
        self.acting().actor
    }
}

impl Acting for SystemScope {
    fn actor(&self) -> Actor {
        self.actor.clone()
    }
}

/// Returns the newest entries about a subject.
pub(crate) async fn entries_of(
    db: &Db,
    scope: &impl InSociety,
    (kind, id): (&str, i64),
    most: i64,
) -> Result<Vec<EntryRow>, DbError> {
    queries::entries_of(db, scope, (kind, id), most).await
}

/// Returns the entry about the last subject of this kind.
pub(crate) async fn newest_of(db: &Db, scope: &impl InSociety, kind: &str) -> Result<Option<EntryRow>, DbError> {
    queries::entry_newest(db, scope, kind).await
}

/// Returns the entry about the next subject of this kind after the one of this number.
pub(crate) async fn next_of(
    db: &Db,
    scope: &impl InSociety,
    kind: &str,
    after: i64,
) -> Result<Option<EntryRow>, DbError> {
    queries::entry_next(db, scope, (kind, after)).await
}

/// Returns the hash of the chain's end, sealed: only the keys' owner can write it.
pub(crate) fn seal(app: &App, scope: &impl InSociety, entry_id: i64, hash: &[u8; 32]) -> anyhow::Result<Vec<u8>> {
    let (society, row) = (scope.society_id().to_string(), entry_id.to_string());
    let context = Context { society: &society, table: "audit_heads", column: "sealed_hash", row: &row };
    Ok(app.keys()?.seal(&context, app.random.bytes()?, hash)?)
}

/// Returns the hash that was sealed for the entry of this number.
pub(crate) fn opened(app: &App, scope: &impl InSociety, entry_id: i64, sealed: &[u8]) -> anyhow::Result<[u8; 32]> {
    let (society, row) = (scope.society_id().to_string(), entry_id.to_string());
    let context = Context { society: &society, table: "audit_heads", column: "sealed_hash", row: &row };
    let hash = app.keys()?.open(&context, sealed)?;
    <[u8; 32]>::try_from(hash.as_slice()).map_err(|_| anyhow::anyhow!("the log's end is no hash"))
}
