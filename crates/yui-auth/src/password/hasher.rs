//! Hashing off the async threads, with limits of concurrent and of waiting work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::engine::Memory;
use super::phc::{Cost, Stored};
use super::{Password, SALT_LEN};
use crate::fair::{FairLine, Place, Turn};

/// The time after which unused memory is given back.
pub(super) const IDLE: Duration = Duration::from_secs(1);

/// The limit of waiting passwords for one account.
const OF_ACCOUNT: usize = 4;

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The waiting line is full: answer 503 with Retry-After.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The hash function refused, or the program is stopping.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// The result of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether it is, and the stored hash should be replaced by a new one.
    pub needs_rehash: bool,
}

impl From<argon2::Error> for HashError {
    fn from(error: argon2::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Hashes passwords with argon2id (m=19456, t=2, p=1): 19 MiB each, and 6 ms or 20 as [`super::engine`] says.
///
/// At most `permits` run at once, at most `queue_limit` wait in a [`FairLine`]; the rest is told [`HashError::Busy`]. A society with
/// no hash under way does not wait for the others' (for as many again), and its one hash goes before them: those beyond a society's first run
/// on threads of a lower priority (nice 10; Linux only), so that a flood of one society has what the logins and pages of the others leave. A hash
/// once begun is finished, and keeps its place until then, though its caller may have gone: giving up and coming back does
/// not raise the load. The memory is used again by the next hash, and given back when there was none for a second.
#[derive(Clone)]
pub struct Hasher {
    line: FairLine,
    cost: Cost,
    spare: Arc<Mutex<Spare>>,
    used: Arc<Notify>,
    hashes: Arc<AtomicU64>,
}

/// Memory that no hash is using.
#[derive(Default)]
struct Spare {
    memories: Vec<Memory>,
    /// Whether a task waits to give them back.
    is_watched: bool,
}

impl Hasher {
    /// Returns a hasher for `permits` (the cores that passwords may take, at least 1) and a queue of `queue_limit`.
    #[must_use]
    pub fn new(permits: usize, queue_limit: usize) -> Self {
        Self {
            line: FairLine::new(permits, queue_limit, OF_ACCOUNT).with_extra(permits),
            cost: Cost::Today,
            spare: Arc::default(),
            used: Arc::default(),
            hashes: Arc::default(),
        }
    }

    /// Returns the hasher with hashes of this cost.
    #[must_use]
    pub fn with_cost(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }

    /// Returns the password's hash as a PHC string, with this salt: fresh random bytes.
    ///
    /// # Errors
    /// [`HashError::Busy`] if the line is full; [`HashError::Failed`] if the program is stopping.
    pub async fn hash(&self, turn: Turn, password: Password, salt: [u8; SALT_LEN]) -> Result<String, HashError> {
        let place = self.line.enter(turn).await.map_err(|_| HashError::Busy)?;
        let cost = self.cost;
        self.run_at(place, move |memory| hashed(&password, cost, salt, memory)).await
    }

    /// As [`Hasher::hash`], for a job that hashes many: it waits for as long as it takes.
    ///
    /// # Errors
    /// [`HashError::Failed`] if the program is stopping.
    pub async fn hash_patiently(&self, password: Password, salt: [u8; SALT_LEN]) -> Result<String, HashError> {
        let place = self.line.enter_patiently().await.map_err(|_| HashError::Busy)?;
        let cost = self.cost;
        self.run_at(place, move |memory| hashed(&password, cost, salt, memory)).await
    }

    /// Returns whether the password belongs to the stored hash.
    ///
    /// Always computes one hash: without a stored one (an unknown, locked or empty account) it hashes against a dummy and
    /// says no, so that the time tells nothing. A stored text that is no hash counts as none.
    ///
    /// # Errors
    /// [`HashError::Busy`] if the line is full; [`HashError::Failed`] if the program is stopping.
    pub async fn verify(&self, turn: Turn, password: Password, stored: Option<&str>) -> Result<Verified, HashError> {
        let cost = self.cost;
        let known = stored.and_then(Stored::parse);
        let is_old = known.as_ref().is_some_and(|known| !known.is_of(cost));
        let place = self.line.enter(turn).await.map_err(|_| HashError::Busy)?;
        self.run_at(place, move |memory| {
            let is_known = known.is_some();
            let against = match known {
                Some(known) => known,
                None => Stored::of_nobody(cost, [0; SALT_LEN])?,
            };
            let output = against.hash(password.expose().as_bytes(), memory)?;
            let matches = against.matches(&output) & is_known;
            Ok(Verified { matches, needs_rehash: matches && is_old })
        })
        .await
    }

    /// Returns the number of hashes computed so far.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Returns the number of passwords that wait to be hashed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line.waiting()
    }

    async fn run_at<T, F>(&self, place: Place, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Memory) -> Result<T, HashError> + Send + 'static,
    {
        let hasher = self.clone();
        let goes_first = place.is_first();
        let work = move || {
            let mut memory = hasher.spare().memories.pop().unwrap_or_default();
            let result = work(&mut memory);
            hasher.hashes.fetch_add(memory.hashes_since(), Ordering::Relaxed);
            hasher.keep(memory);
            drop(place);
            result
        };
        let done =
            if goes_first { tokio::task::spawn_blocking(work).await.map_err(failed) } else { run_later(work).await };
        done?
    }

    /// Keeps the memory for the next hash, and has it given back if there is none.
    fn keep(&self, memory: Memory) {
        self.used.notify_one();
        let mut spare = self.spare();
        spare.memories.push(memory);
        if !spare.is_watched {
            spare.is_watched = true;
            tokio::spawn(self.clone().give_back_when_idle());
        }
    }

    async fn give_back_when_idle(self) {
        while timeout(IDLE, self.used.notified()).await.is_ok() {}
        *self.spare() = Spare::default();
    }

    #[cfg(test)]
    pub(super) fn keeps_no_memory(&self) -> bool {
        self.spare().memories.is_empty()
    }

    fn spare(&self) -> MutexGuard<'_, Spare> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hashed(password: &Password, cost: Cost, salt: [u8; SALT_LEN], memory: &mut Memory) -> Result<String, HashError> {
    let stored = Stored::of_nobody(cost, salt)?;
    let output = stored.hash(password.expose().as_bytes(), memory)?;
    Ok(stored.to_phc(&output))
}

fn failed(error: impl std::fmt::Display) -> HashError {
    HashError::Failed(error.to_string())
}

/// Runs the work on a thread of a lower priority than the program's others.
///
/// A thread for each piece: one may lower its priority, but not raise it again, and beginning one costs a thousandth of a hash.
pub(super) async fn run_later<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
    let (done, result) = oneshot::channel();
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name("yui-hash-later".to_owned()).spawn(move || {
        let _context = runtime.enter();
        lower_priority();
        // Nobody may wait for it any more.
        let _gone = done.send(work());
    });
    thread.map_err(failed)?;
    result.await.map_err(failed)
}

/// Gives the thread a tenth of the processor's time that one of usual priority has beside it.
#[cfg(target_os = "linux")]
fn lower_priority() {
    // Of the thread alone: that is what setpriority(2) does on Linux. Where it is refused, the work is as urgent as the rest.
    let _refused = rustix::process::setpriority_process(None, 10);
}

#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
