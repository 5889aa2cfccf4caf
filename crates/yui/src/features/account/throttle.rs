//! How often something may be tried: tries are spent, and come back one at a time. The account of them is in the database,
//! so that neither a restart nor a second server gives any back.
//!
//! What a stranger can spend is bounded by network address; what can be tried against one user ID is bounded whether or
//! not it exists. docs/decisions/0012 says what the numbers mean for a society under attack.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use yui_db::Tx;

use super::queries;
use crate::{app::App, error::AppError, scope::InSociety, visitor::Visitor};

/// Something that may be tried so many times at once, and once more after each such span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    name: &'static str,
    burst: i32,
    each: SignedDuration,
}

/// Wrong passwords from one network.
pub(super) const PASSWORDS_OF_ADDRESS: Limit =
    Limit { name: "passwords of address", burst: 60, each: SignedDuration::from_secs(15) };
/// Wrong passwords for one user ID, existing or not.
pub(super) const PASSWORDS_OF_USER_ID: Limit =
    Limit { name: "passwords of user ID", burst: 15, each: SignedDuration::from_secs(10) };
/// Passwords of somebody who is signed in and proves it again.
pub(super) const CONFIRMATIONS_OF_ACCOUNT: Limit =
    Limit { name: "confirmations of account", burst: 10, each: SignedDuration::from_secs(30) };
/// Questions for a passkey from one network.
pub(super) const PASSKEYS_OF_ADDRESS: Limit =
    Limit { name: "passkeys of address", burst: 120, each: SignedDuration::from_secs(2) };
/// Mails of recovery asked for from one network.
pub(super) const RECOVERIES_OF_ADDRESS: Limit =
    Limit { name: "recoveries of address", burst: 20, each: SignedDuration::from_mins(1) };
/// Mails of recovery for one user ID or address, existing or not.
pub(super) const RECOVERIES_OF_PERSON: Limit =
    Limit { name: "recoveries of person", burst: 5, each: SignedDuration::from_hours(2) };
/// Codes and verification links mailed for one account.
pub(super) const MAILS_OF_ACCOUNT: Limit =
    Limit { name: "mails of account", burst: 8, each: SignedDuration::from_mins(5) };

/// A limit for somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttle {
    limit: Limit,
    key: [u8; 32],
}

impl Limit {
    /// Returns a limit: so many tries at once, and one more after each such span.
    pub(crate) const fn new(name: &'static str, burst: i32, each: SignedDuration) -> Self {
        Self { name, burst, each }
    }

    /// Returns the limit for a network.
    pub(crate) fn of_network(self, visitor: &Visitor) -> Throttle {
        self.of(&visitor.network())
    }

    /// Returns the limit for a user ID, an address or an account.
    pub(crate) fn of(self, whom: &str) -> Throttle {
        let digest = Sha256::new().chain_update(self.name).chain_update([0]).chain_update(whom).finalize();
        Throttle { limit: self, key: digest.into() }
    }
}

impl Throttle {
    /// Gives all tries back.
    pub(super) async fn forget(&self, tx: &mut Tx, scope: &impl InSociety) -> anyhow::Result<()> {
        Ok(queries::throttle_forget(tx, scope, &self.key).await?)
    }

    /// Spends a try in a transaction of its own; returns false, and spends none, where none is left.
    pub(super) async fn take(&self, app: &App, scope: &impl InSociety) -> Result<bool, AppError> {
        Ok(take_all(app, scope, &[(*self, 1)]).await?.is_none())
    }
}

/// Spends so many tries of each, all or none; returns how many seconds must pass where there are none left. Whoever comes
/// at the same moment waits for the row, so that tries sent side by side are spent one by one.
pub(crate) async fn take_all(
    app: &App,
    scope: &impl InSociety,
    tries: &[(Throttle, i32)],
) -> anyhow::Result<Option<u32>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for (throttle, count) in tries {
        let spent_until = queries::throttle_hold(&mut tx, scope, &throttle.key, now).await?;
        if let Some(seconds) = throttle.limit.wait(spent_until, now) {
            return Ok(Some(seconds));
        }
        let until = spent_until.max(now).checked_add(throttle.limit.each * *count)?;
        queries::throttle_set(&mut tx, scope, &throttle.key, until).await?;
    }
    tx.commit().await?;
    Ok(None)
}

/// Gives tries back that were spent and not needed.
pub(crate) async fn give_back(app: &App, scope: &impl InSociety, tries: &[(Throttle, i32)]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for (throttle, count) in tries {
        let spent_until = queries::throttle_hold(&mut tx, scope, &throttle.key, now).await?;
        let until = spent_until.checked_sub(throttle.limit.each * *count)?;
        queries::throttle_set(&mut tx, scope, &throttle.key, until).await?;
    }
    tx.commit().await?;
    Ok(())
}

impl Limit {
    fn wait(&self, spent_until: Timestamp, now: Timestamp) -> Option<u32> {
        let open = spent_until.duration_since(now) - self.each * (self.burst - 1);
        (open > SignedDuration::ZERO).then(|| u32::try_from(open.as_secs() + 1).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spent_and_come_back_one_at_a_time() {
        let limit = Limit { name: "test", burst: 3, each: SignedDuration::from_secs(10) };
        let now = Timestamp::UNIX_EPOCH;
        let after = |tries: i32| now + limit.each * tries;
        assert_eq!([0, 1, 2].map(|tries| limit.wait(after(tries), now)), [None; 3]);
        assert_eq!(limit.wait(after(3), now), Some(11));
        assert_eq!(limit.wait(after(3), now + SignedDuration::from_secs(10)), None);
    }
}
