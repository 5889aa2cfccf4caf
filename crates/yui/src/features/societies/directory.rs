//! Which society answers at which host name, kept in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp, civil::Date};
use yui_db::{Db, DbError};

use super::{Policy, queries};

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

/// The societies by host name; read again when a change could have been missed for half a minute.
#[derive(Debug, Default)]
pub struct Directory {
    known: Mutex<Known>,
}

/// A host name under which an older system answered.
#[derive(Clone, Debug)]
pub struct OlderHost {
    /// Whose it was.
    pub society: Arc<Society>,
    /// The day from which it is closed.
    pub closes: Date,
}

#[derive(Debug, Default)]
struct Known {
    by_host: HashMap<String, Arc<Society>>,
    older: HashMap<String, OlderHost>,
    read_at: Option<Timestamp>,
}

/// How long a change made by another process may go unnoticed.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

impl Directory {
    /// Returns the society at this host name (lower case, no port), if there is one.
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

    async fn look<T>(&self, db: &Db, now: Timestamp, find: impl Fn(&Known) -> Option<T>) -> Result<Option<T>, DbError> {
        let fresh = |known: &Known| known.read_at.is_some_and(|read_at| (now.duration_since(read_at)).abs() < FRESH);
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if fresh(&known) {
                return Ok(find(&known));
            }
        }
        let read = Known::read(db, now).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(read) => *known = read,
            Err(error) if known.read_at.is_none() => return Err(error),
            Err(error) => tracing::warn!("the societies as they were read before are used: {error}"),
        }
        Ok(find(&known))
    }

    /// Forgets what was read, so that a society created by this process is seen at once.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).read_at = None;
    }
}

impl Known {
    async fn read(db: &Db, now: Timestamp) -> Result<Self, DbError> {
        let societies: Vec<_> = queries::society_list(db).await?.into_iter().map(Arc::new).collect();
        let older = queries::older_host_list(db).await?.into_iter().filter_map(|row| {
            let society = societies.iter().find(|society| society.society_id == row.society_id)?.clone();
            Some((row.host, OlderHost { society, closes: row.closes.to_jiff() }))
        });
        let older = older.collect();
        let by_host = societies.into_iter().map(|society| (society.host.clone(), society)).collect();
        Ok(Self { by_host, older, read_at: Some(now) })
    }
}
