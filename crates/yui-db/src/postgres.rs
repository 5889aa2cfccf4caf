//! Connections to PostgreSQL.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    Connection, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    raw_sql,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    DbError,
    error::is_broken,
    patience::{is_request, waited},
};

/// A connection that was idle for longer is asked whether it still lives before it is used; asking each time would double the
/// round trips of a page.
const ASK_AFTER: Duration = Duration::from_secs(30);

/// How long a connection that was given back may take to become ready again; one that takes longer is closed.
const READY: Duration = Duration::from_secs(5);

/// How long the first connection may take.
const FIRST: Duration = Duration::from_secs(5);

/// How many connections work beside the requests has at the most.
const WORKING: u32 = 8;

/// The connections to one server: those that answer requests, whose statements have short limits, and those of imports, mail and
/// housekeeping, which may wait.
#[derive(Clone)]
pub struct Pools {
    requests: PgPool,
    work: PgPool,
    /// One for each transaction that requests may have at once: some connections stay for those that only read, whatever locks the
    /// transactions wait for.
    turns: Arc<Semaphore>,
    doubt: Arc<Doubt>,
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pools").finish_non_exhaustive()
    }
}

/// When a connection was last found broken: those that have been idle since before are asked before they are used.
#[derive(Debug)]
struct Doubt {
    since: Instant,
    found: AtomicU64,
}

impl Doubt {
    fn found(&self) {
        self.found.store(self.now().saturating_add(1), Ordering::Relaxed);
    }

    fn covers(&self, idle_for: Duration) -> bool {
        let idle_for = u64::try_from(idle_for.as_micros()).unwrap_or(u64::MAX);
        self.now().saturating_sub(idle_for) < self.found.load(Ordering::Relaxed)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Pools {
    /// Connects once, so that what stands against it is said at once, and prepares the pools.
    pub(crate) async fn connect(address: &str, connections: u32, patience: Duration) -> Result<Self, DbError> {
        let failed = |source| DbError::of("connect", source);
        let options = PgConnectOptions::from_str(address).map_err(failed)?.application_name("yui");
        let place = format!("{}:{}", options.get_host(), options.get_port());
        match timeout(FIRST, PgConnection::connect_with(&options)).await {
            Ok(Ok(first)) => first.close().await.map_err(failed)?,
            Ok(Err(source)) => return Err(DbError::Unreachable { place, why: source.to_string() }),
            Err(_) => return Err(DbError::Unreachable { place, why: "it does not answer".into() }),
        }
        let doubt = Arc::new(Doubt { since: Instant::now(), found: AtomicU64::new(0) });
        // The server ends what the client would give up a little later, so that nothing goes on behind a closed connection.
        let milliseconds = |part: u32| (patience.mul_f64(f64::from(part) / 100.0)).as_millis().to_string();
        let short = options.clone().options([
            ("lock_timeout", milliseconds(75)),
            ("statement_timeout", milliseconds(90)),
            ("idle_in_transaction_session_timeout", milliseconds(500)),
        ]);
        Ok(Self {
            requests: pool(&doubt, connections).connect_lazy_with(short),
            work: pool(&doubt, connections.min(WORKING)).connect_lazy_with(options),
            turns: Arc::new(Semaphore::new((connections - connections.div_ceil(4)).max(1) as usize)),
            doubt,
        })
    }

    /// Returns the connections that are the caller's.
    pub(crate) fn pool(&self) -> &PgPool {
        if is_request() { &self.requests } else { &self.work }
    }

    /// Reads, once more where the connection turns out to be broken: a restart of the server breaks those that were idle.
    pub(crate) async fn read<T, F>(&self, statement: &'static str, read: impl Fn() -> F) -> Result<T, DbError>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        waited(statement, async {
            match read().await {
                Err(error) if is_broken(&error) => {
                    self.doubt.found();
                    read().await
                }
                done => done,
            }
        })
        .await
    }

    /// Begins a transaction by this statement.
    pub(crate) async fn begin(&self, statement: &'static str) -> Result<PgTx, DbError> {
        self.read("begin", || async {
            let turn = match is_request() {
                true => Arc::clone(&self.turns).acquire_owned().await.ok(),
                false => None,
            };
            let mut tx = PgTx { connection: Some(self.pool().acquire().await?), turn };
            raw_sql(statement).execute(&mut *tx).await?;
            Ok(tx)
        })
        .await
    }

    pub(crate) async fn close(&self) {
        self.requests.close().await;
        self.work.close().await;
    }
}

fn pool(doubt: &Arc<Doubt>, connections: u32) -> PgPoolOptions {
    let doubt = Arc::clone(doubt);
    PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .before_acquire(move |connection, used| {
            let ask = used.idle_for > ASK_AFTER || doubt.covers(used.idle_for);
            Box::pin(async move {
                if ask {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // The previous user may have been cancelled in the middle of a statement: wait for its end, for a limited time.
        .after_release(|connection, _| {
            Box::pin(async move { Ok(matches!(timeout(READY, connection.flush()).await, Ok(Ok(())))) })
        })
}

/// A transaction on the server. It exists before its first word is sent, so that it is ended whenever its owner goes: sqlx's own does
/// not know of one whose `BEGIN` was under way, and gives such a connection to the next as it is.
pub struct PgTx {
    connection: Option<PoolConnection<Postgres>>,
    turn: Option<OwnedSemaphorePermit>,
}

impl fmt::Debug for PgTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgTx").finish_non_exhaustive()
    }
}

impl Deref for PgTx {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "only its end takes the connection out")]
    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("a transaction has a connection")
    }
}

impl DerefMut for PgTx {
    #[expect(clippy::expect_used, reason = "only its end takes the connection out")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a transaction has a connection")
    }
}

impl PgTx {
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        raw_sql("COMMIT").execute(&mut *self).await?;
        self.connection = None;
        Ok(())
    }
}

/// How often a rollback is tried: the end of a statement that was under way may be an error, which is told first.
const ROLLBACKS: usize = 3;

impl Drop for PgTx {
    fn drop(&mut self) {
        let (Some(mut connection), Ok(runtime)) = (self.connection.take(), Handle::try_current()) else { return };
        let turn = self.turn.take();
        runtime.spawn(async move {
            let rolled_back = timeout(READY, async {
                for _ in 0..ROLLBACKS {
                    match raw_sql("ROLLBACK").execute(&mut *connection).await {
                        Ok(_) => return true,
                        Err(error) if is_broken(&error) => return false,
                        Err(_) => {}
                    }
                }
                false
            });
            if !rolled_back.await.unwrap_or(false) {
                connection.close_on_drop();
            }
            drop((connection, turn));
        });
    }
}
