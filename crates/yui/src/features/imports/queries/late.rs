//! The SQL of rows that join a batch after it was read, and of batches of changes by hand.

use jiff::Timestamp;
use yui_db::{DbError, Tx, statements};

use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::imports::{
        BatchState, Kind, acting,
        format::Format,
        late::{HandCounts, LateRows},
    },
};

statements! {
    fn late_add(
        society_id: i64,
        batch_id: i64,
        count: i64,
        corrections: i64,
        first: Option<i32>,
        last: Option<i32>,
    ) -> String = "
        UPDATE import_batches
        SET accepted = accepted + $3, unmatched = unmatched - $3, corrections = corrections + $4,
            first_month = CASE WHEN first_month IS NULL OR $5 < first_month THEN $5 ELSE first_month END,
            last_month = CASE WHEN last_month IS NULL OR $6 > last_month THEN $6 ELSE last_month END
        WHERE society_id = $1 AND batch_id = $2
        RETURNING state";
    fn unmatched_add(society_id: i64, batch_id: i64, count: i64) =
        "UPDATE import_batches SET unmatched = unmatched + $3 WHERE society_id = $1 AND batch_id = $2";
    fn unmatched_forget(society_id: i64, batch_id: i64, lines: &[i64]) -> FaultLineRow = "
        DELETE FROM import_faults
        WHERE society_id = $1 AND batch_id = $2 AND kind = 'unmatched' AND COALESCE(line_among_all, line) IN ($3)
        RETURNING line";
    fn state_of(society_id: i64, batch_id: i64) -> String =
        "SELECT state FROM import_batches WHERE society_id = $1 AND batch_id = $2";
    fn hand_batch_open(society_id: i64, kind: &str) -> i64 = "
        SELECT batch_id FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND by_hand AND state = 'staged' AND publish_at IS NULL
            AND withdraw_acting IS NULL
            AND batch_id = (SELECT MAX(n.batch_id) FROM import_batches n WHERE n.society_id = $1 AND n.kind = $2)";
    fn hand_batch_insert(
        society_id: i64,
        batch_id: i64,
        kind: &str,
        format: &str,
        name: &str,
        hash: &[u8],
        by: &str,
        now: Timestamp,
    ) = "
        INSERT INTO import_batches (society_id, batch_id, kind, format, file_name, content_hash, state, position,
            accepted, rejected, unmatched, corrections, imported_by, created_at, version_order, by_hand)
        VALUES ($1, $2, $3, $4, $5, $6, 'staged', 0, 0, 0, 0, 0, $7, $8, $2, TRUE)";
    fn hand_batch_count(
        society_id: i64,
        batch_id: i64,
        count: i64,
        corrections: i64,
        first_month: Option<i32>,
        last_month: Option<i32>,
    ) = "
        UPDATE import_batches
        SET position = $3, accepted = $3, corrections = $4, first_month = $5, last_month = $6
        WHERE society_id = $1 AND batch_id = $2 AND by_hand";
}

#[derive(yui_db::Row)]
struct FaultLineRow {
    #[expect(dead_code, reason = "a list is deleted by a statement that returns rows")]
    line: i64,
}

/// Counts late rows; returns the batch's state.
pub(in super::super) async fn late_add(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    LateRows { count, corrections, months, .. }: LateRows<'_>,
) -> Result<Option<BatchState>, DbError> {
    let (first, last) = (months.map(|(first, _)| first.number()), months.map(|(_, last)| last.number()));
    let row = tx.optional(Sql::late_add(scope.society_id(), batch_id, count, corrections, first, last)).await?;
    Ok(row.and_then(|row| BatchState::parse(&row)))
}

/// Changes the number of unmatched records.
pub(in super::super) async fn unmatched_add(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    count: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::unmatched_add(scope.society_id(), batch_id, count)).await.map(drop)
}

/// Forgets that nobody was meant on these lines among those of all files.
pub(in super::super) async fn unmatched_forget(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    lines: &[u64],
) -> Result<(), DbError> {
    let lines: Vec<_> = lines.iter().filter_map(|line| i64::try_from(*line).ok()).collect();
    tx.all(Sql::unmatched_forget(scope.society_id(), batch_id, &lines)).await.map(drop)
}

/// Returns the state of a batch.
pub(in super::super) async fn state_of(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
) -> Result<Option<BatchState>, DbError> {
    let row = tx.optional(Sql::state_of(scope.society_id(), batch_id)).await?;
    Ok(row.and_then(|row| BatchState::parse(&row)))
}

/// Returns the batch of changes by hand that waits, where no file came after it: a change is newer than what it changes.
pub(in super::super) async fn hand_batch_open(
    tx: &mut Tx,
    scope: &SystemScope,
    kind: Kind,
) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::hand_batch_open(scope.society_id(), kind.as_str())).await?;
    Ok(row)
}

/// Inserts a batch of changes by hand.
pub(in super::super) async fn hand_batch_insert(
    tx: &mut Tx,
    scope: &SystemScope,
    (batch_id, kind, format): (i64, Kind, Format),
    (name, hash): (&str, &[u8; 32]),
    now: Timestamp,
) -> Result<(), DbError> {
    let by = acting::name(scope);
    tx.execute(Sql::hand_batch_insert(
        scope.society_id(),
        batch_id,
        kind.as_str(),
        format.as_str(),
        name,
        hash,
        by,
        now,
    ))
    .await
    .map(drop)
}

/// Sets the counts of a batch of changes by hand.
pub(in super::super) async fn hand_batch_count(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    HandCounts { count, corrections, first_month, last_month }: HandCounts,
) -> Result<(), DbError> {
    tx.execute(Sql::hand_batch_count(scope.society_id(), batch_id, count, corrections, first_month, last_month))
        .await
        .map(drop)
}
