//! Taking a register import back.

use yui_db::Tx;

use super::queries::{self, Change, Person, StandsOn};
use crate::{features::imports::Refusal, scope::SystemScope};

/// Restores every person that the batch touched to what was before.
///
/// # Errors
/// [`Refusal`] where something stands on the batch by now: a later import changed the same persons, those it brought have
/// expenses, accounts or something to be kept from others, or a household it brought has. Nothing is changed then.
pub(super) async fn changes_revert(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let StandsOn { changed_later, used, flagged } = queries::stands_on(tx, scope, batch_id).await?;
    if changed_later > 0 {
        return Err(Refusal::ChangedLater(changed_later).into());
    }
    if used > 0 {
        return Err(Refusal::Used(used).into());
    }
    if flagged > 0 {
        return Err(Refusal::Flagged(flagged).into());
    }
    for change in queries::change_list(tx, scope, batch_id).await? {
        restore(tx, scope, &change).await?;
    }
    queries::questions_of_batch_undo(tx, scope, batch_id).await?;
    super::changed(tx, scope).await?;
    Ok(())
}

async fn restore(tx: &mut Tx, scope: &SystemScope, change: &Change) -> anyhow::Result<()> {
    let after: Person = serde_json::from_str(&change.after_state)?;
    match &change.before_state {
        Some(before) => queries::person_replace(tx, scope, &after, &serde_json::from_str(before)?).await?,
        None => queries::person_delete(tx, scope, &after).await?,
    }
    if queries::households_clear(tx, scope, &after).await? {
        return Err(Refusal::HouseholdUsed.into());
    }
    Ok(())
}
