//! Taking an import of older users back.

use jiff::Timestamp;
use yui_db::Tx;

use super::queries;
use crate::{
    core::{mail, scope::SystemScope},
    features::{account::queries as accounts, temporary_ids::pair_drop},
};

/// Removes the accounts that the batch brought and nobody has begun to use: not enrolled, and without a step of
/// enrolment. Announcements that wait are not sent; links and pairs that are out are dead. Returns how many accounts stay.
pub(crate) async fn batch_withdraw(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    now: Timestamp,
) -> anyhow::Result<i64> {
    let (untouched, mut kept) = queries::of_batch(tx, scope, batch_id).await?;
    for account_id in untouched {
        for purpose in ["email", "password", "first_login"] {
            accounts::links_delete(tx, scope, account_id, purpose).await?;
        }
        accounts::logins_delete_of(tx, scope, account_id, &[0; 32]).await?;
        accounts::devices_forget(tx, scope, account_id).await?;
        pair_drop(tx, scope, account_id).await?;
        mail::disown(tx, scope, account_id, now).await?;
        kept += i64::from(!queries::account_delete(tx, scope, account_id).await?);
    }
    Ok(kept)
}
