//! PostgreSQL: connections for requests, connections for other work.

mod address;
mod connection;
mod pool;
mod tls;

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

pub use connection::Connection;
pub(crate) use pool::PgTx;
use pool::{Ask, Lent, Pool};

use crate::{
    BulkTable, Command, DbError, Described, Read, Statement, Values,
    patience::{is_request, waited},
};

/// How many connections work beside the requests has at the most.
const WORKING: u32 = 8;

/// The connections to one server: those that answer requests, whose statements have short limits, and those of imports, mail and
/// housekeeping, which may wait.
#[derive(Debug)]
pub(crate) struct Postgres {
    requests: Arc<Pool>,
    work: Arc<Pool>,
    /// One for each transaction that requests may have at once: some connections stay for those that only read, whatever locks the
    /// transactions wait for.
    turns: Arc<Semaphore>,
}

impl Postgres {
    /// Connects once, so that what stands against it is said at once, and prepares the pools.
    pub(crate) async fn connect(url: &str, connections: u32, patience: Duration) -> Result<Self, DbError> {
        let server = address::Server::parse(url)?;
        server.try_it().await?;
        // The server ends what the client would give up a little later, so that nothing goes on behind a dropped request.
        let milliseconds = |part: u32| (patience.mul_f64(f64::from(part) / 100.0)).as_millis();
        let short = server.with_settings(&[
            ("lock_timeout", milliseconds(75)),
            ("statement_timeout", milliseconds(90)),
            ("idle_in_transaction_session_timeout", milliseconds(500)),
        ]);
        Ok(Self {
            requests: Pool::new(short, connections),
            work: Pool::new(server, connections.min(WORKING)),
            turns: Arc::new(Semaphore::new((connections - connections.div_ceil(4)).max(1) as usize)),
        })
    }

    /// Lends a connection of those that are the caller's.
    async fn lend(&self, ask: Ask) -> Result<Lent, DbError> {
        if is_request() { self.requests.lend(ask).await } else { self.work.lend(ask).await }
    }

    /// Reads in one trip, once more where the connection turns out to be broken: a restart of the server breaks those that were idle.
    pub(crate) async fn read<B: Read>(&self, read: &B) -> Result<B::Answer, DbError> {
        let once = async |ask| self.lend(ask).await?.run(async |connection| read.on_postgres(connection).await).await;
        match once(Ask::AfterAWhile).await {
            Err(error) if error.is_broken() => once(Ask::Always).await,
            done => done,
        }
    }

    pub(crate) async fn describe(&self, statement: &'static Statement) -> Result<Described, DbError> {
        let mut lent = self.lend(Ask::AfterAWhile).await?;
        lent.run(async |connection| connection.describe(statement).await).await
    }

    /// Runs one writing statement, which is a transaction of its own.
    pub(crate) async fn execute(&self, command: &Command) -> Result<u64, DbError> {
        let _turn = self.turn().await;
        self.lend(Ask::Always).await?.run(async |connection| connection.execute(command).await).await
    }

    /// Runs SQL that is no statement of the program, outside transactions; returns the number of changed rows.
    pub(crate) async fn maintain(&self, name: &'static str, sql: &str) -> Result<u64, DbError> {
        waited(name, async {
            self.lend(Ask::Always).await?.run(async |connection| connection.simple(name, sql).await).await
        })
        .await
    }

    async fn turn(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        if is_request() { Arc::clone(&self.turns).acquire_owned().await.ok() } else { None }
    }

    /// Begins a transaction by this statement.
    pub(crate) async fn begin(&self, statement: &'static str) -> Result<PgTx, DbError> {
        let once = async |ask| {
            let turn = self.turn().await;
            PgTx::begin(self.lend(ask).await?, turn, statement).await
        };
        waited("begin", async {
            match once(Ask::AfterAWhile).await {
                Err(error) if error.is_broken() => once(Ask::Always).await,
                done => done,
            }
        })
        .await
    }

    pub(crate) async fn close(&self) {
        self.requests.close();
        self.work.close();
    }
}

impl PgTx {
    pub(crate) async fn read<B: Read>(&mut self, read: &B) -> Result<B::Answer, DbError> {
        self.run(async |connection| read.on_postgres(connection).await).await
    }

    pub(crate) async fn execute(&mut self, command: &Command) -> Result<u64, DbError> {
        self.run(async |connection| connection.execute(command).await).await
    }

    pub(crate) async fn insert(&mut self, table: &BulkTable, rows: &Values) -> Result<u64, DbError> {
        self.run(async |connection| connection.insert(table, rows).await).await
    }
}
