//! Rate limits: tries are spent, and come back one at a time. The count is in the database, so that neither a restart
//! nor a second server gives any back.
//!
//! The tries of a stranger are limited by network address; the tries against one user ID are limited whether or not it
//! exists. docs/decisions/0012 explains the numbers for a society under attack.
//!
//! A try that is refused costs no write and no waiting: refusals are remembered in memory for a few seconds, and looked
//! up in the database without a lock. Requests for the same tries at the same moment wait for each other in this
//! process, before they take a connection of the database.

pub(crate) mod queries;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex as Turnstile, MutexGuard as Turn};
use yui_db::Tx;

use super::{
    app::App,
    client_info::{Breadth, ClientInfo},
    error::AppError,
    security,
    society::InSociety,
};

/// A rate limit: so many tries at once, and one more after each such span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimit {
    name: &'static str,
    burst: i32,
    each: SignedDuration,
}

/// A limit for one subject, and the number of tries to spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimitCharge {
    limit: RateLimit,
    key: [u8; 32],
    count: i32,
}

impl RateLimit {
    /// Returns a limit: so many tries at once, and one more after each such span.
    pub(crate) const fn new(name: &'static str, burst: i32, each: SignedDuration) -> Self {
        Self { name, burst, each }
    }

    /// Returns the limits for a network: for the address or the /64, and for IPv6 four times as many for the /56 and sixteen
    /// times for the /48, of which one customer may have either.
    pub(crate) fn of_network(self, client: &ClientInfo) -> Vec<RateLimitCharge> {
        let networks = client.networks().into_iter();
        networks.map(|(breadth, network)| self.times(breadth).of(&network)).collect()
    }

    fn times(self, breadth: Breadth) -> Self {
        let times = match breadth {
            Breadth::Customer => 1,
            Breadth::Site => 4,
            Breadth::Provider => 16,
        };
        Self { burst: self.burst * times, each: self.each / times, ..self }
    }

    /// Returns the limit for a user ID, an address or an account.
    pub(crate) fn of(self, whom: &str) -> RateLimitCharge {
        let digest = Sha256::new().chain_update(self.name).chain_update([0]).chain_update(whom).finalize();
        RateLimitCharge { limit: self, key: digest.into(), count: 1 }
    }

    /// Returns the seconds until another try if there is none left.
    fn wait(&self, spent_until: Timestamp, now: Timestamp) -> Option<u32> {
        let open = spent_until.duration_since(now) - self.each * (self.burst - 1);
        (open > SignedDuration::ZERO).then(|| u32::try_from(open.as_secs() + 1).unwrap_or(u32::MAX))
    }

    /// Returns the latest instant up to which tries can be spent: later spending is not counted, so that the limit is
    /// open again after twice its burst at the most.
    fn latest(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.each * (2 * self.burst)).unwrap_or(now)
    }
}

impl RateLimitCharge {
    /// Returns its name in the database.
    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Asks for so many tries instead of one.
    pub(crate) fn costing(self, count: i32) -> Self {
        Self { count, ..self }
    }

    /// Gives all tries back.
    pub(crate) async fn forget(&self, app: &App, tx: &mut Tx, scope: &impl InSociety) -> anyhow::Result<()> {
        app.rate_limiter.open(scope.society_id(), self);
        Ok(queries::rate_limit_forget(tx, scope, &self.key).await?)
    }

    /// Spends a try; returns false, and spends none, if none is left.
    pub(crate) async fn take(&self, app: &App, scope: &impl InSociety) -> Result<bool, AppError> {
        Ok(acquire(app, scope, &[*self]).await?.is_none())
    }
}

/// The longest time that a refusal is remembered: another process may have opened the limit again meanwhile.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(5);

/// The largest number of refusals that are remembered.
const MOST_REMEMBERED: usize = 16_384;

/// The number of turnstiles; different tries that share one wait for each other without need.
const TURNSTILES: usize = 512;

/// The refusals that this process remembers without asking the database, and the locks on tries.
#[derive(Debug)]
pub struct RateLimiter {
    turnstiles: Vec<Turnstile<()>>,
    /// The end of each refusal.
    refused: Mutex<HashMap<(i64, [u8; 32]), Timestamp>>,
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self { turnstiles: (0..TURNSTILES).map(|_| Turnstile::default()).collect(), refused: Mutex::default() }
    }
}

impl RateLimiter {
    /// Waits until nobody else of this process spends these tries.
    async fn turns(&self, tries: &[RateLimitCharge]) -> Vec<Turn<'_, ()>> {
        let place = |charge: &RateLimitCharge| {
            usize::from(u16::from_be_bytes([charge.key[0], charge.key[1]])) % self.turnstiles.len()
        };
        // In one order for everybody: nobody waits for somebody who waits for them.
        let mut places: Vec<_> = tries.iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        let mut turns = Vec::with_capacity(places.len());
        for place in places {
            if let Some(turnstile) = self.turnstiles.get(place) {
                turns.push(turnstile.lock().await);
            }
        }
        turns
    }

    /// Returns the seconds for which one of these is remembered as refused.
    fn known(&self, society: i64, tries: &[RateLimitCharge], now: Timestamp) -> Option<u32> {
        let refused = self.refused();
        let until = tries.iter().filter_map(|charge| refused.get(&(society, charge.key))).max()?;
        let left = until.duration_since(now);
        (left > SignedDuration::ZERO).then(|| u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX))
    }

    fn refuse(&self, society: i64, charge: &RateLimitCharge, now: Timestamp, seconds: u32) {
        security::limited(society, charge.limit.name);
        let span = SignedDuration::from_secs(i64::from(seconds)).min(REMEMBERED);
        let mut refused = self.refused();
        if refused.len() >= MOST_REMEMBERED {
            refused.retain(|_, until| *until > now);
        }
        if refused.len() < MOST_REMEMBERED
            && let Ok(until) = now.checked_add(span)
        {
            refused.insert((society, charge.key), until);
        }
    }

    fn open(&self, society: i64, charge: &RateLimitCharge) {
        self.refused().remove(&(society, charge.key));
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<(i64, [u8; 32]), Timestamp>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the seconds until these can be tried if one of them has no tries left; spends none.
pub(crate) async fn wait(app: &App, scope: &impl InSociety, tries: &[RateLimitCharge]) -> anyhow::Result<Option<u32>> {
    let (society, now) = (scope.society_id(), app.clock.now());
    if let Some(seconds) = app.rate_limiter.known(society, tries, now) {
        return Ok(Some(seconds));
    }
    let keys: Vec<_> = tries.iter().map(|charge| charge.key).collect();
    for (key, spent_until) in queries::rate_limits_spent(&app.db, scope, &keys).await? {
        let charge = tries.iter().find(|charge| key == charge.key);
        if let Some((charge, seconds)) = charge.and_then(|charge| Some((charge, charge.limit.wait(spent_until, now)?)))
        {
            app.rate_limiter.refuse(society, charge, now, seconds);
            return Ok(Some(seconds));
        }
    }
    Ok(None)
}

/// Spends these tries, all or none; returns the seconds to wait if there are none left. Tries sent side by side are
/// spent one by one.
pub(crate) async fn acquire(
    app: &App,
    scope: &impl InSociety,
    tries: &[RateLimitCharge],
) -> anyhow::Result<Option<u32>> {
    if let Some(seconds) = wait(app, scope, tries).await? {
        return Ok(Some(seconds));
    }
    let (society, now) = (scope.society_id(), app.clock.now());
    let _turns = app.rate_limiter.turns(tries).await;
    if let Some(seconds) = app.rate_limiter.known(society, tries, now) {
        return Ok(Some(seconds));
    }
    let mut tx = app.db.begin().await?;
    for charge in tries {
        let spent_until = queries::rate_limit_hold(&mut tx, scope, &charge.key, now).await?;
        if let Some(seconds) = charge.limit.wait(spent_until, now) {
            app.rate_limiter.refuse(society, charge, now, seconds);
            return Ok(Some(seconds));
        }
        let until = spent_until.max(now).checked_add(charge.limit.each * charge.count)?;
        queries::rate_limit_set(&mut tx, scope, &charge.key, until).await?;
    }
    tx.commit().await?;
    Ok(None)
}

/// Spends these tries whether or not there are any left: for a try that turned out to be wrong only after it was over.
pub(crate) async fn charge(app: &App, scope: &impl InSociety, tries: &[RateLimitCharge]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let _turns = app.rate_limiter.turns(tries).await;
    let mut tx = app.db.begin().await?;
    for charge in tries {
        let spent_until = queries::rate_limit_hold(&mut tx, scope, &charge.key, now).await?;
        let until = spent_until.max(now).checked_add(charge.limit.each * charge.count)?;
        queries::rate_limit_set(&mut tx, scope, &charge.key, until.min(charge.limit.latest(now))).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Gives back tries that were spent and not needed.
pub(crate) async fn refund(app: &App, scope: &impl InSociety, tries: &[RateLimitCharge]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let _turns = app.rate_limiter.turns(tries).await;
    let mut tx = app.db.begin().await?;
    for charge in tries {
        let spent_until = queries::rate_limit_hold(&mut tx, scope, &charge.key, now).await?;
        let until = spent_until.checked_sub(charge.limit.each * charge.count)?;
        queries::rate_limit_set(&mut tx, scope, &charge.key, until).await?;
    }
    tx.commit().await?;
    tries.iter().for_each(|charge| app.rate_limiter.open(scope.society_id(), charge));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spent_and_come_back_one_at_a_time() {
        let limit = RateLimit { name: "test", burst: 3, each: SignedDuration::from_secs(10) };
        let now = Timestamp::UNIX_EPOCH;
        let after = |tries: i32| now + limit.each * tries;
        assert_eq!([0, 1, 2].map(|tries| limit.wait(after(tries), now)), [None; 3]);
        assert_eq!(limit.wait(after(3), now), Some(11));
        assert_eq!(limit.wait(after(3), now + SignedDuration::from_secs(10)), None);
        assert_eq!(limit.wait(limit.latest(now), now + SignedDuration::from_secs(40)), None);
    }

    #[test]
    fn a_refusal_is_remembered_for_a_few_seconds_and_forgotten_with_the_limit() {
        let (limiter, now) = (RateLimiter::default(), Timestamp::UNIX_EPOCH);
        let limit = |name| RateLimit::new(name, 1, SignedDuration::from_secs(10));
        let tries = [limit("of user ID").of("taro"), limit("of address").of("203.0.113.1")];
        assert_eq!(limiter.known(1, &tries, now), None);
        limiter.refuse(1, &tries[1], now, 60);
        assert_eq!(limiter.known(1, &tries, now), Some(6));
        assert_eq!(limiter.known(2, &tries, now), None, "another society's");
        assert_eq!(limiter.known(1, &tries, now + REMEMBERED), None);
        limiter.open(1, &tries[1]);
        assert_eq!(limiter.known(1, &tries, now), None);
    }
}
