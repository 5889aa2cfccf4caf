//! Matches waiting claims with the register, and writes the rows of those that have a person.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kenpo_formats::TreatmentMonth;
use yui_db::{Tx, Values};

use super::{MATCHED, UnmatchedClaim, queries};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        scope::SystemScope,
        society::InSociety,
    },
    features::{
        expenses::{
            import::ExpenseImport,
            judging::Judged,
            placing::{MatchedPerson, PlacedClaim, households, person_among},
            queries::{EXPENSES, versions_settle},
        },
        imports::{self, BatchState, LateRows},
        register,
    },
};

/// The number of claims that are matched in one transaction.
const PORTION: i64 = 500;

/// Matches the next portion of the waiting claims with the register; returns whether there were any.
///
/// # Errors
/// Where the database does not answer.
pub(in super::super) async fn match_next(app: &App, scope: &SystemScope) -> anyhow::Result<bool> {
    if !queries::is_due(&app.db, scope).await? {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let now = register::change_count(&mut tx, scope).await?;
    let waiting = queries::next(&mut tx, scope, now, PORTION).await?;
    let holders: BTreeSet<_> = waiting.iter().map(|claim| claim.record.hint.holder_key.clone()).collect();
    let known = households(&mut tx, scope, &holders.into_iter().collect::<Vec<_>>()).await?;
    let mut meant: BTreeMap<i64, Vec<(&UnmatchedClaim, MatchedPerson)>> = BTreeMap::new();
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

/// The result of placing claims with persons.
pub(super) struct PlacedClaims {
    /// The number of placed claims.
    pub(super) count: i64,
    /// The reasons why others were not placed.
    pub(super) refused: Vec<String>,
}

/// Writes the claims' rows into this batch, which brought them.
pub(super) async fn place(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    claims: &[(&UnmatchedClaim, MatchedPerson)],
) -> anyhow::Result<PlacedClaims> {
    let mut faults = Vec::new();
    let month = TreatmentMonth::of(app.clock.today());
    let mut import = ExpenseImport::new(scope.clone(), Vec::new(), month).among_all();
    let placed = claims.iter().map(|(claim, person)| PlacedClaim { key: claim.claim_key.clone(), person: Ok(*person) });
    let records = claims.iter().map(|(claim, _)| &claim.record);
    let Judged { applied, rows, .. } =
        import.judged(tx, Some(batch_id), placed.collect(), records, &mut faults).await?;
    let mut values = Values::with_capacity(rows.len() * EXPENSES.columns.len());
    for row in &rows {
        row.push_to(&mut values, scope.society_id(), batch_id);
    }
    tx.bulk_insert(&EXPENSES, values).await?;
    let refused: HashSet<_> = faults.iter().map(|fault| fault.fault.line).collect();
    let (out, taken): (Vec<_>, Vec<_>) =
        claims.iter().map(|(claim, _)| *claim).partition(|claim| refused.contains(&claim.record.line));
    let now = app.clock.now();
    queries::placed(tx, scope, batch_id, now, taken.iter().map(|claim| claim.claim_id)).await?;
    let reasons: Vec<_> = faults.into_iter().map(|fault| fault.fault.reason).collect();
    for (claim, reason) in out.iter().zip(&reasons) {
        queries::refuse(tx, scope, claim.claim_id, ("台帳との照合", reason), now).await?;
    }
    let lines: Vec<_> = taken.iter().map(|claim| claim.record.line).collect();
    let count = i64::try_from(taken.len())?;
    let late = LateRows { count, lines: &lines, corrections: applied.corrections, months: applied.months };
    if imports::late_rows(tx, scope, batch_id, late).await? == BatchState::Published {
        versions_settle(tx, scope, batch_id).await?;
    }
    Ok(PlacedClaims { count, refused: reasons })
}

/// Returns the member as the person of a claim of this month, with their name; none if they were not covered in it.
pub(super) async fn covered(
    tx: &mut Tx,
    scope: &SystemScope,
    member_id: i64,
    month: TreatmentMonth,
) -> anyhow::Result<Option<(MatchedPerson, String)>> {
    let spans = register::coverages_of(tx, scope, &[member_id]).await?;
    let in_month = spans.into_iter().find(|span| span.is_in(month));
    Ok(in_month.map(|span| (MatchedPerson { member_id, household_id: span.household_id }, span.name)))
}
