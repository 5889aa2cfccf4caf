//! Taking a register import back.

use std::collections::{BTreeSet, HashMap, HashSet};

use yui_db::Tx;

use super::{
    change_counter,
    queries::{self, Person, RegisterChange, StandsOn},
};
use crate::{core::scope::SystemScope, features::imports::ImportRefusal};

/// Restores every person that the batch touched to what was before.
///
/// # Errors
/// [`ImportRefusal`] where something stands on the batch by now: a later import changed the same persons, those it brought have
/// expenses, accounts or something to be kept from others, or a household it brought has. Nothing is changed then.
pub(super) async fn changes_revert(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let StandsOn { changed_later, used, flagged } = queries::stands_on(tx, scope, batch_id).await?;
    if changed_later > 0 {
        return Err(ImportRefusal::ChangedLater(changed_later).into());
    }
    if used > 0 {
        return Err(ImportRefusal::Used(used).into());
    }
    if flagged > 0 {
        return Err(ImportRefusal::Flagged(flagged).into());
    }
    let changes = queries::change_list(tx, scope, batch_id).await?;
    let changed_meanwhile = changed_meanwhile(tx, scope, &changes).await?;
    if changed_meanwhile > 0 {
        return Err(ImportRefusal::ChangedLater(changed_meanwhile).into());
    }
    for change in &changes {
        restore(tx, scope, change).await?;
    }
    queries::questions_of_batch_undo(tx, scope, batch_id).await?;
    change_counter::changed(tx, scope).await?;
    Ok(())
}

/// Returns how many persons are not what the batch left: an earlier file that was read at the same time changed them after it.
async fn changed_meanwhile(tx: &mut Tx, scope: &SystemScope, changes: &[RegisterChange]) -> anyhow::Result<i64> {
    let members: BTreeSet<_> = changes.iter().map(|change| change.member_id).collect();
    let members: Vec<_> = members.into_iter().collect();
    let persons = queries::persons_by_id(tx, scope, &members).await?;
    let now: HashMap<_, _> = persons.into_iter().map(|person| (person.member_id, in_order(person))).collect();
    let mut newest = HashSet::with_capacity(now.len());
    let mut count = 0;
    // The newest change of each person comes first.
    for change in changes {
        if newest.insert(change.member_id) {
            let after: Person = serde_json::from_str(&change.after_state)?;
            count += i64::from(now.get(&change.member_id) != Some(&in_order(after)));
        }
    }
    Ok(count)
}

fn in_order(mut person: Person) -> Person {
    person.spans.sort_by_key(|span| (span.from, span.household_id));
    person
}

async fn restore(tx: &mut Tx, scope: &SystemScope, change: &RegisterChange) -> anyhow::Result<()> {
    let after: Person = serde_json::from_str(&change.after_state)?;
    match &change.before_state {
        Some(before) => queries::person_replace(tx, scope, &after, &serde_json::from_str(before)?).await?,
        None => queries::person_delete(tx, scope, &after).await?,
    }
    if queries::households_clear(tx, scope, &after).await? {
        return Err(ImportRefusal::HouseholdUsed.into());
    }
    Ok(())
}
