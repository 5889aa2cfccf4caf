//! The number of changes that the register has had: claims of nobody are matched again when it grows.

use yui_db::{DbError, Tx};

use crate::core::society::{InSociety, ids_take, ids_taken};

/// The counter's name.
const REGISTER_CHANGES: &str = "register change";

/// Counts a change.
pub(super) async fn changed(tx: &mut Tx, scope: &impl InSociety) -> Result<(), DbError> {
    ids_take(tx, scope, REGISTER_CHANGES, 1).await.map(drop)
}

/// Returns how many changes the register has had.
pub(crate) async fn change_count(tx: &mut Tx, scope: &impl InSociety) -> Result<i64, DbError> {
    ids_taken(tx, scope, REGISTER_CHANGES).await
}
