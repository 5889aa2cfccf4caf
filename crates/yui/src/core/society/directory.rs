//! The societies by host name, kept in memory.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Date};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use yui_db::{Db, DbError, in_request};

use super::{policy::Policy, queries};

/// A society as requests need it.
#[derive(Clone, Debug)]
pub struct Society {
    /// The first part of every key.
    pub society_id: i64,
    /// Its short name, as in `minato`.
    pub key: String,
    /// The host name its members type.
    pub host: String,
    /// Its full name.
    pub name: String,
    /// Its newest policy.
    pub policy: Policy,
    /// The number of that policy.
    pub policy_version: i64,
    /// Its colour and sign, where it has any.
    pub branding: Option<Branding>,
}

/// A society's own colour and sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    /// Grows with every change, so that browsers may keep what they fetched.
    pub version: i64,
    /// The colour on light pages, as in `#00695c`.
    pub accent: Option<String>,
    /// Whether there is a sign.
    pub has_logo: bool,
}

/// The societies by host name; read again when a change could have been missed for half a minute. A request waits for that a moment
/// and goes on with what was known before.
#[derive(Debug, Default)]
pub struct Directory {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<CachedSociety>,
    read: Notify,
}

/// A host name under which an older system answered.
#[derive(Clone, Debug)]
pub struct OlderHost {
    /// The society that used it.
    pub society: Arc<Society>,
    /// The day from which it is closed.
    pub closes: Date,
}

#[derive(Debug, Default)]
struct CachedSociety {
    by_host: HashMap<String, Arc<Society>>,
    older: HashMap<String, OlderHost>,
    /// The time of the last reading; none before the first.
    read_at: Option<Timestamp>,
    /// Whether a change since is known.
    outdated: bool,
    /// The start of the reading under way.
    reading: Option<Instant>,
}

/// The longest time that a change made by another process may go unnoticed.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// The time that requests wait for the societies to be read again, all together; after it they use the earlier ones.
const WAIT: Duration = Duration::from_millis(500);

/// The time limit of the reading itself.
const PATIENCE: Duration = Duration::from_secs(3);

impl Directory {
    /// Returns the society at this host name (lower case, no port), if any.
    ///
    /// # Errors
    /// Where the database does not answer and nothing was read before.
    pub async fn at_host(&self, db: &Db, now: Timestamp, host: &str) -> Result<Option<Arc<Society>>, DbError> {
        self.look(db, now, |known| known.by_host.get(host).cloned()).await
    }

    /// Returns the older system that answered at this host name, if there was one.
    ///
    /// # Errors
    /// As [`Directory::at_host`].
    pub async fn older_at_host(&self, db: &Db, now: Timestamp, host: &str) -> Result<Option<OlderHost>, DbError> {
        self.look(db, now, |known| known.older.get(host).cloned()).await
    }

    async fn look<T>(
        &self,
        db: &Db,
        now: Timestamp,
        find: impl Fn(&CachedSociety) -> Option<T>,
    ) -> Result<Option<T>, DbError> {
        let waits_until = {
            let mut known = self.shared.known();
            if known.is_fresh(now) {
                return Ok(find(&known));
            }
            if known.read_at.is_none() {
                None
            } else {
                let began = match known.reading {
                    Some(began) => began,
                    None => {
                        tokio::spawn(Arc::clone(&self.shared).read_again(db.clone(), now));
                        *known.reading.insert(Instant::now())
                    }
                };
                Some(began + WAIT)
            }
        };
        let Some(until) = waits_until else {
            let read = in_request(PATIENCE, CachedSociety::read(db, now)).await?;
            let mut known = self.shared.known();
            *known = read;
            return Ok(find(&known));
        };
        let mut read = pin!(self.shared.read.notified());
        read.as_mut().enable();
        if self.shared.known().reading.is_some() {
            // Whether it was read in time or not, there is something to go on with.
            let _ = timeout_at(until, read).await;
        }
        Ok(find(&self.shared.known()))
    }

    /// Has the societies read again before the next look, so that one created by this process is seen at once.
    pub fn forget(&self) {
        self.shared.known().outdated = true;
    }
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, CachedSociety> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_again(self: Arc<Self>, db: Db, now: Timestamp) {
        // What changes from here on may not be seen: it makes this reading outdated, too.
        self.known().outdated = false;
        let read = in_request(PATIENCE, CachedSociety::read(&db, now)).await;
        {
            let mut known = self.known();
            match read {
                Ok(read) => *known = CachedSociety { outdated: known.outdated, ..read },
                Err(error) => {
                    tracing::warn!("societies not reloaded, cached ones used: {error}");
                    known.outdated = true;
                    known.reading = None;
                }
            }
        }
        self.read.notify_waiters();
    }
}

impl CachedSociety {
    fn is_fresh(&self, now: Timestamp) -> bool {
        !self.outdated && self.read_at.is_some_and(|read_at| now.duration_since(read_at).abs() < FRESH)
    }

    async fn read(db: &Db, now: Timestamp) -> Result<Self, DbError> {
        let societies: Vec<_> = queries::society_list(db).await?.into_iter().map(Arc::new).collect();
        let older = queries::older_host_list(db).await?.into_iter().filter_map(|row| {
            let society = societies.iter().find(|society| society.society_id == row.society_id)?.clone();
            Some((row.host, OlderHost { society, closes: row.closes }))
        });
        let older = older.collect();
        let by_host = societies.into_iter().map(|society| (society.host.clone(), society)).collect();
        Ok(Self { by_host, older, read_at: Some(now), outdated: false, reading: None })
    }
}

/// A scope: it names the society whose rows a query may touch, and there is no way to name another.
pub trait InSociety {
    /// The society.
    fn society(&self) -> &Arc<Society>;

    /// The society's id, the first part of every key.
    fn society_id(&self) -> i64 {
        self.society().society_id
    }
}
