//! Showing a batch to members, and taking one back.

use anyhow::{Context, bail};
use yui_db::{DbError, Tx};

use super::{Batch, BatchState, Kind, queries};
use crate::{
    app::App,
    features::{account, expenses, register, societies},
    scope::SystemScope,
};

/// Shows the batch to the members it concerns.
///
/// # Errors
/// Where there is no such batch or it is not waiting for publication; the message says what it is.
pub async fn publish(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let batch = found(app, scope, batch_id).await?;
    if batch.state != BatchState::Staged {
        bail!("batch {batch_id} ({}) is not waiting for publication: {}", batch.file_name, batch.state.label());
    }
    let mut tx = app.db.begin().await?;
    one_at_a_time(&mut tx, scope).await?;
    let now = app.clock.now();
    if !queries::batch_state_set(&mut tx, scope, batch_id, BatchState::Staged, BatchState::Published, now).await? {
        bail!("batch {batch_id} was changed by somebody else just now");
    }
    expenses::versions_settle(&mut tx, scope, batch_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes the batch back whole, published or not: everything is as if it had never come, but for the record that it did.
/// Accounts of older users that are in use by now stay; returns how many these are.
///
/// # Errors
/// Where there is no such batch, it was withdrawn before, or something else stands on it by now; the message says so.
pub async fn withdraw(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<i64> {
    let batch = found(app, scope, batch_id).await?;
    if batch.state == BatchState::Withdrawn {
        bail!("batch {batch_id} ({}) was withdrawn before", batch.file_name);
    }
    let mut tx = app.db.begin().await?;
    one_at_a_time(&mut tx, scope).await?;
    let now = app.clock.now();
    if !queries::batch_state_set(&mut tx, scope, batch_id, batch.state, BatchState::Withdrawn, now).await? {
        bail!("batch {batch_id} was changed by somebody else just now");
    }
    let mut kept = 0;
    match batch.kind {
        Kind::Expenses => {
            expenses::versions_settle(&mut tx, scope, batch_id).await?;
            expenses::batch_delete(&mut tx, scope, batch_id).await?;
        }
        Kind::Register => register::changes_revert(&mut tx, scope, batch_id).await?,
        Kind::OlderUsers => kept = account::migration::batch_withdraw(&mut tx, scope, batch_id, now).await?,
    }
    tx.commit().await?;
    Ok(kept)
}

/// Lets the society's publications and withdrawals wait for each other: each settles what the others brought.
async fn one_at_a_time(tx: &mut Tx, scope: &SystemScope) -> Result<(), DbError> {
    societies::ids_take(tx, scope, "publication", 1).await.map(drop)
}

async fn found(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<Batch> {
    queries::batch(&app.db, scope, batch_id).await?.with_context(|| format!("there is no batch {batch_id}"))
}
