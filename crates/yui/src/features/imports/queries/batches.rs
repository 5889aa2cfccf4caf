//! The SQL of batches and of what was wrong in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kenpo_formats::TreatmentMonth;
use yui_db::{Db, DbError, Tx, params, statements};

use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::imports::{
        Batch, BatchState, Kind, Source,
        counts::{Counts, months},
        kind_of,
    },
};

statements! {
    BATCH_BY_HASH = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND content_hash = $3 AND state <> 'withdrawn'
        ORDER BY batch_id DESC LIMIT 1";
    BATCH = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND batch_id = $2";
    BATCH_LIST = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1
        ORDER BY batch_id";
    BATCH_PAGE = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND batch_id < $2
        ORDER BY batch_id DESC LIMIT $3";
    NEWEST_PUBLISHED = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections, details,
            first_month, last_month, imported_by, created_at, publish_at, published_at, published_by, withdrawn_at,
            withdrawn_by, told, told_through, withdraw_acting, withdraw_trouble, withdraw_reason, through_month,
            kept, clearing, by_hand
        FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND state = 'published'
        ORDER BY batch_id DESC LIMIT 1";
    BATCH_INSERT = "
        INSERT INTO import_batches (society_id, batch_id, kind, format, file_name, content_hash, state, position,
            accepted, rejected, unmatched, corrections, imported_by, created_at, version_order)
        VALUES ($1, $2, $3, $4, $5, $6, 'reading', 0, 0, 0, 0, 0, $7, $8,
            COALESCE((SELECT MIN(before.version_order) FROM import_batches before
                      WHERE before.society_id = $1 AND before.kind = $3 AND before.content_hash = $6
                          AND before.state = 'withdrawn' AND (before.version_order < 0) = (CAST($9 AS BIGINT) < 0)),
                CAST($9 AS BIGINT)))";
    BATCH_ADVANCE = "
        UPDATE import_batches
        SET position = position + $3, accepted = accepted + $4, rejected = rejected + $5, unmatched = unmatched + $6,
            corrections = corrections + $7, details = $11,
            first_month = CASE WHEN first_month IS NULL OR $8 < first_month THEN $8 ELSE first_month END,
            last_month = CASE WHEN last_month IS NULL OR $9 > last_month THEN $9 ELSE last_month END
        WHERE society_id = $1 AND batch_id = $2 AND state = 'reading' AND position = $10";
    BATCH_STATE_SET = "
        UPDATE import_batches SET state = $3, published_at = COALESCE($4, published_at)
        WHERE society_id = $1 AND batch_id = $2 AND state = $5";
    BATCH_PUBLISH = "
        UPDATE import_batches
        SET state = 'published', published_at = $3, published_by = $4, publish_at = NULL, publish_acting = NULL,
            told_through = $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'staged'";
    BATCH_WITHDRAW = "
        UPDATE import_batches
        SET state = 'withdrawn', withdrawn_at = $3, withdrawn_by = $4, withdraw_reason = $6, publish_at = NULL, publish_acting = NULL,
            told_through = NULL, withdraw_acting = NULL, withdraw_trouble = NULL, clearing = TRUE
        WHERE society_id = $1 AND batch_id = $2 AND state = $5";
    KEPT_SET = "UPDATE import_batches SET kept = $3 WHERE society_id = $1 AND batch_id = $2";
    WITHDRAW_ORDER = "
        UPDATE import_batches
        SET withdraw_acting = $3, withdraw_reason = $4, withdraw_trouble = NULL, publish_at = NULL, publish_acting = NULL
        WHERE society_id = $1 AND batch_id = $2 AND state <> 'withdrawn' AND withdraw_acting IS NULL";
    WITHDRAW_REFUSED = "
        UPDATE import_batches SET withdraw_acting = NULL, withdraw_reason = NULL, withdraw_trouble = $3
        WHERE society_id = $1 AND batch_id = $2 AND withdraw_acting IS NOT NULL";
    TO_WITHDRAW = "
        SELECT batch_id, withdraw_acting, withdraw_reason FROM import_batches
        WHERE society_id = $1 AND withdraw_acting IS NOT NULL
        ORDER BY batch_id DESC";
    // An UPDATE rather than a SELECT: a second worker waits here until the first is done.
    CLEARING = "
        UPDATE import_batches SET clearing = TRUE
        WHERE society_id = $1 AND clearing AND batch_id = (
            SELECT MIN(due.batch_id) FROM import_batches due WHERE due.society_id = $1 AND due.clearing)
        RETURNING batch_id, kind";
    CLEARED = "UPDATE import_batches SET clearing = FALSE WHERE society_id = $1 AND batch_id = $2";
    PUBLISH_AT_SET = "
        UPDATE import_batches SET publish_at = $3, publish_acting = $4, through_month = $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'staged' AND withdraw_acting IS NULL";
    TO_PUBLISH = "
        SELECT batch_id, publish_acting FROM import_batches
        WHERE society_id = $1 AND state = 'staged' AND publish_at <= $2
        ORDER BY publish_at, batch_id";
    TO_TELL = "
        SELECT batch_id FROM import_batches
        WHERE society_id = $1 AND state = 'published' AND told_through IS NOT NULL
        ORDER BY batch_id";
    // An UPDATE rather than a SELECT: a second worker waits here until the first is done.
    TOLD_THROUGH = "
        UPDATE import_batches SET told = told
        WHERE society_id = $1 AND batch_id = $2 AND state = 'published' AND told_through IS NOT NULL
        RETURNING told_through AS through";
    TELLING_FROM = "
        SELECT told_through AS through FROM import_batches
        WHERE society_id = $1 AND batch_id = $2 AND state = 'published' AND told_through IS NOT NULL";
    TOLD_SET = "
        UPDATE import_batches SET told_through = $4, told = told + $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'published' AND told_through = $3";
    // Over all societies, but over nothing except what waits: the indexes hold no other.
    SOCIETIES_DUE = "
        SELECT society_id FROM import_batches WHERE state = 'staged' AND publish_at <= $1
        UNION SELECT society_id FROM import_batches WHERE told_through IS NOT NULL
        UNION SELECT society_id FROM import_batches WHERE withdraw_acting IS NOT NULL
        UNION SELECT society_id FROM import_batches WHERE clearing
        ORDER BY society_id";
}

#[derive(sqlx::FromRow)]
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
    created_at: yui_db::Timestamp,
    publish_at: Option<yui_db::Timestamp>,
    published_at: Option<yui_db::Timestamp>,
    published_by: Option<String>,
    withdrawn_at: Option<yui_db::Timestamp>,
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
        let by = |at: Option<yui_db::Timestamp>, name: Option<String>| Some((at?.to_jiff(), name.unwrap_or_default()));
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
            created_at: self.created_at.to_jiff(),
            publish_at: self.publish_at.map(yui_db::Timestamp::to_jiff),
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
    let row: Option<BatchRow> = db.optional(&BATCH_BY_HASH, params![scope.society_id(), kind.as_str(), hash]).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns the batch of this number.
pub(in super::super) async fn batch(db: &Db, scope: &impl InSociety, batch_id: i64) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(&BATCH, params![scope.society_id(), batch_id]).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns all batches of the society, oldest first.
pub(in super::super) async fn batch_list(db: &Db, scope: &impl InSociety) -> Result<Vec<Batch>, DbError> {
    let rows: Vec<BatchRow> = db.all(&BATCH_LIST, params![scope.society_id()]).await?;
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
    let values = params![
        scope.society_id(),
        batch_id,
        kind.as_str(),
        source.format.as_str(),
        &source.name,
        &source.content_hash,
        by(scope),
        now,
        version_order
    ];
    tx.execute(&BATCH_INSERT, values).await.map(drop)
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
    let values = params![
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
        details
    ];
    Ok(tx.execute(&BATCH_ADVANCE, values).await? == 1)
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
    let values = params![scope.society_id(), batch_id, to.as_str(), published, from.as_str()];
    Ok(tx.execute(&BATCH_STATE_SET, values).await? == 1)
}

/// Publishes a batch, of which members are told from the account after this one on; returns false where it was not waiting.
pub(in super::super) async fn batch_publish(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    told_through: Option<i64>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let values = params![scope.society_id(), batch_id, now, by(scope), told_through];
    Ok(tx.execute(&BATCH_PUBLISH, values).await? == 1)
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
    let values = params![scope.society_id(), batch_id, now, by(scope), from.as_str(), reason];
    Ok(tx.execute(&BATCH_WITHDRAW, values).await? == 1)
}

/// Notes how many accounts the withdrawal of a batch left.
pub(in super::super) async fn kept_set(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    kept: i64,
) -> Result<(), DbError> {
    tx.execute(&KEPT_SET, params![scope.society_id(), batch_id, kept]).await.map(drop)
}

/// Orders the withdrawal of a batch in the name of this actor; returns false where it is or is to be withdrawn already.
pub(in super::super) async fn withdraw_order(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    acting: &str,
    reason: &str,
) -> Result<bool, DbError> {
    Ok(tx.execute(&WITHDRAW_ORDER, params![scope.society_id(), batch_id, acting, reason]).await? == 1)
}

/// Ends the order to withdraw a batch, and tells why.
pub(in super::super) async fn withdraw_refused(
    db: &Db,
    scope: &SystemScope,
    batch_id: i64,
    why: &str,
) -> Result<(), DbError> {
    db.execute(&WITHDRAW_REFUSED, params![scope.society_id(), batch_id, why]).await.map(drop)
}

/// A batch that is to be withdrawn, who wants that, and why.
#[derive(sqlx::FromRow)]
pub(in super::super) struct ToWithdraw {
    pub(in super::super) batch_id: i64,
    pub(in super::super) withdraw_acting: String,
    pub(in super::super) withdraw_reason: Option<String>,
}

/// Returns the batches that are to be withdrawn, the newest first: it may stand on the others.
pub(in super::super) async fn to_withdraw(db: &Db, scope: &impl InSociety) -> Result<Vec<ToWithdraw>, DbError> {
    db.all(&TO_WITHDRAW, params![scope.society_id()]).await
}

#[derive(sqlx::FromRow)]
struct Clearing {
    batch_id: i64,
    kind: String,
}

/// Returns a withdrawn batch whose rows may still be there, held until the transaction's end.
pub(in super::super) async fn clearing(tx: &mut Tx, scope: &SystemScope) -> Result<Option<(i64, Kind)>, DbError> {
    let row: Option<Clearing> = tx.optional(&CLEARING, params![scope.society_id()]).await?;
    Ok(row.and_then(|row| Some((row.batch_id, kind_of(&row.kind)?))))
}

/// Notes that no row of the withdrawn batch is left.
pub(in super::super) async fn cleared(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> Result<(), DbError> {
    tx.execute(&CLEARED, params![scope.society_id(), batch_id]).await.map(drop)
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
    let values = params![scope.society_id(), batch_id, at, acting, through.map(TreatmentMonth::number)];
    Ok(tx.execute(&PUBLISH_AT_SET, values).await? == 1)
}

#[derive(sqlx::FromRow)]
struct DueBatch {
    society_id: i64,
}

/// Returns the ids of the societies where something was ordered about a batch, or follows from that. A worker asks before it has a scope.
pub(in super::super) async fn societies_due(db: &Db, now: Timestamp) -> Result<Vec<i64>, DbError> {
    let rows: Vec<DueBatch> = db.all(&SOCIETIES_DUE, params![now]).await?;
    Ok(rows.into_iter().map(|row| row.society_id).collect())
}

/// A batch that is to be published, and who wants that.
#[derive(sqlx::FromRow)]
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
    db.all(&TO_PUBLISH, params![scope.society_id(), now]).await
}

#[derive(sqlx::FromRow)]
struct BatchNumber {
    batch_id: i64,
}

/// Returns the batches of whose publication members are still to be told.
pub(in super::super) async fn to_tell(db: &Db, scope: &impl InSociety) -> Result<Vec<i64>, DbError> {
    let rows: Vec<BatchNumber> = db.all(&TO_TELL, params![scope.society_id()]).await?;
    Ok(rows.into_iter().map(|row| row.batch_id).collect())
}

#[derive(sqlx::FromRow)]
struct ThroughRow {
    through: Option<i64>,
}

/// Returns the account up to which members were told of the batch's publication.
pub(in super::super) async fn telling_from(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Option<i64>, DbError> {
    let row: Option<ThroughRow> = tx.optional(&TELLING_FROM, params![scope.society_id(), batch_id]).await?;
    Ok(row.and_then(|row| row.through))
}

/// Returns the account up to which members were told of the batch's publication, held until the transaction's end.
pub(in super::super) async fn told_through(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Option<i64>, DbError> {
    let row: Option<ThroughRow> = tx.optional(&TOLD_THROUGH, params![scope.society_id(), batch_id]).await?;
    Ok(row.and_then(|row| row.through))
}

/// Moves on the account up to which members were told; returns false where another worker did.
pub(in super::super) async fn told_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    (from, to): (i64, Option<i64>),
    count: i64,
) -> Result<bool, DbError> {
    let values = params![scope.society_id(), batch_id, from, to, count];
    Ok(tx.execute(&TOLD_SET, values).await? == 1)
}

/// Returns the batches before this one, the newest first.
pub(in super::super) async fn batch_page(
    db: &Db,
    scope: &impl InSociety,
    before: i64,
    most: i64,
) -> Result<Vec<Batch>, DbError> {
    let rows: Vec<BatchRow> = db.all(&BATCH_PAGE, params![scope.society_id(), before, most]).await?;
    Ok(rows.into_iter().filter_map(BatchRow::batch).collect())
}

/// Returns the newest published batch of a kind.
pub(in super::super) async fn newest_published(
    db: &Db,
    scope: &impl InSociety,
    kind: Kind,
) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(&NEWEST_PUBLISHED, params![scope.society_id(), kind.as_str()]).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns who acts, by name.
fn by(scope: &SystemScope) -> &str {
    super::super::acting::name(scope)
}
