//! Showing a batch to members.

use anyhow::Context;
use jiff::{Timestamp, civil::DateTime};
use yui_db::{DbError, Tx};

use super::{Batch, BatchState, Refusal, acting, acts, queries};
use crate::{
    app::{App, japan},
    features::{audit, societies},
    scope::SystemScope,
};

/// Shows the batch to the members it concerns. Those who want to be are mailed of it by a worker.
///
/// # Errors
/// [`Refusal`], or where the database does not answer.
pub async fn publish(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let batch = waiting(app, scope, batch_id).await?;
    let mut tx = app.db.begin().await?;
    one_at_a_time(&mut tx, scope).await?;
    let told_through = batch.kind.news().map(|_| 0);
    if !queries::batch_publish(&mut tx, scope, batch_id, told_through, app.clock.now()).await? {
        return Err(Refusal::ChangedMeanwhile(batch_id).into());
    }
    batch.kind.published(&mut tx, scope, batch_id).await?;
    let detail = format!("{} {}件", batch.kind.label(), batch.accepted);
    audit::record(app, &mut tx, scope, acts::PUBLISHED, Some(&acts::batch(&batch)), &detail).await?;
    tx.commit().await?;
    app.imports.ring();
    Ok(())
}

/// Has a worker publish the batch then, or never where that is nothing.
///
/// # Errors
/// As [`publish`].
pub async fn publish_at(app: &App, scope: &SystemScope, batch_id: i64, at: Option<Timestamp>) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    schedule(app, &mut tx, scope, batch_id, at).await?;
    tx.commit().await?;
    app.imports.ring();
    Ok(())
}

async fn schedule(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    at: Option<Timestamp>,
) -> anyhow::Result<()> {
    let batch = waiting(app, scope, batch_id).await?;
    let kept = at.map(|_| acting::kept(scope));
    if !queries::publish_at_set(tx, scope, batch_id, at, kept.as_deref()).await? {
        return Err(Refusal::ChangedMeanwhile(batch_id).into());
    }
    let act = if at.is_some() { acts::SCHEDULED } else { acts::UNSCHEDULED };
    let detail = at.map(when).unwrap_or_default();
    audit::record(app, tx, scope, act, Some(&acts::batch(&batch)), &detail).await
}

/// The form of [`when`].
const WHEN: &str = "%Y-%m-%d %H:%M に公開";

/// Returns when a batch is to be published, for people and for [`publish_approved`].
pub(super) fn when(at: Timestamp) -> String {
    at.to_zoned(japan()).strftime(WHEN).to_string()
}

/// Does what was approved, in the caller's transaction: has a worker, to be woken afterwards, publish the batch when `detail` says,
/// or at once where that is over by now.
///
/// # Errors
/// As [`publish`].
pub async fn publish_approved(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    detail: &str,
) -> anyhow::Result<()> {
    let at = DateTime::strptime(WHEN, detail).context("when to publish")?.to_zoned(japan())?.timestamp();
    schedule(app, tx, scope, batch_id, Some(at.max(app.clock.now()))).await
}

/// Lets the society's publications and withdrawals wait for each other: each settles what the others brought.
pub(super) async fn one_at_a_time(tx: &mut Tx, scope: &SystemScope) -> Result<(), DbError> {
    societies::ids_take(tx, scope, "publication", 1).await.map(drop)
}

async fn waiting(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<Batch> {
    let batch = queries::batch(&app.db, scope, batch_id).await?.ok_or(Refusal::NoBatch(batch_id))?;
    if batch.state != BatchState::Staged {
        return Err(Refusal::NotWaiting(batch_id, batch.file_name.clone(), batch.words()).into());
    }
    Ok(batch)
}
