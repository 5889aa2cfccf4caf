//! The SQL of claims of nobody in the register.

use anyhow::Context;
use jiff::Timestamp;
use yui_db::{BulkTable, Db, DbError, Tx, Values, push, statements};

use super::UnmatchedClaim;
use crate::{core::society::InSociety, features::expenses::incoming::Record};

statements! {
    fn count_of_batch(society_id: i64, batch_id: i64) -> i64 =
        "SELECT COUNT(*) AS count FROM unmatched_claims WHERE society_id = $1 AND batch_id = $2";
    fn count_waiting(society_id: i64) -> i64 =
        "SELECT COUNT(*) AS count FROM unmatched_claims WHERE society_id = $1 AND state = 'waiting'";
    // Over all societies, but over nothing except what waits.
    fn societies_due() -> i64 = "
        SELECT DISTINCT u.society_id
        FROM unmatched_claims u
        JOIN counters c ON c.society_id = u.society_id AND c.name = 'register change'
        JOIN import_batches b ON b.society_id = u.society_id AND b.batch_id = u.batch_id
        WHERE u.state = 'waiting' AND u.tried_at < c.next_id - 1 AND b.state IN ('staged', 'published')
        ORDER BY u.society_id";
    fn is_due(society_id: i64) -> i64 = "
        SELECT COUNT(*) AS count FROM (
            SELECT u.claim_id
            FROM unmatched_claims u
            JOIN counters c ON c.society_id = u.society_id AND c.name = 'register change'
            JOIN import_batches b ON b.society_id = u.society_id AND b.batch_id = u.batch_id
            WHERE u.society_id = $1 AND u.state = 'waiting' AND u.tried_at < c.next_id - 1
                AND b.state IN ('staged', 'published')
            LIMIT 1) due";
    fn next(society_id: i64, change: i64, most: i64) -> UnmatchedClaimRow = "
        SELECT u.claim_id, u.batch_id, u.claim_key, u.record, u.reason
        FROM unmatched_claims u
        JOIN import_batches b ON b.society_id = u.society_id AND b.batch_id = u.batch_id
        WHERE u.society_id = $1 AND u.state = 'waiting' AND u.tried_at < $2 AND b.state IN ('staged', 'published')
        ORDER BY u.claim_id LIMIT $3";
    fn waiting(society_id: i64, claim_id: i64) -> UnmatchedClaimRow = "
        SELECT claim_id, batch_id, claim_key, record, reason FROM unmatched_claims
        WHERE society_id = $1 AND claim_id = $2 AND state = 'waiting'";
    fn page(society_id: i64, state: &str, after: i64, most: i64) -> PageRow = "
        SELECT claim_id, batch_id, claim_key, record, reason, decided_at, decided_by, decision_reason
        FROM unmatched_claims
        WHERE society_id = $1 AND state = $2 AND claim_id > $3
        ORDER BY claim_id LIMIT $4";
    fn batches(society_id: i64) -> BatchCount = "
        SELECT batch_id, COUNT(*) AS count FROM unmatched_claims
        WHERE society_id = $1 AND state = 'waiting'
        GROUP BY batch_id ORDER BY batch_id";
    fn tried(society_id: i64, change: i64, claims: &[i64]) -> ClaimId =
        "UPDATE unmatched_claims SET tried_at = $2 WHERE society_id = $1 AND claim_id IN ($3) RETURNING claim_id";
    fn placed(society_id: i64, batch_id: i64, now: Timestamp, claims: &[i64]) -> ClaimId = "
        UPDATE unmatched_claims SET state = 'placed', placed_in = $2, decided_at = $3, decided_by = '台帳との照合'
        WHERE society_id = $1 AND claim_id IN ($4) RETURNING claim_id";
    fn decided(society_id: i64, claim_id: i64, by: &str, reason: &str, now: Timestamp) = "
        UPDATE unmatched_claims SET decided_by = $3, decision_reason = $4, decided_at = $5
        WHERE society_id = $1 AND claim_id = $2";
    fn refuse(society_id: i64, claim_id: i64, by: &str, reason: &str, now: Timestamp) = "
        UPDATE unmatched_claims SET state = 'refused', decided_by = $3, decision_reason = $4, decided_at = $5
        WHERE society_id = $1 AND claim_id = $2 AND state = 'waiting'";
    fn refuse_batch(society_id: i64, batch_id: i64, by: &str, reason: &str, now: Timestamp) = "
        UPDATE unmatched_claims SET state = 'refused', decided_by = $3, decision_reason = $4, decided_at = $5
        WHERE society_id = $1 AND batch_id = $2 AND state = 'waiting'";
    fn wait_again(society_id: i64, claim_id: i64) -> BatchIdRow = "
        UPDATE unmatched_claims
        SET state = 'waiting', decided_by = NULL, decision_reason = NULL, decided_at = NULL, tried_at = -1
        WHERE society_id = $1 AND claim_id = $2 AND state = 'refused'
        RETURNING batch_id";
    fn placed_elsewhere(society_id: i64, batch_id: i64) -> BatchIdRow = "
        SELECT DISTINCT placed_in AS batch_id FROM unmatched_claims
        WHERE society_id = $1 AND batch_id = $2 AND placed_in <> $2 ORDER BY placed_in";
    fn rows_delete(society_id: i64, batch_id: i64, placed_in: i64) = "
        DELETE FROM expenses
        WHERE society_id = $1 AND batch_id = $3 AND claim_key IN (
            SELECT u.claim_key FROM unmatched_claims u
            WHERE u.society_id = $1 AND u.batch_id = $2 AND u.placed_in = $3)";
    fn changes_delete(society_id: i64, batch_id: i64, placed_in: i64) = "
        DELETE FROM claim_changes
        WHERE society_id = $1 AND batch_id = $3 AND claim_key IN (
            SELECT u.claim_key FROM unmatched_claims u
            WHERE u.society_id = $1 AND u.batch_id = $2 AND u.placed_in = $3)";
    // Of the claims whose rows went with the batch.
    fn versions_settle(society_id: i64, batch_id: i64) = "
        UPDATE expenses
        SET superseded_by = (
            SELECT newer.batch_id
            FROM expenses newer
            JOIN import_batches b ON b.society_id = newer.society_id AND b.batch_id = newer.batch_id
            JOIN import_batches own ON own.society_id = expenses.society_id AND own.batch_id = expenses.batch_id
            WHERE newer.society_id = expenses.society_id AND newer.claim_key = expenses.claim_key
                AND b.state = 'published' AND b.version_order > own.version_order
            ORDER BY b.version_order
            LIMIT 1)
        WHERE society_id = $1 AND claim_key IN (
            SELECT u.claim_key FROM unmatched_claims u
            WHERE u.society_id = $1 AND u.batch_id = $2 AND u.placed_in <> $2)";
    fn brought_from(society_id: i64, batch_id: i64) -> BatchIdRow = "
        SELECT DISTINCT batch_id FROM unmatched_claims
        WHERE society_id = $1 AND placed_in = $2 AND batch_id <> $2 ORDER BY batch_id";
    fn unplace(society_id: i64, placed_in: i64, batch_id: i64) = "
        UPDATE unmatched_claims
        SET state = 'waiting', placed_in = NULL, decided_at = NULL, decided_by = NULL, decision_reason = NULL
        WHERE society_id = $1 AND placed_in = $2 AND batch_id = $3";
    fn unplace_one(society_id: i64, placed_in: i64, key: &[u8]) -> BatchIdRow = "
        UPDATE unmatched_claims
        SET state = 'waiting', placed_in = NULL, decided_at = NULL, decided_by = NULL, decision_reason = NULL
        WHERE society_id = $1 AND placed_in = $2 AND claim_key = $3 AND batch_id <> $2
        RETURNING batch_id";
    fn delete_batch(society_id: i64, batch_id: i64) =
        "DELETE FROM unmatched_claims WHERE society_id = $1 AND batch_id = $2";
}

static UNMATCHED: BulkTable = BulkTable {
    name: "unmatched_claims",
    columns: &[
        "society_id",
        "claim_id",
        "batch_id",
        "line",
        "claim_key",
        "holder_key",
        "treatment_month",
        "record",
        "reason",
        "state",
        "tried_at",
    ],
};

#[derive(yui_db::Row)]
struct ClaimId {
    #[expect(dead_code, reason = "a list is written by a statement that returns rows")]
    claim_id: i64,
}

#[derive(yui_db::Row)]
struct BatchIdRow {
    #[row(filtered)]
    batch_id: i64,
}

#[derive(yui_db::Row)]
struct UnmatchedClaimRow {
    claim_id: i64,
    batch_id: i64,
    claim_key: Vec<u8>,
    record: String,
    reason: String,
}

impl UnmatchedClaimRow {
    fn waiting(self) -> anyhow::Result<UnmatchedClaim> {
        let Self { claim_id, batch_id, claim_key, record, reason } = self;
        let record = serde_json::from_str(&record).with_context(|| format!("unmatched claim {claim_id}"))?;
        Ok(UnmatchedClaim { claim_id, batch_id, claim_key, record, reason })
    }
}

/// Returns how many claims of a batch were kept.
pub(super) async fn count_of_batch(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<i64, DbError> {
    tx.one(Sql::count_of_batch(scope.society_id(), batch_id)).await
}

/// Returns how many claims wait.
pub(super) async fn count_waiting(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    db.one(Sql::count_waiting(scope.society_id())).await
}

/// Inserts claims of a batch, numbered from the first number.
pub(super) async fn insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    (batch_id, first, tried_at): (i64, i64, i64),
    claims: &[(Vec<u8>, &Record, &'static str)],
    records: &[String],
) -> anyhow::Result<()> {
    let mut values = Values::with_capacity(claims.len() * UNMATCHED.columns.len());
    for (((key, record, reason), json), claim_id) in claims.iter().zip(records).zip(first..) {
        push!(
            &mut values;
            scope.society_id(),
            claim_id,
            batch_id,
            i64::try_from(record.line)?,
            key.as_slice(),
            &record.hint.holder_key,
            record.hint.month.number(),
            json,
            *reason,
            "waiting",
            tried_at,
        );
    }
    tx.bulk_insert(&UNMATCHED, values).await?;
    Ok(())
}

/// Returns the societies with claims that wait for a register that has changed since.
pub(super) async fn societies_due(db: &Db) -> Result<Vec<i64>, DbError> {
    db.all(Sql::societies_due()).await
}

/// Returns whether the society has such claims.
pub(super) async fn is_due(db: &Db, scope: &impl InSociety) -> Result<bool, DbError> {
    Ok(db.one(Sql::is_due(scope.society_id())).await? > 0)
}

/// Returns the oldest waiting claims that were last matched before this change of the register.
pub(super) async fn next(
    tx: &mut Tx,
    scope: &impl InSociety,
    change: i64,
    most: i64,
) -> anyhow::Result<Vec<UnmatchedClaim>> {
    let rows: Vec<UnmatchedClaimRow> = tx.all(Sql::next(scope.society_id(), change, most)).await?;
    rows.into_iter().map(UnmatchedClaimRow::waiting).collect()
}

/// Returns a claim that waits.
pub(super) async fn waiting(
    tx: &mut Tx,
    scope: &impl InSociety,
    claim_id: i64,
) -> anyhow::Result<Option<UnmatchedClaim>> {
    let row: Option<UnmatchedClaimRow> = tx.optional(Sql::waiting(scope.society_id(), claim_id)).await?;
    row.map(UnmatchedClaimRow::waiting).transpose()
}

/// A claim on the page, with what was decided about it.
#[derive(yui_db::Row)]
pub(super) struct PageRow {
    #[row(flatten)]
    row: UnmatchedClaimRow,
    decided_at: Option<jiff::Timestamp>,
    decided_by: Option<String>,
    decision_reason: Option<String>,
}

/// A decision: when, by whom and why.
pub(super) type DecisionRow = (Timestamp, String, String);

/// Returns so many claims in this state after this one.
pub(super) async fn page(
    db: &Db,
    scope: &impl InSociety,
    state: &str,
    after: i64,
    most: i64,
) -> anyhow::Result<Vec<(UnmatchedClaim, Option<DecisionRow>)>> {
    let rows: Vec<PageRow> = db.all(Sql::page(scope.society_id(), state, after, most)).await?;
    let claim = |PageRow { row, decided_at, decided_by, decision_reason }: PageRow| {
        let by = decided_by.unwrap_or_default();
        let decision = decided_at.map(|at| (at, by, decision_reason.unwrap_or_default()));
        row.waiting().map(|waiting| (waiting, decision))
    };
    rows.into_iter().map(claim).collect()
}

#[derive(yui_db::Row)]
struct BatchCount {
    batch_id: i64,
    count: i64,
}

/// Returns how many claims of each batch wait.
pub(super) async fn batches(db: &Db, scope: &impl InSociety) -> Result<Vec<(i64, i64)>, DbError> {
    let rows: Vec<BatchCount> = db.all(Sql::batches(scope.society_id())).await?;
    Ok(rows.into_iter().map(|row| (row.batch_id, row.count)).collect())
}

/// Notes that the claims were matched with the register as it was after this change.
pub(super) async fn tried(
    tx: &mut Tx,
    scope: &impl InSociety,
    change: i64,
    claims: impl Iterator<Item = i64>,
) -> Result<(), DbError> {
    let claims: Vec<_> = claims.collect();
    tx.all(Sql::tried(scope.society_id(), change, &claims)).await.map(drop)
}

/// Notes that the claims have rows in this batch.
pub(super) async fn placed(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    now: Timestamp,
    claims: impl Iterator<Item = i64>,
) -> Result<(), DbError> {
    let claims: Vec<_> = claims.collect();
    tx.all(Sql::placed(scope.society_id(), batch_id, now, &claims)).await.map(drop)
}

/// Notes by whom and why a claim was placed.
pub(super) async fn decided(
    tx: &mut Tx,
    scope: &impl InSociety,
    claim_id: i64,
    (by, reason): (&str, &str),
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::decided(scope.society_id(), claim_id, by, reason, now)).await.map(drop)
}

/// Ends the waiting of a claim, by whom and why.
pub(super) async fn refuse(
    tx: &mut Tx,
    scope: &impl InSociety,
    claim_id: i64,
    (by, reason): (&str, &str),
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::refuse(scope.society_id(), claim_id, by, reason, now)).await.map(drop)
}

/// Ends the waiting of a batch's claims; returns how many.
pub(super) async fn refuse_batch(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    (by, reason): (&str, &str),
    now: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(Sql::refuse_batch(scope.society_id(), batch_id, by, reason, now)).await
}

/// Lets a claim that was not wanted wait again; returns its batch.
pub(super) async fn wait_again(tx: &mut Tx, scope: &impl InSociety, claim_id: i64) -> Result<Option<i64>, DbError> {
    let row: Option<BatchIdRow> = tx.optional(Sql::wait_again(scope.society_id(), claim_id)).await?;
    Ok(row.map(|row| row.batch_id))
}

/// Returns the other batches that have rows of claims which this one brought.
pub(super) async fn placed_elsewhere(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<Vec<i64>, DbError> {
    let rows: Vec<BatchIdRow> = tx.all(Sql::placed_elsewhere(scope.society_id(), batch_id)).await?;
    Ok(rows.into_iter().map(|row| row.batch_id).collect())
}

/// Deletes the rows in the batch `placed_in` of claims that this batch brought.
pub(super) async fn rows_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    placed_in: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::rows_delete(scope.society_id(), batch_id, placed_in)).await?;
    tx.execute(Sql::changes_delete(scope.society_id(), batch_id, placed_in)).await.map(drop)
}

/// Lets the versions of these claims be shown as if the deleted rows had never been.
pub(super) async fn versions_settle(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::versions_settle(scope.society_id(), batch_id)).await.map(drop)
}

/// Returns the other batches that brought claims placed in this one.
pub(super) async fn brought_from_elsewhere(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Vec<i64>, DbError> {
    let rows: Vec<BatchIdRow> = tx.all(Sql::brought_from(scope.society_id(), batch_id)).await?;
    Ok(rows.into_iter().map(|row| row.batch_id).collect())
}

/// Lets claims that another batch brought and that were placed in this one wait again; returns how many.
pub(super) async fn unplace(
    tx: &mut Tx,
    scope: &impl InSociety,
    placed_in: i64,
    brought_by: i64,
) -> Result<u64, DbError> {
    tx.execute(Sql::unplace(scope.society_id(), placed_in, brought_by)).await
}

/// Lets the claim of this key wait again that another batch brought and that was placed in this one; returns that other batch.
pub(super) async fn unplace_one(
    tx: &mut Tx,
    scope: &impl InSociety,
    placed_in: i64,
    key: &[u8],
) -> Result<Vec<i64>, DbError> {
    let rows: Vec<BatchIdRow> = tx.all(Sql::unplace_one(scope.society_id(), placed_in, key)).await?;
    Ok(rows.into_iter().map(|row| row.batch_id).collect())
}

/// Deletes the claims that a batch brought.
pub(super) async fn delete_batch(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::delete_batch(scope.society_id(), batch_id)).await.map(drop)
}
