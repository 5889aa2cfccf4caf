//! The effects of withdrawn rows on unmatched and placed claims.

use yui_db::Tx;

use super::queries;
use crate::{
    core::scope::SystemScope,
    features::{expenses::by_hand, imports},
};

/// Lets a claim of this key wait again if it was placed in this batch of changes by hand.
pub(in super::super) async fn unplaced(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    key: &[u8],
) -> anyhow::Result<()> {
    for brought_by in queries::unplace_one(tx, scope, batch_id, key).await? {
        imports::unmatched_again(tx, scope, brought_by, 1).await?;
    }
    Ok(())
}

/// Undoes the decisions about the claims that a withdrawn batch brought, and about those that were placed in it.
pub(in super::super) async fn withdrawn(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
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
