//! Connections that are lent to one user at a time.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{address::Server, connection::Connection};
use crate::{DbError, EngineError};

/// A connection that was idle for longer is asked whether it still lives before it is used.
const ASK_AFTER: Duration = Duration::from_secs(30);

/// How long a connection that nobody needs is kept.
const IDLE: Duration = Duration::from_secs(600);

/// How long a connection is used: the server's memory for it grows with what it has done.
const LIFE: Duration = Duration::from_secs(1800);

/// How long the statement of a user who went away may go on; after that it is cancelled, and its connection closed.
const READY: Duration = Duration::from_secs(1);

/// How long a connection may take to say that it still lives.
const LIVES: Duration = Duration::from_secs(5);

/// Whether a connection is asked if it still lives before it is used, which costs a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// If it was idle for long: for what can be done once more.
    AfterAWhile,
    /// Always: for a write, of which nobody could say whether it was done; and where another one was found broken, as all
    /// are after a restart of the server.
    Always,
}

/// Up to so many connections, opened when they are needed.
#[derive(Debug)]
pub(super) struct Pool {
    server: Server,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
}

impl Pool {
    pub(super) fn new(server: Server, connections: u32) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(connections.max(1) as usize));
        Arc::new(Self { server, permits, idle: Mutex::default(), closed: AtomicBool::new(false) })
    }

    /// Waits for a connection that nobody uses.
    pub(super) async fn lend(self: &Arc<Self>, ask: Ask) -> Result<Lent, DbError> {
        let failed = |error| DbError::engine("connect", error);
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| failed(EngineError::closed()))?;
        while let Some(idle) = self.take() {
            if idle.client.is_closed() {
                continue;
            }
            let unasked = ask == Ask::AfterAWhile && idle.idle_since.elapsed() <= ASK_AFTER;
            if unasked || matches!(timeout(LIVES, idle.client.check_connection()).await, Ok(Ok(()))) {
                return Ok(Lent {
                    pool: Arc::clone(self),
                    connection: Some(idle),
                    permit: Some(permit),
                    open: Open::No,
                });
            }
        }
        let connection = self.server.connect().await.map_err(failed)?;
        Ok(Lent { pool: Arc::clone(self), connection: Some(connection), permit: Some(permit), open: Open::No })
    }

    /// Takes the connection that was used last. Those that are not needed stay idle, and are closed at last.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.idle_since.elapsed() < IDLE);
        idle.pop()
    }

    fn give_back(&self, mut connection: Connection) {
        let is_over = self.closed.load(Ordering::Relaxed) || connection.opened.elapsed() > LIFE;
        if !is_over && !connection.client.is_closed() {
            connection.idle_since = Instant::now();
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }

    /// Closes the connections: those that are lent when they are given back.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The state in which a connection's user left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Nothing is under way.
    No,
    /// A statement is under way.
    Statement,
}

/// A connection that its owner alone uses, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lent {
    pool: Arc<Pool>,
    connection: Option<Connection>,
    permit: Option<OwnedSemaphorePermit>,
    open: Open,
}

impl Lent {
    /// Runs statements. If the caller goes away meanwhile, they are over before anybody else has the connection.
    pub(crate) async fn run<T>(
        &mut self,
        statements: impl AsyncFnOnce(&Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let Some(connection) = &self.connection else {
            return Err(DbError::engine("connection", EngineError::closed()));
        };
        self.open = Open::Statement;
        let done = statements(connection).await;
        self.open = Open::No;
        done
    }

    /// Makes the connection ready for the next user: at once where nothing is under way, else by a task of its own.
    fn end(&mut self, in_transaction: bool, turn: Option<OwnedSemaphorePermit>) {
        let (Some(connection), permit) = (self.connection.take(), self.permit.take()) else { return };
        if self.open == Open::No && !in_transaction {
            return self.pool.give_back(connection);
        }
        // Without a runtime the connection is closed, and the server rolls back.
        let Ok(runtime) = Handle::try_current() else { return };
        let pool = Arc::clone(&self.pool);
        runtime.spawn(async move {
            // A statement that is under way ends first. Outside a transaction the server remarks on it and does nothing.
            let rolled_back = timeout(READY, connection.client.batch_execute("ROLLBACK")).await;
            match rolled_back {
                Ok(Ok(())) => pool.give_back(connection),
                Ok(Err(_)) => {}
                // The server may hear of this when the statement has ended: nobody else's may be the one that it ends.
                Err(_) => pool.server.cancel(connection).await,
            }
            drop((permit, turn));
        });
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.end(false, None);
    }
}

/// A transaction on the server. It exists before its first word is sent, so that it is ended whenever its owner goes away.
#[derive(Debug)]
pub(crate) struct PgTx {
    lent: Lent,
    turn: Option<OwnedSemaphorePermit>,
    ended: bool,
}

impl PgTx {
    pub(super) async fn begin(
        lent: Lent,
        turn: Option<OwnedSemaphorePermit>,
        statement: &'static str,
    ) -> Result<Self, DbError> {
        let mut tx = Self { lent, turn, ended: false };
        tx.batch("begin", statement).await?;
        Ok(tx)
    }

    pub(crate) async fn run<T>(
        &mut self,
        statements: impl AsyncFnOnce(&Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.lent.run(statements).await
    }

    pub(crate) async fn batch(&mut self, name: &'static str, sql: &str) -> Result<(), DbError> {
        let run = async |connection: &Connection| {
            connection.client.batch_execute(sql).await.map_err(|e| DbError::engine(name, e.into()))
        };
        self.lent.run(run).await
    }

    pub(crate) async fn commit(mut self) -> Result<(), DbError> {
        self.batch("commit", "COMMIT").await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for PgTx {
    fn drop(&mut self) {
        let turn = self.turn.take();
        self.lent.end(!self.ended, turn);
    }
}
