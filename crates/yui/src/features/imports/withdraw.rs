//! Taking a batch back: staff order it, and a worker does it. In one transaction it is out of sight and everything that stood
//! before it counts again; its rows, which nobody sees any more, are deleted in portions after that.

use std::time::Instant;

use yui_db::Tx;

use super::{
    Batch, BatchState, ImportRefusal, acting, acts, pace::Pace, publish::one_at_a_time, queries,
    run::one_chunk_at_a_time,
};
use crate::core::{app::App, audit, scope::SystemScope, society::InSociety};

/// How many rows are deleted in one transaction at the most.
const PORTION: usize = 5_000;

/// How many rows are deleted before other orders have their turn.
const TURN: usize = 50_000;

/// Has a worker withdraw the batch for this reason. One that was to be published is not published any more.
///
/// # Errors
/// [`ImportRefusal`] where there is no such batch, it was withdrawn before or is to be already; or where the database does not
/// answer. What else stands against it shows when it is done: the batch tells then.
pub(super) async fn order(app: &App, scope: &SystemScope, batch_id: i64, reason: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    withdraw_approved(app, &mut tx, scope, batch_id, reason).await?;
    tx.commit().await?;
    app.imports.wake();
    Ok(())
}

/// As [`order`], in the caller's transaction, after which workers are to be woken: a second person approved it.
///
/// # Errors
/// As [`order`].
pub(super) async fn withdraw_approved(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    reason: &str,
) -> anyhow::Result<()> {
    let batch = queries::batch(&app.db, scope, batch_id).await?.ok_or(ImportRefusal::NoBatch(batch_id))?;
    if batch.state == BatchState::Withdrawn {
        return Err(ImportRefusal::WithdrawnBefore(batch_id, batch.file_name).into());
    }
    if !queries::withdraw_order(tx, scope, batch_id, &acting::kept(scope), reason).await? {
        return Err(ImportRefusal::ChangedMeanwhile(batch_id).into());
    }
    audit::record(app, tx, scope, acts::WITHDRAWAL_ORDERED, Some(&acts::batch(&batch)), &detail(&batch, reason)).await
}

/// Returns what the log tells of a withdrawal.
fn detail(batch: &Batch, reason: &str) -> String {
    let told = format!("{} {}件、{}", batch.kind.label(), batch.accepted, batch.words());
    if reason.is_empty() { told } else { format!("{told}、理由: {reason}") }
}

/// Withdraws what was ordered, in the name of those who wanted it; returns how many batches.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn ordered(app: &App, worker: &SystemScope) -> anyhow::Result<usize> {
    let mut done = 0;
    for order in queries::to_withdraw(&app.db, worker).await? {
        let (batch_id, reason) = (order.batch_id, order.withdraw_reason.unwrap_or_default());
        let Err(error) = hide(app, &acting::of(worker, &order.withdraw_acting), batch_id, &reason).await else {
            done += 1;
            continue;
        };
        match error.downcast_ref::<ImportRefusal>() {
            // Another worker was faster, or the batch got on just now: what is still to be done is due again.
            Some(ImportRefusal::ChangedMeanwhile(_) | ImportRefusal::WithdrawnBefore(..)) => {}
            Some(refusal) => queries::withdraw_refused(&app.db, worker, batch_id, &refusal.words()).await?,
            None => {
                tracing::error!(society = worker.society_id(), batch = batch_id, "not withdrawn: {error:#}");
            }
        }
    }
    Ok(done)
}

/// Takes the batch back whole, published or not: everything is as if it had never come, but for the record that it did.
/// Accounts of older users that are in use by now stay; returns how many these are. An import of it that is under way ends.
///
/// # Errors
/// [`ImportRefusal`] where there is no such batch, it was withdrawn before, or something else stands on it by now; or where the
/// database does not answer.
pub async fn withdraw(app: &App, scope: &SystemScope, batch_id: i64, reason: &str) -> anyhow::Result<i64> {
    let kept = hide(app, scope, batch_id, reason).await?;
    while clear(app, scope).await? {}
    Ok(kept)
}

async fn hide(app: &App, scope: &SystemScope, batch_id: i64, reason: &str) -> anyhow::Result<i64> {
    // People cannot go before rows of theirs that are withdrawn already.
    if queries::batch(&app.db, scope, batch_id).await?.is_some_and(|batch| batch.kind.at_once()) {
        while clear(app, scope).await? {}
    }
    let mut tx = app.db.begin().await?;
    let kept = hide_in(app, &mut tx, scope, batch_id, reason).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Takes the batch out of sight in the caller's transaction; its rows are deleted by a worker. Returns how many accounts stay.
///
/// # Errors
/// As [`withdraw`].
pub(super) async fn hide_in(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    reason: &str,
) -> anyhow::Result<i64> {
    one_at_a_time(tx, scope).await?;
    // Nor while a file is being written: each restores, or builds on, what the other changes.
    one_chunk_at_a_time(tx, scope).await?;
    let batch = queries::batch(&app.db, scope, batch_id).await?.ok_or(ImportRefusal::NoBatch(batch_id))?;
    if batch.state == BatchState::Withdrawn {
        return Err(ImportRefusal::WithdrawnBefore(batch_id, batch.file_name).into());
    }
    let now = app.clock.now();
    if !queries::batch_withdraw(tx, scope, batch_id, batch.state, reason, now).await? {
        return Err(ImportRefusal::ChangedMeanwhile(batch_id).into());
    }
    queries::uploads_drop_of(tx, scope, batch_id).await?;
    let kept = batch.kind.withdrawn(tx, scope, batch_id, now).await?;
    queries::kept_set(tx, scope, batch_id, kept).await?;
    audit::record(app, tx, scope, acts::WITHDRAWN, Some(&acts::batch(&batch)), &detail(&batch, reason)).await?;
    Ok(kept)
}

/// Deletes some rows of withdrawn batches; returns whether more may be there.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn clear(app: &App, scope: &SystemScope) -> anyhow::Result<bool> {
    let pace = Pace::of(app.db.engine(), PORTION);
    let (mut turns, mut left) = (app.db.turns(), TURN);
    while left > 0 {
        let most = pace.next();
        let mut tx = app.db.begin_step().await?;
        let begun = Instant::now();
        let Some((batch_id, kind)) = queries::clearing(&mut tx, scope).await? else { return Ok(false) };
        let count = kind.clear(&mut tx, scope, batch_id, i64::try_from(most)?).await?;
        if count == 0 {
            queries::cleared(&mut tx, scope, batch_id).await?;
        }
        tx.commit().await?;
        let took = begun.elapsed();
        let others = turns.make_way(took).await?;
        pace.took(usize::try_from(count)?, took, others);
        left = left.saturating_sub(most);
    }
    Ok(true)
}
