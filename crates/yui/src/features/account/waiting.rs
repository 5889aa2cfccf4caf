//! Accounts that wait for enrolment.

use futures::future::join_all;
use jiff::Timestamp;
use yui_auth::password::Password;
use yui_db::Tx;

use super::queries;
use crate::core::{app::App, mail, scope::SystemScope};

/// Returns the hashes of these passwords, in order, on as many cores as the hasher uses.
pub(crate) async fn hashed(app: &App, passwords: &[Password]) -> anyhow::Result<Vec<String>> {
    let mut hashes = Vec::with_capacity(passwords.len());
    for some in passwords.chunks(HASHED_AT_ONCE) {
        let one = async |password: &Password| {
            anyhow::Ok(app.hasher.hash_patiently(password.clone(), app.random.bytes()?).await?)
        };
        for hash in join_all(some.iter().map(one)).await {
            hashes.push(hash?);
        }
    }
    Ok(hashes)
}

/// The number of passwords that are handed to the hasher at once.
pub(crate) const HASHED_AT_ONCE: usize = 16;

/// The placeholder for the hash of an account that has no password. It is no hash, so nothing matches it, and a try
/// costs one hash all the same ([`yui_auth::password::Hasher::verify`]).
pub(crate) const NO_PASSWORD: &str = "-";

/// Withdraws the announcement to this account, if one waits, and invalidates the link in it or in one that was sent.
pub(crate) async fn take_back_of(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    now: Timestamp,
) -> anyhow::Result<()> {
    queries::links_delete(tx, scope, account_id, "first_login").await?;
    if let Some(mail) = queries::announcement(tx, scope, account_id).await?
        && mail::take_back(tx, scope, mail, now).await?
    {
        queries::announcement_set(tx, scope, account_id, None).await?;
    }
    Ok(())
}
