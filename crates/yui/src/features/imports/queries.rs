//! The SQL of imports.

use jiff::Timestamp;
use kenpo_formats::Fault;
use yui_db::{BulkTable, Db, DbError, Param, Tx, params, statements};

use super::{
    Batch, BatchState, Kind, Source,
    run::{ChunkFault, Counts},
};
use crate::scope::InSociety;

statements! {
    BATCH_BY_HASH = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections
        FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND content_hash = $3 AND state <> 'withdrawn'";
    BATCH = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections
        FROM import_batches
        WHERE society_id = $1 AND batch_id = $2";
    BATCH_LIST = "
        SELECT batch_id, kind, file_name, state, position, accepted, rejected, unmatched, corrections
        FROM import_batches
        WHERE society_id = $1
        ORDER BY batch_id";
    BATCH_INSERT = "
        INSERT INTO import_batches (society_id, batch_id, kind, format, file_name, content_hash, state, position,
            accepted, rejected, unmatched, corrections, imported_by, created_at, version_order)
        VALUES ($1, $2, $3, $4, $5, $6, 'reading', 0, 0, 0, 0, 0, $7, $8,
            COALESCE((SELECT MIN(before.version_order) FROM import_batches before
                      WHERE before.society_id = $1 AND before.kind = $3 AND before.content_hash = $6
                          AND before.state = 'withdrawn'), $2))";
    BATCH_ADVANCE = "
        UPDATE import_batches
        SET position = position + $3, accepted = accepted + $4, rejected = rejected + $5, unmatched = unmatched + $6,
            corrections = corrections + $7,
            first_month = CASE WHEN first_month IS NULL OR $8 < first_month THEN $8 ELSE first_month END,
            last_month = CASE WHEN last_month IS NULL OR $9 > last_month THEN $9 ELSE last_month END
        WHERE society_id = $1 AND batch_id = $2 AND state = 'reading' AND position = $10";
    BATCH_STATE_SET = "
        UPDATE import_batches
        SET state = $3, published_at = COALESCE($4, published_at), withdrawn_at = COALESCE($5, withdrawn_at)
        WHERE society_id = $1 AND batch_id = $2 AND state = $6";
    FAULT_NEXT = "
        SELECT COALESCE(MAX(fault_number), -1) + 1 AS number FROM import_faults WHERE society_id = $1 AND batch_id = $2";
    FAULT_LIST = "
        SELECT line, column_name, reason FROM import_faults
        WHERE society_id = $1 AND batch_id = $2
        ORDER BY fault_number";
}

const FAULTS: BulkTable = BulkTable {
    name: "import_faults",
    columns: &["society_id", "batch_id", "fault_number", "kind", "line", "column_name", "reason"],
};

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
}

impl BatchRow {
    fn batch(self) -> Option<Batch> {
        Some(Batch {
            batch_id: self.batch_id,
            kind: Kind::of(&self.kind)?,
            file_name: self.file_name,
            state: BatchState::of(&self.state)?,
            position: self.position,
            accepted: self.accepted,
            rejected: self.rejected,
            unmatched: self.unmatched,
            corrections: self.corrections,
        })
    }
}

/// Returns the batch that brought this content, unless it was withdrawn.
pub(super) async fn batch_by_hash(
    db: &Db,
    scope: &impl InSociety,
    kind: Kind,
    hash: &[u8; 32],
) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(&BATCH_BY_HASH, params![scope.society_id(), kind.word(), hash]).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns the batch of this number.
pub(super) async fn batch(db: &Db, scope: &impl InSociety, batch_id: i64) -> Result<Option<Batch>, DbError> {
    let row: Option<BatchRow> = db.optional(&BATCH, params![scope.society_id(), batch_id]).await?;
    Ok(row.and_then(BatchRow::batch))
}

/// Returns all batches of the society, oldest first.
pub(super) async fn batch_list(db: &Db, scope: &impl InSociety) -> Result<Vec<Batch>, DbError> {
    let rows: Vec<BatchRow> = db.all(&BATCH_LIST, params![scope.society_id()]).await?;
    Ok(rows.into_iter().filter_map(BatchRow::batch).collect())
}

/// Inserts a batch of which nothing is read yet.
pub(super) async fn batch_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    kind: Kind,
    source: &Source,
    actor: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = params![
        scope.society_id(),
        batch_id,
        kind.word(),
        source.format.word(),
        &source.name,
        &source.content_hash,
        actor,
        now
    ];
    tx.execute(&BATCH_INSERT, values).await.map(drop)
}

/// Records that the batch got on; returns false where another process was there first.
pub(super) async fn batch_advance(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    from: i64,
    counts: &Counts,
) -> Result<bool, DbError> {
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
        from
    ];
    Ok(tx.execute(&BATCH_ADVANCE, values).await? == 1)
}

/// Moves the batch from one state to another; returns false where it is in neither.
pub(super) async fn batch_state_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    from: BatchState,
    to: BatchState,
    now: Timestamp,
) -> Result<bool, DbError> {
    let published = (to == BatchState::Published).then_some(now);
    let withdrawn = (to == BatchState::Withdrawn).then_some(now);
    let values = params![scope.society_id(), batch_id, to.word(), published, withdrawn, from.word()];
    Ok(tx.execute(&BATCH_STATE_SET, values).await? == 1)
}

#[derive(sqlx::FromRow)]
struct Number {
    number: i64,
}

/// Returns the number of the batch's next fault.
pub(super) async fn fault_next(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<i64, DbError> {
    Ok(tx.one::<Number>(&FAULT_NEXT, params![scope.society_id(), batch_id]).await?.number)
}

/// Inserts the faults of a chunk, numbered from `first`.
pub(super) async fn faults_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    first: i64,
    faults: &[ChunkFault],
) -> Result<(), DbError> {
    let values: Vec<_> = faults
        .iter()
        .zip(first..)
        .flat_map(|(ChunkFault { kind, fault }, number)| {
            [
                Param::from(scope.society_id()),
                Param::from(batch_id),
                Param::from(number),
                Param::from(kind.word()),
                Param::from(i64::try_from(fault.line).unwrap_or(i64::MAX)),
                Param::from(&fault.column),
                Param::from(&fault.reason),
            ]
        })
        .collect();
    tx.bulk_insert(&FAULTS, &values).await.map(drop)
}

#[derive(sqlx::FromRow)]
struct FaultRow {
    line: i64,
    column_name: String,
    reason: String,
}

/// Returns the faults of a batch in the order of the file.
pub(super) async fn fault_list(db: &Db, scope: &impl InSociety, batch_id: i64) -> Result<Vec<Fault>, DbError> {
    let rows: Vec<FaultRow> = db.all(&FAULT_LIST, params![scope.society_id(), batch_id]).await?;
    let fault = |row: FaultRow| Fault::new(u64::try_from(row.line).unwrap_or_default(), row.column_name, row.reason);
    Ok(rows.into_iter().map(fault).collect())
}
