//! Rows that join a batch after it was read, and batches of changes that staff make by hand.

use kenpo_formats::TreatmentMonth;
use sha2::{Digest, Sha256};
use yui_db::Tx;

use super::{BatchState, Kind, format::Format, queries};
use crate::core::{app::App, scope::SystemScope, society::ids_take};

/// Records of a batch that matched nobody and now have rows in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LateRows<'l> {
    /// Their number.
    pub(crate) count: i64,
    /// Their lines, numbered through all parts of the file: the faults of these are deleted.
    pub(crate) lines: &'l [u64],
    /// The number of them whose claim another batch has, too.
    pub(crate) corrections: i64,
    /// The first and the last treatment month among them.
    pub(crate) months: Option<(TreatmentMonth, TreatmentMonth)>,
}

/// Counts late rows in their batch and deletes their faults; returns the batch's state.
///
/// # Errors
/// Where there is no such batch, or the database does not answer.
pub(crate) async fn late_rows(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    late: LateRows<'_>,
) -> anyhow::Result<BatchState> {
    let state = queries::late_add(tx, scope, batch_id, late).await?;
    queries::unmatched_forget(tx, scope, batch_id, late.lines).await?;
    state.ok_or_else(|| anyhow::anyhow!("batch {batch_id} is not there"))
}

/// Counts a record as matched whose row is in another batch, and forgets the fault of its line.
pub(crate) async fn no_longer_unmatched(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    line: u64,
) -> anyhow::Result<()> {
    queries::unmatched_add(tx, scope, batch_id, -1).await?;
    queries::unmatched_forget(tx, scope, batch_id, &[line]).await?;
    Ok(())
}

/// Counts so many records as unmatched again.
pub(crate) async fn unmatched_again(tx: &mut Tx, scope: &SystemScope, batch_id: i64, count: i64) -> anyhow::Result<()> {
    Ok(queries::unmatched_add(tx, scope, batch_id, count).await?)
}

/// Returns the state of a batch.
pub(crate) async fn batch_state(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
) -> Result<Option<BatchState>, yui_db::DbError> {
    queries::state_of(tx, scope, batch_id).await
}

/// Returns the batch of changes by hand of this kind that waits and is neither scheduled nor to be withdrawn, if it is
/// the newest batch.
pub(crate) async fn hand_batch_open(
    tx: &mut Tx,
    scope: &SystemScope,
    kind: Kind,
) -> Result<Option<i64>, yui_db::DbError> {
    queries::hand_batch_open(tx, scope, kind).await
}

/// Makes a batch for changes by hand, which waits for publication; returns its number.
pub(crate) async fn hand_batch(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    kind: Kind,
    name: &str,
) -> anyhow::Result<i64> {
    let batch_id = ids_take(tx, scope, "batch", 1).await?;
    // Of no file: nothing but this batch has it.
    let hash: [u8; 32] = Sha256::digest(format!("by hand {batch_id}")).into();
    queries::hand_batch_insert(tx, scope, (batch_id, kind, Format::Csv), (name, &hash), app.clock.now()).await?;
    Ok(batch_id)
}

/// The counts of a batch of changes by hand.
#[derive(Clone, Copy, Debug, yui_db::Row)]
pub(crate) struct HandCounts {
    /// The number of changes.
    pub(crate) count: i64,
    /// The number of them whose claim another batch has, too.
    pub(crate) corrections: i64,
    /// As 202501; none if there is no row.
    pub(crate) first_month: Option<i32>,
    /// The same of the last month.
    pub(crate) last_month: Option<i32>,
}

/// Sets the counts of a batch of changes by hand.
pub(crate) async fn hand_batch_count(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    counts: HandCounts,
) -> Result<(), yui_db::DbError> {
    queries::hand_batch_count(tx, scope, batch_id, counts).await
}
