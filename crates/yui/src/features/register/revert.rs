//! Taking a register import back.

use anyhow::Context;
use yui_db::Tx;

use super::queries::{self, Change, Person};
use crate::{features::imports::Refusal, scope::SystemScope};

/// Restores every person that the batch touched to what was before.
///
/// # Errors
/// Where something stands on the batch by now: a later import changed the same persons, or those it brought have
/// expenses or accounts. Nothing is changed then.
pub(super) async fn changes_revert(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let (changed_later, used) = queries::stands_on(tx, scope, batch_id).await?;
    if changed_later > 0 {
        return Err(Refusal::ChangedLater(changed_later).into());
    }
    if used > 0 {
        return Err(Refusal::Used(used).into());
    }
    for change in queries::change_list(tx, scope, batch_id).await? {
        restore(tx, scope, &change)
            .await
            .context("expenses or accounts stand on what this import brought: withdraw those imports first")?;
    }
    Ok(())
}

async fn restore(tx: &mut Tx, scope: &SystemScope, change: &Change) -> anyhow::Result<()> {
    let after: Person = serde_json::from_str(&change.after_state)?;
    match &change.before_state {
        Some(before) => {
            queries::person_replace(tx, scope, &after, &serde_json::from_str(before)?).await?;
            queries::households_clear(tx, scope, &after).await?;
        }
        None => queries::person_delete(tx, scope, &after).await?,
    }
    Ok(())
}
