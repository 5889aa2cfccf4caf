//! The SQL of batches and of what was wrong in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kenpo_formats::TreatmentMonth;
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::imports::{
        Batch, BatchState, Kind, Source,
        counts::{Counts, months},
        kind_of,
    },
};

statements! {
    fn batch_by_hash(society_id: i64, kind: &str, hash: &[u8]) -> BatchRow = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND content_hash = $3 AND state <> 'withdrawn'
        ORDER BY batch_id DESC LIMIT 1";
    fn batch(society_id: i64, batch_id: i64) -> BatchRow = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND batch_id = $2";
    fn batch_list(society_id: i64) -> BatchRow = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1
        ORDER BY batch_id";
    fn batch_page(society_id: i64, before: i64, most: i64) -> BatchRow = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND batch_id < $2
        ORDER BY batch_id DESC LIMIT $3";
    fn newest_published(society_id: i64, kind: &str) -> BatchRow = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND state = 'published'
        ORDER BY batch_id DESC LIMIT 1";
    fn batch_insert(
        society_id: i64,
        batch_id: i64,
        kind: &str,
        format: &str,
        name: &str,
        content_hash: &[u8],
        imported_by: &str,
        now: Timestamp,
        version_order: i64,
    ) = "
        INSERT INTO import_batches (society_id, batch_id, kind, format, file_name, content_hash, state, position,
            accepted, rejected, unmatched, corrections, imported_by, created_at, version_order)
        VALUES ($1, $2, $3, $4, $5, $6, 'reading', 0, 0, 0, 0, 0, $7, $8,
            COALESCE((SELECT MIN(before.version_order) FROM import_batches before
                      WHERE before.society_id = $1 AND before.kind = $3 AND before.content_hash = $6
                          AND before.state = 'withdrawn' AND (before.version_order < 0) = (CAST($9 AS BIGINT) < 0)),
                CAST($9 AS BIGINT)))";
    fn batch_advance(
        society_id: i64,
        batch_id: i64,
        records: i64,
        accepted: i64,
        rejected: i64,
        unmatched: i64,
        corrections: i64,
        first_month: Option<i32>,
        last_month: Option<i32>,
        from: i64,
        details: &str,
    ) = "
        UPDATE import_batches
        SET position = position + $3, accepted = accepted + $4, rejected = rejected + $5, unmatched = unmatched + $6,
            corrections = corrections + $7, details = $11,
            first_month = CASE WHEN first_month IS NULL OR $8 < first_month THEN $8 ELSE first_month END,
            last_month = CASE WHEN last_month IS NULL OR $9 > last_month THEN $9 ELSE last_month END
        WHERE society_id = $1 AND batch_id = $2 AND state = 'reading' AND position = $10";
    fn batch_state_set(society_id: i64, batch_id: i64, to: &str, published: Option<Timestamp>, from: &str) = "
        UPDATE import_batches SET state = $3, published_at = COALESCE($4, published_at)
        WHERE society_id = $1 AND batch_id = $2 AND state = $5";
    fn batch_publish(society_id: i64, batch_id: i64, now: Timestamp, published_by: &str, told_through: Option<i64>) = "
        UPDATE import_batches
        SET state = 'published', published_at = $3, published_by = $4, publish_at = NULL, publish_acting = NULL,
            told_through = $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'staged'";
    fn batch_withdraw(
        society_id: i64,
        batch_id: i64,
        now: Timestamp,
        withdrawn_by: &str,
        from: &str,
        reason: &str,
    ) = "
        UPDATE import_batches
        SET state = 'withdrawn', withdrawn_at = $3, withdrawn_by = $4, withdraw_reason = $6, publish_at = NULL, publish_acting = NULL,
            told_through = NULL, withdraw_acting = NULL, withdraw_trouble = NULL, clearing = TRUE
        WHERE society_id = $1 AND batch_id = $2 AND state = $5";
    fn kept_set(society_id: i64, batch_id: i64, kept: i64) =
        "UPDATE import_batches SET kept = $3 WHERE society_id = $1 AND batch_id = $2";
    fn withdraw_order(society_id: i64, batch_id: i64, acting: &str, reason: &str) = "
        UPDATE import_batches
        SET withdraw_acting = $3, withdraw_reason = $4, withdraw_trouble = NULL, publish_at = NULL, publish_acting = NULL
        WHERE society_id = $1 AND batch_id = $2 AND state <> 'withdrawn' AND withdraw_acting IS NULL";
    fn withdraw_refused(society_id: i64, batch_id: i64, why: &str) = "
        UPDATE import_batches SET withdraw_acting = NULL, withdraw_reason = NULL, withdraw_trouble = $3
        WHERE society_id = $1 AND batch_id = $2 AND withdraw_acting IS NOT NULL";
    fn to_withdraw(society_id: i64) -> ToWithdraw = "
        SELECT batch_id, withdraw_acting, withdraw_reason FROM import_batches
        WHERE society_id = $1 AND withdraw_acting IS NOT NULL
        ORDER BY batch_id DESC";
    // An UPDATE rather than a SELECT: a second worker waits here until the first is done.
    fn clearing(society_id: i64) -> Clearing = "
        UPDATE import_batches SET clearing = TRUE
        WHERE society_id = $1 AND clearing AND batch_id = (
            SELECT MIN(due.batch_id) FROM import_batches due WHERE due.society_id = $1 AND due.clearing)
        RETURNING batch_id, kind";
    fn cleared(society_id: i64, batch_id: i64) =
        "UPDATE import_batches SET clearing = FALSE WHERE society_id = $1 AND batch_id = $2";
    fn publish_at_set(society_id: i64, batch_id: i64, at: Option<Timestamp>, acting: Option<&str>, through: Option<i32>) = "
        UPDATE import_batches SET publish_at = $3, publish_acting = $4, through_month = $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'staged' AND withdraw_acting IS NULL";
    fn to_publish(society_id: i64, now: Timestamp) -> ToPublish = "
        SELECT batch_id, publish_acting FROM import_batches
        WHERE society_id = $1 AND state = 'staged' AND publish_at <= $2
        ORDER BY publish_at, batch_id";
    fn to_tell(society_id: i64) -> i64 = "
        SELECT batch_id FROM import_batches
        WHERE society_id = $1 AND state = 'published' AND told_through IS NOT NULL
        ORDER BY batch_id";
    // An UPDATE rather than a SELECT: a second worker waits here until the first is done.
    fn told_through(society_id: i64, batch_id: i64) -> Option<i64> = "
        UPDATE import_batches SET told = told
        WHERE society_id = $1 AND batch_id = $2 AND state = 'published' AND told_through IS NOT NULL
        RETURNING told_through AS through";
    fn telling_from(society_id: i64, batch_id: i64) -> Option<i64> = "
        SELECT told_through AS through FROM import_batches
        WHERE society_id = $1 AND batch_id = $2 AND state = 'published' AND told_through IS NOT NULL";
    fn told_set(society_id: i64, batch_id: i64, from: i64, to: Option<i64>, count: i64) = "
        UPDATE import_batches SET told_through = $4, told = told + $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'published' AND told_through = $3";
    // Over all societies, but over nothing except what waits: the indexes hold no other.
    fn societies_due(now: Timestamp) -> i64 = "
        SELECT society_id FROM import_batches WHERE state = 'staged' AND publish_at <= $1
        UNION SELECT society_id FROM import_batches WHERE told_through IS NOT NULL
        UNION SELECT society_id FROM import_batches WHERE withdraw_acting IS NOT NULL
        UNION SELECT society_id FROM import_batches WHERE clearing
        ORDER BY society_id";
}

#[derive(yui_db::Row)]
struct BatchRow {
    batch_id: i64,
    kind: String,
    file_name: String,
    state: String,
    position: i64,
    accepted: i64,
    rejected: i64,
    unmatched: i64,
    corrections: i64,
    details: String,
    first_month: Option<i32>,
    last_month: Option<i32>,
    imported_by: String,
    created_at: jiff::Timestamp,
    publish_at: Option<jiff::Timestamp>,
    published_at: Option<jiff::Timestamp>,
    published_by: Option<String>,
    withdrawn_at: Option<jiff::Timestamp>,
    withdrawn_by: Option<String>,
    told: i64,
    told_through: Option<i64>,
    withdraw_acting: Option<String>,
    withdraw_trouble: Option<String>,
    withdraw_reason: Option<String>,
    through_month: Option<i32>,
    kept: i64,
    clearing: bool,
    by_hand: bool,
}

impl BatchRow {
    fn batch(self) -> Option<Batch> {
        let by = |at: Option<jiff::Timestamp>, name: Option<String>| Some((at?, name.unwrap_or_default()));
        let details: BTreeMap<String, i64> = serde_json::from_str(&self.details).unwrap_or_default();
        Some(Batch {
            batch_id: self.batch_id,
            kind: kind_of(&self.kind)?,
            file_name: self.file_name,
            state: BatchState::parse(&self.state)?,
            position: self.position,
            accepted: self.accepted,
            rejected: self.rejected,
            unmatched: self.unmatched,
            corrections: self.corrections,
            details: details.into_iter().collect(),
            months: months(self.first_month, self.last_month),
            imported_by: self.imported_by,
            created_at: self.created_at,
            publish_at: self.publish_at,
            published: by(self.published_at, self.published_by),
            withdrawn: by(self.withdrawn_at, self.withdrawn_by),
            told: self.told,
            telling: self.told_through.is_some(),
            withdrawing: self.withdraw_acting.is_some(),
            withdraw_trouble: self.withdraw_trouble,
            withdraw_reason: self.withdraw_reason,
            through: self.through_month.and_then(TreatmentMonth::from_number),
            kept: self.kept,
            clearing: self.clearing,
            by_hand: self.by_hand,
        })
    }
}

/// Returns the batch that brought this content, unless it was withdrawn.
pub(in super::super) async fn batch_by_hash(
    db: &Db,
    scope: &impl InSociety,
    kind: Kind,
    hash: &[u8; 32],
) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(Sql::batch_by_hash(scope.society_id(), kind.as_str(), hash)).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns the batch of this number.
pub(in super::super) async fn batch(db: &Db, scope: &impl InSociety, batch_id: i64) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(Sql::batch(scope.society_id(), batch_id)).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns all batches of the society, oldest first.
pub(in super::super) async fn batch_list(db: &Db, scope: &impl InSociety) -> Result<Vec<Batch>, DbError> {
    let rows: Vec<BatchRow> = db.all(Sql::batch_list(scope.society_id())).await?;
    Ok(rows.into_iter().filter_map(BatchRow::batch).collect())
}

/// How far before all others the versions of a history are: a claim of any other file is newer.
const HISTORY_BEFORE: i64 = 1 << 40;

/// Inserts a batch of which nothing is read yet.
pub(in super::super) async fn batch_insert(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    kind: Kind,
    source: &Source,
    history: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    let version_order = if history { batch_id - HISTORY_BEFORE } else { batch_id };
    tx.execute(Sql::batch_insert(
        scope.society_id(),
        batch_id,
        kind.as_str(),
        source.format.as_str(),
        &source.name,
        &source.content_hash,
        by(scope),
        now,
        version_order,
    ))
    .await
    .map(drop)
}

/// Records that the batch got on; returns false where another process was there first.
pub(in super::super) async fn batch_advance(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    from: i64,
    counts: &Counts,
    details: &[(&'static str, i64)],
) -> Result<bool, DbError> {
    let details = serde_json::json!(details.iter().copied().collect::<BTreeMap<_, _>>()).to_string();
    Ok(tx
        .execute(Sql::batch_advance(
            scope.society_id(),
            batch_id,
            counts.records,
            counts.accepted,
            counts.rejected,
            counts.unmatched,
            counts.corrections,
            counts.first_month,
            counts.last_month,
            from,
            &details,
        ))
        .await?
        == 1)
}

/// Moves the batch from one state to another; returns false where it is in neither.
pub(in super::super) async fn batch_state_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    (from, to): (BatchState, BatchState),
    now: Timestamp,
) -> Result<bool, DbError> {
    let published = (to == BatchState::Published).then_some(now);
    Ok(tx.execute(Sql::batch_state_set(scope.society_id(), batch_id, to.as_str(), published, from.as_str())).await?
        == 1)
}

/// Publishes a batch, of which members are told from the account after this one on; returns false where it was not waiting.
pub(in super::super) async fn batch_publish(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    told_through: Option<i64>,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::batch_publish(scope.society_id(), batch_id, now, by(scope), told_through)).await? == 1)
}

/// Withdraws a batch; returns false where it is not in this state.
pub(in super::super) async fn batch_withdraw(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    from: BatchState,
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::batch_withdraw(scope.society_id(), batch_id, now, by(scope), from.as_str(), reason)).await? == 1)
}

/// Notes how many accounts the withdrawal of a batch left.
pub(in super::super) async fn kept_set(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    kept: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::kept_set(scope.society_id(), batch_id, kept)).await.map(drop)
}

/// Orders the withdrawal of a batch in the name of this actor; returns false where it is or is to be withdrawn already.
pub(in super::super) async fn withdraw_order(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    acting: &str,
    reason: &str,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::withdraw_order(scope.society_id(), batch_id, acting, reason)).await? == 1)
}

/// Ends the order to withdraw a batch, and tells why.
pub(in super::super) async fn withdraw_refused(
    db: &Db,
    scope: &SystemScope,
    batch_id: i64,
    why: &str,
) -> Result<(), DbError> {
    db.execute(Sql::withdraw_refused(scope.society_id(), batch_id, why)).await.map(drop)
}

/// A batch that is to be withdrawn, who wants that, and why.
#[derive(yui_db::Row)]
pub(in super::super) struct ToWithdraw {
    pub(in super::super) batch_id: i64,
    #[row(filtered)]
    pub(in super::super) withdraw_acting: String,
    pub(in super::super) withdraw_reason: Option<String>,
}

/// Returns the batches that are to be withdrawn, the newest first: it may stand on the others.
pub(in super::super) async fn to_withdraw(db: &Db, scope: &impl InSociety) -> Result<Vec<ToWithdraw>, DbError> {
    db.all(Sql::to_withdraw(scope.society_id())).await
}

#[derive(yui_db::Row)]
struct Clearing {
    batch_id: i64,
    kind: String,
}

/// Returns a withdrawn batch whose rows may still be there, held until the transaction's end.
pub(in super::super) async fn clearing(tx: &mut Tx, scope: &SystemScope) -> Result<Option<(i64, Kind)>, DbError> {
    let row: Option<Clearing> = tx.optional(Sql::clearing(scope.society_id())).await?;
    Ok(row.and_then(|row| Some((row.batch_id, kind_of(&row.kind)?))))
}

/// Notes that no row of the withdrawn batch is left.
pub(in super::super) async fn cleared(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::cleared(scope.society_id(), batch_id)).await.map(drop)
}

/// Sets when a batch is to be published, up to which month everything has arrived with it and who wants that, or that it is not;
/// returns false where it is not waiting.
pub(in super::super) async fn publish_at_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    wanted: Option<(Timestamp, Option<TreatmentMonth>)>,
    acting: Option<&str>,
) -> Result<bool, DbError> {
    let (at, through) = (wanted.map(|(at, _)| at), wanted.and_then(|(_, through)| through));
    Ok(tx
        .execute(Sql::publish_at_set(scope.society_id(), batch_id, at, acting, through.map(TreatmentMonth::number)))
        .await?
        == 1)
}

/// Returns the ids of the societies where something was ordered about a batch, or follows from that. A worker asks before it has a scope.
pub(in super::super) async fn societies_due(db: &Db, now: Timestamp) -> Result<Vec<i64>, DbError> {
    db.all(Sql::societies_due(now)).await
}

/// A batch that is to be published, and who wants that.
#[derive(yui_db::Row)]
pub(in super::super) struct ToPublish {
    pub(in super::super) batch_id: i64,
    pub(in super::super) publish_acting: Option<String>,
}

/// Returns the batches that are to be published by now.
pub(in super::super) async fn to_publish(
    db: &Db,
    scope: &impl InSociety,
    now: Timestamp,
) -> Result<Vec<ToPublish>, DbError> {
    db.all(Sql::to_publish(scope.society_id(), now)).await
}

/// Returns the batches of whose publication members are still to be told.
pub(in super::super) async fn to_tell(db: &Db, scope: &impl InSociety) -> Result<Vec<i64>, DbError> {
    db.all(Sql::to_tell(scope.society_id())).await
}

/// Returns the account up to which members were told of the batch's publication.
pub(in super::super) async fn telling_from(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::telling_from(scope.society_id(), batch_id)).await?;
    Ok(row.flatten())
}

/// Returns the account up to which members were told of the batch's publication, held until the transaction's end.
pub(in super::super) async fn told_through(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::told_through(scope.society_id(), batch_id)).await?;
    Ok(row.flatten())
}

/// Moves on the account up to which members were told; returns false where another worker did.
pub(in super::super) async fn told_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    (from, to): (i64, Option<i64>),
    count: i64,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::told_set(scope.society_id(), batch_id, from, to, count)).await? == 1)
}

/// Returns the batches before this one, the newest first.
pub(in super::super) async fn batch_page(
    db: &Db,
    scope: &impl InSociety,
    before: i64,
    most: i64,
) -> Result<Vec<Batch>, DbError> {
    let rows: Vec<BatchRow> = db.all(Sql::batch_page(scope.society_id(), before, most)).await?;
    Ok(rows.into_iter().filter_map(BatchRow::batch).collect())
}

/// Returns the newest published batch of a kind.
pub(in super::super) async fn newest_published(
    db: &Db,
    scope: &impl InSociety,
    kind: Kind,
) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(Sql::newest_published(scope.society_id(), kind.as_str())).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns who acts, by name.
fn by(scope: &SystemScope) -> &str {
    super::super::acting::name(scope)
}
