//! Claims of nobody in the register (照合待ち): kept until the register has the person, or staff say whom a claim means
//! (docs/decisions/0036).

mod pages;
mod queries;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Context;
use kenpo_formats::TreatmentMonth;
use yui_db::Tx;

pub(super) use pages::{assign, refuse, refuse_all, show, wait_again};

use super::{
    by_hand,
    import::ExpenseImport,
    incoming::Record,
    judging::Judged,
    placing::{Person, Placed, households, person_among},
    queries::EXPENSES,
};
use crate::{
    app::App,
    features::{
        audit::{self, Subject, acts},
        imports::{self, BatchState, LateRows, Source},
        register,
        societies::ids_take,
    },
    scope::{InSociety, StaffScope, SystemScope},
};

acts! {
    /// Waiting claims were looked at.
    UNMATCHED_SEEN = "expenses.unmatched_seen" / "照合待ちの請求を表示";
    /// The register had the persons of waiting claims by then.
    MATCHED = "expenses.matched" / "照合待ちの請求を台帳と照合";
    /// Staff said whom a claim means.
    ASSIGNED = "expenses.assigned" / "照合待ちの請求を加入者に割当て";
    /// Claims are not wanted.
    NOT_WANTED = "expenses.not_wanted" / "照合待ちの請求を取り込まず";
    /// … or wait again.
    WAITS_AGAIN = "expenses.waits_again" / "請求を照合待ちに戻す";
}

/// Where the waiting claims are shown.
pub(super) const PATH: &str = "/console/imports/unmatched";

/// How many claims of a batch are kept; the others are faults of their rows only.
const KEPT: i64 = 10_000;

/// How many claims are matched in one transaction.
const PORTION: i64 = 500;

/// Keeps claims that a batch brought and that mean nobody, as many as are kept of a batch.
pub(super) async fn keep(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    unmatched: &[(Vec<u8>, &Record, &'static str)],
) -> anyhow::Result<()> {
    if unmatched.is_empty() {
        return Ok(());
    }
    let room = KEPT - queries::count_of_batch(tx, scope, batch_id).await?;
    let kept = unmatched.get(..usize::try_from(room.max(0))?).unwrap_or(unmatched);
    let first = ids_take(tx, scope, "unmatched claim", i64::try_from(kept.len())?).await?;
    let tried_at = register::change_count(tx, scope).await?;
    let records: Vec<_> = kept.iter().map(|(_, record, _)| serde_json::to_string(record)).collect::<Result<_, _>>()?;
    queries::insert(tx, scope, (batch_id, first, tried_at), kept, &records).await?;
    Ok(())
}

/// Returns how many claims wait.
pub(super) async fn count(app: &App, scope: &impl InSociety) -> Result<i64, yui_db::DbError> {
    queries::count_waiting(&app.db, scope).await
}

/// Returns the societies with claims that wait for a register that has changed since.
pub(super) async fn societies_due(app: &App) -> anyhow::Result<Vec<i64>> {
    Ok(queries::societies_due(&app.db).await?)
}

/// A claim that waits, read from the database.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    claim_id: i64,
    batch_id: i64,
    claim_key: Vec<u8>,
    record: Record,
    reason: String,
}

/// Matches the next portion of the waiting claims with the register; returns whether there were any.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn match_next(app: &App, scope: &SystemScope) -> anyhow::Result<bool> {
    if !queries::is_due(&app.db, scope).await? {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let now = register::change_count(&mut tx, scope).await?;
    let waiting = queries::next(&mut tx, scope, now, PORTION).await?;
    let holders: BTreeSet<_> = waiting.iter().map(|claim| claim.record.hint.holder_key.clone()).collect();
    let known = households(&mut tx, scope, &holders.into_iter().collect::<Vec<_>>()).await?;
    let mut meant: BTreeMap<i64, Vec<(&Waiting, Person)>> = BTreeMap::new();
    for claim in &waiting {
        let household = known.get(&claim.record.hint.holder_key).map(Vec::as_slice).unwrap_or_default();
        if let Ok(person) = person_among(household, &claim.record) {
            meant.entry(claim.batch_id).or_default().push((claim, person));
        }
    }
    queries::tried(&mut tx, scope, now, waiting.iter().map(|claim| claim.claim_id)).await?;
    for (batch_id, claims) in meant {
        let placed = place(app, &mut tx, scope, batch_id, &claims).await?;
        let detail = format!("{}件", placed.count);
        let subject = Subject::new("batch", batch_id, format!("取込{batch_id}"));
        audit::record(app, &mut tx, scope, MATCHED, Some(&subject), &detail).await?;
    }
    tx.commit().await?;
    Ok(!waiting.is_empty())
}

/// What became of claims that are placed with persons.
struct PlacedClaims {
    /// How many were placed.
    count: i64,
    /// Why others were not.
    refused: Vec<String>,
}

/// Writes the claims' rows into this batch, which brought them.
async fn place(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    claims: &[(&Waiting, Person)],
) -> anyhow::Result<PlacedClaims> {
    let mut faults = Vec::new();
    let month = TreatmentMonth::of(app.clock.today());
    let mut import = ExpenseImport::new(scope.clone(), Vec::new(), month).among_all();
    let placed = claims.iter().map(|(claim, person)| Placed { key: claim.claim_key.clone(), person: Ok(*person) });
    let records = claims.iter().map(|(claim, _)| &claim.record);
    let Judged { applied, rows, .. } =
        import.judged(tx, Some(batch_id), placed.collect(), records, &mut faults).await?;
    let mut values = Vec::with_capacity(rows.len() * EXPENSES.columns.len());
    for row in &rows {
        values.extend(row.values(scope.society_id(), batch_id));
    }
    tx.bulk_insert(&EXPENSES, &values).await?;
    let refused: HashSet<_> = faults.iter().map(|fault| fault.fault.line).collect();
    let (out, taken): (Vec<_>, Vec<_>) =
        claims.iter().map(|(claim, _)| *claim).partition(|claim| refused.contains(&claim.record.line));
    let now = app.clock.now();
    queries::placed(tx, scope, batch_id, now, taken.iter().map(|claim| claim.claim_id)).await?;
    let reasons: Vec<_> = faults.into_iter().map(|fault| fault.fault.reason).collect();
    for (claim, reason) in out.iter().zip(&reasons) {
        queries::refuse(tx, scope, claim.claim_id, ("台帳との照合", reason), now).await?;
    }
    let lines = imports::lines_to_forget(taken.iter().map(|claim| claim.record.line));
    let count = i64::try_from(taken.len())?;
    let late = LateRows { count, lines: &lines, corrections: applied.corrections, months: applied.months };
    if imports::late_rows(tx, scope, batch_id, late).await? == BatchState::Published {
        super::queries::versions_settle(tx, scope, batch_id).await?;
    }
    Ok(PlacedClaims { count, refused: reasons })
}

/// Why a claim was not assigned.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unassigned {
    /// It does not wait any more.
    #[error("the claim does not wait")]
    NotWaiting,
    /// In words for staff.
    #[error("{0}")]
    Refused(String),
}

/// Assigns a claim to a member who was covered in its month. Where the claim's batch is published, the row joins the changes by
/// hand, which are published like a file; else the batch.
///
/// # Errors
/// [`Unassigned`], or where the database does not answer.
pub(super) async fn assign_to(
    app: &App,
    staff: &StaffScope,
    claim_id: i64,
    member_id: i64,
    reason: &str,
) -> anyhow::Result<i64> {
    let scope = &staff.acting();
    let refused = |words: &str| anyhow::Error::from(Unassigned::Refused(words.to_owned()));
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let claim = queries::waiting(&mut tx, scope, claim_id).await?.ok_or(Unassigned::NotWaiting)?;
    let person = covered(&mut tx, scope, member_id, claim.record.hint.month).await?;
    let (person, name) = person.ok_or_else(|| refused("この人は、診療年月に資格がありません。"))?;
    let state = imports::batch_state(&mut tx, scope, claim.batch_id).await?.context("the claim's batch")?;
    let placed_in = match state {
        BatchState::Staged => {
            let placed = place(app, &mut tx, scope, claim.batch_id, &[(&claim, person)]).await?;
            if let Some(why) = placed.refused.first() {
                return Err(refused(why));
            }
            claim.batch_id
        }
        BatchState::Published => {
            let batch_id = by_hand::batch(app, &mut tx, scope).await?;
            let change = by_hand::Change {
                key: &claim.claim_key,
                person,
                record: &claim.record,
                act: by_hand::Act::Assigned,
                reason,
            };
            by_hand::add(app, &mut tx, scope, batch_id, &change).await?;
            queries::placed(&mut tx, scope, batch_id, app.clock.now(), [claim_id].into_iter()).await?;
            let line = imports::lines_to_forget([claim.record.line].into_iter());
            imports::no_longer_unmatched(&mut tx, scope, claim.batch_id, &line).await?;
            batch_id
        }
        BatchState::Reading | BatchState::Withdrawn => {
            return Err(refused("この請求を取り込んだファイルは、まだ取込中か、取り下げられています。"));
        }
    };
    queries::decided(&mut tx, scope, claim_id, (&staff.name, reason), app.clock.now()).await?;
    let detail = format!("取込{} {}、理由: {reason}", claim.batch_id, Source::line_in_words(claim.record.line));
    audit::record(app, &mut tx, scope, ASSIGNED, Some(&Subject::new("member", member_id, name)), &detail).await?;
    tx.commit().await?;
    Ok(placed_in)
}

/// Returns the member as the person of a claim of this month, with their name; none where they were not covered in it.
async fn covered(
    tx: &mut Tx,
    scope: &SystemScope,
    member_id: i64,
    month: TreatmentMonth,
) -> anyhow::Result<Option<(Person, String)>> {
    let spans = register::coverages_of(tx, scope, &[member_id]).await?;
    let in_month = spans.into_iter().find(|span| span.is_in(month));
    Ok(in_month.map(|span| (Person { member_id, household_id: span.household_id }, span.name)))
}

/// Ends the waiting of a claim, for this reason.
///
/// # Errors
/// [`Unassigned::NotWaiting`], or where the database does not answer.
pub(super) async fn do_without(app: &App, staff: &StaffScope, claim_id: i64, reason: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, &staff.acting()).await?;
    let claim = queries::waiting(&mut tx, staff, claim_id).await?.ok_or(Unassigned::NotWaiting)?;
    queries::refuse(&mut tx, staff, claim_id, (&staff.name, reason), app.clock.now()).await?;
    let subject = Subject::new("batch", claim.batch_id, format!("取込{}", claim.batch_id));
    let detail = format!("{}、理由: {reason}", Source::line_in_words(claim.record.line));
    audit::record(app, &mut tx, staff, NOT_WANTED, Some(&subject), &detail).await?;
    Ok(tx.commit().await?)
}

/// Ends the waiting of all claims of a batch, for this reason; returns how many.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn do_without_all(app: &App, staff: &StaffScope, batch_id: i64, reason: &str) -> anyhow::Result<u64> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, &staff.acting()).await?;
    let count = queries::refuse_batch(&mut tx, staff, batch_id, (&staff.name, reason), app.clock.now()).await?;
    let subject = Subject::new("batch", batch_id, format!("取込{batch_id}"));
    audit::record(app, &mut tx, staff, NOT_WANTED, Some(&subject), &format!("{count}件、理由: {reason}")).await?;
    tx.commit().await?;
    Ok(count)
}

/// Lets a claim wait that was not wanted.
///
/// # Errors
/// [`Unassigned::NotWaiting`] where it was not, or where the database does not answer.
pub(super) async fn take_again(app: &App, staff: &StaffScope, claim_id: i64) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    let batch_id = queries::wait_again(&mut tx, staff, claim_id).await?.ok_or(Unassigned::NotWaiting)?;
    let subject = Subject::new("batch", batch_id, format!("取込{batch_id}"));
    audit::record(app, &mut tx, staff, WAITS_AGAIN, Some(&subject), "").await?;
    Ok(tx.commit().await?)
}

/// Lets the claim of this key wait again that was placed in this batch of changes by hand, if there is one.
pub(super) async fn unplaced(tx: &mut Tx, scope: &SystemScope, batch_id: i64, key: &[u8]) -> anyhow::Result<()> {
    for brought_by in queries::unplace_one(tx, scope, batch_id, key).await? {
        imports::unmatched_again(tx, scope, brought_by, 1).await?;
    }
    Ok(())
}

/// Undoes what was made of the claims that a withdrawn batch brought, and of those that were placed in it.
pub(super) async fn withdrawn(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    // Rows that stand in changes by hand go with the file that brought their claims.
    for changes in queries::placed_elsewhere(tx, scope, batch_id).await? {
        queries::rows_delete(tx, scope, batch_id, changes).await?;
        by_hand::count(tx, scope, changes).await?;
    }
    queries::versions_settle(tx, scope, batch_id).await?;
    for brought_by in queries::brought_from_elsewhere(tx, scope, batch_id).await? {
        let count = queries::unplace(tx, scope, batch_id, brought_by).await?;
        imports::unmatched_again(tx, scope, brought_by, i64::try_from(count)?).await?;
    }
    queries::delete_batch(tx, scope, batch_id).await?;
    Ok(())
}
