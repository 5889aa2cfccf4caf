//! The connection to either engine, and reading from it.

use std::{sync::Arc, time::Duration};

use crate::{
    Command, DbError, Query, Read, Row, Statement, Tx,
    patience::waited,
    postgres::Postgres,
    sqlite::{self, Durable, Sqlite},
    tx::Open,
    value::params,
};

/// The engine behind a [`Db`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database, one file.
    Sqlite,
    /// The server.
    Postgres,
}

/// The connections to SQLite or PostgreSQL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db(pub(crate) Connections);

#[derive(Clone, Debug)]
pub(crate) enum Connections {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

/// The settings of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// `sqlite://PATH` or `postgres://…`.
    pub url: &'a str,
    /// The largest number of connections for requests; other work has up to eight beside them on PostgreSQL.
    pub connections: u32,
    /// The time that a request waits.
    pub patience: Duration,
    /// Whether a SQLite file is created if there is none.
    pub create: bool,
}

/// The time that a request waits by default.
const PATIENCE: Duration = Duration::from_secs(3);

impl Db {
    /// Connects to `sqlite://PATH` (the file is created where missing) or `postgres://…`, with at most `connections`.
    ///
    /// # Errors
    /// As [`Db::at`].
    pub async fn connect(url: &str, connections: u32) -> Result<Self, DbError> {
        Self::at(Address { url, connections, patience: PATIENCE, create: true }).await
    }

    /// Connects to the database at this address.
    ///
    /// # Errors
    /// [`DbError::Address`] for an address of another kind; [`DbError::NoFile`], [`DbError::NoFolder`], [`DbError::File`] or
    /// [`DbError::Unreachable`] where the database is not there.
    pub async fn at(address: Address<'_>) -> Result<Self, DbError> {
        let Address { url, connections, patience, create } = address;
        Ok(Self(if let Some(path) = url.strip_prefix("sqlite://") {
            Connections::Sqlite(Arc::new(Sqlite::open(path, connections, create).await?))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Connections::Postgres(Arc::new(Postgres::connect(url, connections, patience).await?))
        } else {
            return Err(DbError::Address);
        }))
    }

    /// Returns which engine this is.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Connections::Sqlite(_) => Engine::Sqlite,
            Connections::Postgres(_) => Engine::Postgres,
        }
    }

    /// Reads in one trip to the engine: one query, or a tuple of them.
    ///
    /// # Errors
    /// [`DbError::Engine`] where a statement fails or a row does not fit; [`DbError::NoRow`] where the one row is missing;
    /// [`DbError::Late`] where no answer comes in time.
    pub async fn read<B: Read>(&self, read: B) -> Result<B::Answer, DbError> {
        waited(read.name(), async {
            match &self.0 {
                Connections::Sqlite(sqlite) => sqlite.read(move |reader| read.on_sqlite(reader)).await,
                Connections::Postgres(postgres) => postgres.read(&read).await,
            }
        })
        .await
    }

    /// Returns all rows that the query reads.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn all<R: Row>(&self, query: Query<R>) -> Result<Vec<R>, DbError> {
        self.read(query.all()).await
    }

    /// Returns the row that the query reads, if there is one.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn optional<R: Row>(&self, query: Query<R>) -> Result<Option<R>, DbError> {
        self.read(query.optional()).await
    }

    /// Returns the one row that the query reads.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn one<R: Row>(&self, query: Query<R>) -> Result<R, DbError> {
        self.read(query.one()).await
    }

    /// Has the engine analyse its tables, so that it chooses good query plans. Worth a call after many rows came in:
    /// PostgreSQL analyses by itself only a minute later, and may use slow plans until then.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn analyze(&self) -> Result<(), DbError> {
        match &self.0 {
            Connections::Sqlite(sqlite) => sqlite.maintain("analyze", |c| c.execute_batch("PRAGMA optimize")).await,
            Connections::Postgres(postgres) => postgres.maintain("analyze", "ANALYZE").await.map(drop),
        }
    }

    /// As [`Db::analyze`], while rows are still coming in, so many until now: on PostgreSQL it analyses those tables
    /// that it believes to have fewer than that. In a larger one they change little.
    ///
    /// # Errors
    /// As [`Db::analyze`].
    pub async fn analyze_grown(&self, written: i64) -> Result<(), DbError> {
        let Connections::Postgres(postgres) = &self.0 else { return self.analyze().await };
        let grown: Vec<String> = self.all(Query::new(&GROWN, params![written])).await?;
        if grown.is_empty() {
            return Ok(());
        }
        postgres.maintain("analyze", &format!("ANALYZE {}", grown.join(", "))).await.map(drop)
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so that it
    /// cannot fail later for want of it.
    ///
    /// # Errors
    /// [`DbError::Engine`] where no connection can be had or another process keeps the lock.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(Tx(match &self.0 {
            Connections::Sqlite(sqlite) => Open::Sqlite(waited("begin", sqlite.begin(Durable::Commit)).await?),
            Connections::Postgres(postgres) => Open::Postgres(Box::new(postgres.begin("BEGIN").await?)),
        }))
    }

    /// Begins a transaction that can only read: on SQLite it holds up nobody who writes.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_reading(&self) -> Result<Tx, DbError> {
        Ok(Tx(match &self.0 {
            Connections::Sqlite(sqlite) => Open::Sqlite(waited("begin reading", sqlite.begin_reading()).await?),
            Connections::Postgres(postgres) => Open::Postgres(Box::new(postgres.begin("BEGIN READ ONLY").await?)),
        }))
    }

    /// Begins a transaction of a resumable job, such as an import. On SQLite its commit does not wait for the disk (`synchronous = NORMAL`):
    /// a power failure may roll back the newest of these transactions, in order, but none that precedes a commit of [`Db::begin`].
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_step(&self) -> Result<Tx, DbError> {
        match &self.0 {
            Connections::Sqlite(sqlite) => {
                Ok(Tx(Open::Sqlite(waited("begin step", sqlite.begin(Durable::Later)).await?)))
            }
            Connections::Postgres(_) => self.begin().await,
        }
    }

    /// Returns the handle by which a long job lets other writers have the lock between its transactions.
    pub fn turns(&self) -> Turns {
        match &self.0 {
            Connections::Sqlite(sqlite) => Turns(Some(sqlite::Turns::new(Arc::clone(sqlite)))),
            Connections::Postgres(_) => Turns(None),
        }
    }

    /// Runs one writing statement in a transaction of its own; returns the number of rows it changed.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn execute(&self, command: Command) -> Result<u64, DbError> {
        waited(command.statement.name, async {
            match &self.0 {
                Connections::Sqlite(sqlite) => sqlite.execute(command).await,
                Connections::Postgres(postgres) => postgres.execute(&command).await,
            }
        })
        .await
    }

    /// Makes what was deleted gone from SQLite's log as well, where its earlier state stands until the log is moved
    /// into the file. Returns false if somebody goes on reading that state; on PostgreSQL it does nothing.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn empty_log(&self) -> Result<bool, DbError> {
        match &self.0 {
            Connections::Sqlite(sqlite) => sqlite.empty_log().await,
            Connections::Postgres(_) => Ok(true),
        }
    }

    /// Returns how PostgreSQL was reached and as whom; nothing if the database is a file.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn server(&self) -> Result<Option<Server>, DbError> {
        match &self.0 {
            Connections::Sqlite(_) => Ok(None),
            Connections::Postgres(_) => self.one(Query::new(&SERVER, params![])).await.map(Some),
        }
    }

    /// Closes all connections after their work is done.
    pub async fn close(&self) {
        match &self.0 {
            Connections::Sqlite(sqlite) => sqlite.close().await,
            Connections::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// Yields the write lock between the transactions of a long job.
#[derive(Debug)]
pub struct Turns(Option<sqlite::Turns>);

impl Turns {
    /// Waits before the job's next transaction, so that other writers get SQLite's lock; `worked` is how long the last transaction held it.
    /// SQLite has no queue for its lock: other processes poll for it, and the wait is longer than their interval. If another writer was
    /// active meanwhile, which is returned, the wait is as long as `worked`, from 15 to 100 ms: a login writes more than once. On
    /// PostgreSQL it returns false at once.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn make_way(&mut self, worked: Duration) -> Result<bool, DbError> {
        match &mut self.0 {
            Some(turns) => turns.make_way(worked).await,
            None => Ok(false),
        }
    }
}

/// The connection to PostgreSQL: how it was reached, and as whom.
#[derive(Clone, Debug, Row)]
pub struct Server {
    /// The protocol that encrypts the connection, as in `TLSv1.3`; none where nothing does.
    pub tls: Option<String>,
    /// Whether the connection stays on this machine.
    pub local: bool,
    /// Whether the role may do everything.
    pub superuser: bool,
    /// Its clock, in milliseconds since 1970.
    pub clock: i64,
}

impl Server {
    /// Returns a warning if this machine's clock and the server's are far apart: deadlines of codes, leases and
    /// sessions are written by one machine and read by another.
    pub fn skew(&self, now: jiff::Timestamp) -> Option<String> {
        let ahead = now.as_millisecond().saturating_sub(self.clock) / 1000;
        (ahead.abs() >= FAR_APART).then(|| {
            let direction = if ahead > 0 { "ahead of" } else { "behind" };
            format!(
                "this machine is {} s {direction} the database's: codes, leases and sessions end at the wrong time",
                ahead.abs()
            )
        })
    }
}

/// The difference in seconds from which two clocks are far apart: codes of authenticator apps are accepted for 30.
const FAR_APART: i64 = 5;

/// Asked of PostgreSQL alone.
static SERVER: Statement = Statement::own(
    "yui_db::server",
    "SELECT (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls,
        COALESCE(host(inet_server_addr()) IN ('127.0.0.1', '::1'), true) AS local,
        current_setting('is_superuser') = 'on' AS superuser,
        CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS clock",
);

/// The tables of PostgreSQL that it believes to have fewer rows than this.
static GROWN: Statement = Statement::own(
    "yui_db::grown",
    "SELECT quote_ident(relname) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND reltuples < $1",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_far_apart_are_told() {
        let server = |clock| Server { tls: None, local: true, superuser: false, clock };
        let now = jiff::Timestamp::from_millisecond(1_000_000).unwrap();
        assert_eq!(server(1_000_000).skew(now), None);
        assert_eq!(server(1_004_900).skew(now), None);
        assert!(server(910_000).skew(now).unwrap().starts_with("this machine is 90 s ahead of the database's"));
        assert!(server(1_090_000).skew(now).unwrap().starts_with("this machine is 90 s behind the database's"));
    }
}
