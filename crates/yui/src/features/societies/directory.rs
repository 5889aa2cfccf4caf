//! Which society answers at which host name, kept in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use yui_db::{Db, DbError};

use super::{Policy, queries};

/// A society as requests need it.
#[derive(Clone, Debug)]
pub struct Society {
    /// The first part of every key.
    pub society_id: i64,
    /// Its short name, as in `kline`.
    pub key: String,
    /// The host name its members type.
    pub host: String,
    /// Its full name.
    pub name: String,
    /// Its newest policy.
    pub policy: Policy,
}

/// The societies by host name; read again when a change could have been missed for half a minute.
#[derive(Debug, Default)]
pub struct Directory {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_host: HashMap<String, Arc<Society>>,
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
        let fresh = |known: &Known| known.read_at.is_some_and(|read_at| (now.duration_since(read_at)).abs() < FRESH);
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if fresh(&known) {
                return Ok(known.by_host.get(host).cloned());
            }
        }
        let societies = match queries::society_list(db).await {
            Ok(societies) => societies,
            Err(error) => {
                let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                if known.read_at.is_none() {
                    return Err(error);
                }
                tracing::warn!("the societies as they were read before are used: {error}");
                return Ok(known.by_host.get(host).cloned());
            }
        };
        let by_host = societies.into_iter().map(|society| (society.host.clone(), Arc::new(society))).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known { by_host, read_at: Some(now) };
        Ok(known.by_host.get(host).cloned())
    }

    /// Forgets what was read, so that a society created by this process is seen at once.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).read_at = None;
    }
}
