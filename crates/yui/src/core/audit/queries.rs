//! The SQL of the log.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use super::chain::EntryContent;
use crate::core::society::InSociety;

statements! {
    fn head_make(society_id: i64, sealed: &[u8]) = "
        INSERT INTO audit_heads (society_id, entry_id, sealed_hash) VALUES ($1, 0, $2) ON CONFLICT (society_id) DO NOTHING";
    // An UPDATE rather than a SELECT: writers of entries wait for each other here.
    fn head_hold(society_id: i64) -> ChainHead = "
        UPDATE audit_heads SET entry_id = entry_id + 1 WHERE society_id = $1 RETURNING entry_id, sealed_hash";
    fn head_set(society_id: i64, sealed: &[u8]) = "UPDATE audit_heads SET sealed_hash = $2 WHERE society_id = $1";
    fn head(society_id: i64) -> ChainHead = "SELECT entry_id, sealed_hash FROM audit_heads WHERE society_id = $1";
    fn entry_insert(
        society_id: i64,
        entry_id: i64,
        at: Timestamp,
        actor_kind: &str,
        actor_id: Option<i64>,
        actor_name: &str,
        address: Option<&str>,
        act: &str,
        subject_kind: Option<&str>,
        subject_id: Option<i64>,
        subject_name: Option<&str>,
        detail: Option<&str>,
        hash: &[u8],
    ) = "
        INSERT INTO audit_entries (society_id, entry_id, at, actor_kind, actor_id, actor_name, address, act, subject_kind,
            subject_id, subject_name, detail, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    fn entries_after(society_id: i64, entry_id: i64, most: i64) -> EntryRow = "
        SELECT entry_id, at, actor_kind, actor_id, actor_name, address, act, subject_kind, subject_id, subject_name, detail, hash
        FROM audit_entries WHERE society_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3";
    fn entries_found(
        society_id: i64,
        before: i64,
        from: Timestamp,
        until: Timestamp,
        act: &str,
        actor: &str,
        text: &str,
        most: i64,
    ) -> EntryRow = "
        SELECT entry_id, at, actor_kind, actor_id, actor_name, address, act, subject_kind, subject_id, subject_name, detail, hash
        FROM audit_entries
        WHERE society_id = $1 AND entry_id < $2 AND at >= $3 AND at < $4
            AND ($5 = '' OR act = $5)
            AND ($6 = '' OR actor_name LIKE $6 ESCAPE '\\' OR actor_kind = $6)
            AND ($7 = '' OR subject_name LIKE $7 ESCAPE '\\' OR detail LIKE $7 ESCAPE '\\')
        ORDER BY entry_id DESC LIMIT $8";
    fn entries_of(society_id: i64, kind: &str, subject_id: i64, most: i64) -> EntryRow = "
        SELECT entry_id, at, actor_kind, actor_id, actor_name, address, act, subject_kind, subject_id, subject_name, detail, hash
        FROM audit_entries WHERE society_id = $1 AND subject_kind = $2 AND subject_id = $3
        ORDER BY entry_id DESC LIMIT $4";
    fn entry_newest(society_id: i64, kind: &str) -> EntryRow = "
        SELECT entry_id, at, actor_kind, actor_id, actor_name, address, act, subject_kind, subject_id, subject_name, detail, hash
        FROM audit_entries WHERE society_id = $1 AND subject_kind = $2
        ORDER BY subject_id DESC, entry_id DESC LIMIT 1";
    fn entry_next(society_id: i64, kind: &str, after: i64) -> EntryRow = "
        SELECT entry_id, at, actor_kind, actor_id, actor_name, address, act, subject_kind, subject_id, subject_name, detail, hash
        FROM audit_entries WHERE society_id = $1 AND subject_kind = $2 AND subject_id > $3
        ORDER BY subject_id, entry_id LIMIT 1";
}

/// The end of the chain.
#[derive(Debug, yui_db::Row)]
pub(crate) struct ChainHead {
    pub(crate) entry_id: i64,
    pub(crate) sealed_hash: Vec<u8>,
}

/// Makes the chain's end if there is none yet.
pub(crate) async fn head_make(tx: &mut Tx, scope: &impl InSociety, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute(Sql::head_make(scope.society_id(), sealed)).await.map(drop)
}

/// Locks the chain's end for this transaction and counts it up; returns nothing if there is none yet.
pub(crate) async fn head_hold(tx: &mut Tx, scope: &impl InSociety) -> Result<Option<ChainHead>, DbError> {
    tx.optional(Sql::head_hold(scope.society_id())).await
}

/// Moves the chain's end.
pub(crate) async fn head_set(tx: &mut Tx, scope: &impl InSociety, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute(Sql::head_set(scope.society_id(), sealed)).await.map(drop)
}

/// Returns the chain's end.
pub(crate) async fn head(db: &Db, scope: &impl InSociety) -> Result<Option<ChainHead>, DbError> {
    db.optional(Sql::head(scope.society_id())).await
}

/// Writes an entry.
pub(crate) async fn entry_insert(tx: &mut Tx, content: &EntryContent<'_>, hash: &[u8; 32]) -> Result<(), DbError> {
    tx.execute(Sql::entry_insert(
        content.society_id,
        content.entry_id,
        content.at,
        content.actor_kind,
        content.actor_id,
        content.actor_name,
        content.address,
        content.act,
        content.subject_kind,
        content.subject_id,
        content.subject_name,
        content.detail,
        hash,
    ))
    .await
    .map(drop)
}

/// An entry as it is kept.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct EntryRow {
    pub(crate) entry_id: i64,
    pub(crate) at: jiff::Timestamp,
    actor_kind: String,
    actor_id: Option<i64>,
    pub(crate) actor_name: String,
    pub(crate) address: Option<String>,
    pub(crate) act: String,
    subject_kind: Option<String>,
    pub(crate) subject_id: Option<i64>,
    pub(crate) subject_name: Option<String>,
    pub(crate) detail: String,
    pub(crate) hash: Vec<u8>,
}

impl EntryRow {
    /// Returns the name of the actor, for people.
    pub(crate) fn actor(&self) -> String {
        match self.actor_kind.as_str() {
            "command" => "コマンド操作".to_owned(),
            "worker" => "自動処理".to_owned(),
            _ => self.actor_name.clone(),
        }
    }

    /// Returns the content of the entry, for the chain.
    pub(crate) fn content(&self, society_id: i64) -> EntryContent<'_> {
        EntryContent {
            society_id,
            entry_id: self.entry_id,
            at: self.at,
            actor_kind: &self.actor_kind,
            actor_id: self.actor_id,
            actor_name: &self.actor_name,
            address: self.address.as_deref(),
            act: &self.act,
            subject_kind: self.subject_kind.as_deref(),
            subject_id: self.subject_id,
            subject_name: self.subject_name.as_deref(),
            detail: Some(&self.detail),
        }
    }
}

/// Returns the next entries after this one, the oldest first.
pub(crate) async fn entries_after(
    db: &Db,
    scope: &impl InSociety,
    entry_id: i64,
    most: i64,
) -> Result<Vec<EntryRow>, DbError> {
    db.all(Sql::entries_after(scope.society_id(), entry_id, most)).await
}

/// The filter of a search in the log.
#[derive(Clone, Debug)]
pub(crate) struct EntryFilter<'a> {
    /// Entries before this one.
    pub(crate) before: i64,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) act: &'a str,
    pub(crate) actor: &'a str,
    /// A pattern of LIKE; empty for any text.
    pub(crate) text: &'a str,
}

/// Returns the newest entries that match the filter.
pub(crate) async fn entries_found(
    db: &Db,
    scope: &impl InSociety,
    wanted: &EntryFilter<'_>,
    most: i64,
) -> Result<Vec<EntryRow>, DbError> {
    let EntryFilter { before, from, until, act, actor, text } = *wanted;
    db.all(Sql::entries_found(scope.society_id(), before, from, until, act, actor, text, most)).await
}

/// Returns the newest entries about this subject.
pub(crate) async fn entries_of(
    db: &Db,
    scope: &impl InSociety,
    (kind, id): (&str, i64),
    most: i64,
) -> Result<Vec<EntryRow>, DbError> {
    db.all(Sql::entries_of(scope.society_id(), kind, id, most)).await
}

/// Returns the entry about the subject of this kind with the highest number.
pub(crate) async fn entry_newest(db: &Db, scope: &impl InSociety, kind: &str) -> Result<Option<EntryRow>, DbError> {
    db.optional(Sql::entry_newest(scope.society_id(), kind)).await
}

/// Returns the first entry about the subject of this kind with the next higher number.
pub(crate) async fn entry_next(
    db: &Db,
    scope: &impl InSociety,
    (kind, after): (&str, i64),
) -> Result<Option<EntryRow>, DbError> {
    db.optional(Sql::entry_next(scope.society_id(), kind, after)).await
}
