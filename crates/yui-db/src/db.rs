//! The connection to either engine, and reading from it.

use std::time::Duration;

use sqlx::{
    Arguments, AssertSqlSafe, FromRow, Postgres, Sqlite, SqlitePool,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::{
    DbError, Param, Statement, Tx,
    param::instant_text,
    patience::waited,
    postgres::Pools,
    sqlite::{self, patiently},
};

/// A struct that can be made from a row of either engine: whatever has `#[derive(sqlx::FromRow)]`.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// The engine behind a [`Db`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database, one file.
    Sqlite,
    /// The server.
    Postgres,
}

/// A pool of connections to SQLite or PostgreSQL. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite: several readers, one writer.
    Sqlite {
        /// Connections that cannot write.
        readers: SqlitePool,
        /// The one connection that writes.
        writer: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(Pools),
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
        if let Some(path) = url.strip_prefix("sqlite://") {
            let (readers, writer) = sqlite::open(path, connections, create).await?;
            Ok(Self::Sqlite { readers, writer })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres(Pools::connect(url, connections, patience).await?))
        } else {
            Err(DbError::Address)
        }
    }

    /// Returns which engine this is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Returns all rows that the statement reads.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the statement fails or a row does not fit `T`; [`DbError::Late`] where no answer comes in time.
    pub async fn all<T: Record>(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Vec<T>, DbError> {
        match self {
            Self::Sqlite { readers, .. } => {
                waited(statement.name, async { sqlite(statement, params)?.fetch_all(readers).await }).await
            }
            Self::Postgres(pools) => {
                let read = || async { postgres(statement, params)?.fetch_all(pools.pool()).await };
                pools.read(statement.name, read).await
            }
        }
    }

    /// Returns the row that the statement reads, if there is one.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn optional<T: Record>(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<T>, DbError> {
        match self {
            Self::Sqlite { readers, .. } => {
                waited(statement.name, async { sqlite(statement, params)?.fetch_optional(readers).await }).await
            }
            Self::Postgres(pools) => {
                let read = || async { postgres(statement, params)?.fetch_optional(pools.pool()).await };
                pools.read(statement.name, read).await
            }
        }
    }

    /// Returns the one row that the statement reads.
    ///
    /// # Errors
    /// As [`Db::all`], and [`DbError::NoRow`] where there is none.
    pub async fn one<T: Record>(&self, statement: &Statement, params: &[Param<'_>]) -> Result<T, DbError> {
        self.optional(statement, params).await?.ok_or(DbError::NoRow(statement.name))
    }

    /// Returns all rows that the statement reads, with its last parameter, written `IN ($n)`, standing for a list.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn all_among<T: Record>(
        &self,
        statement: &Statement,
        params: &[Param<'_>],
        list: &[Param<'_>],
    ) -> Result<Vec<T>, DbError> {
        if list.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite { readers, .. } => {
                let mut rows = Vec::new();
                for part in list.chunks(LIST_AT_ONCE) {
                    let read = async { sqlite_among(statement, params, part)?.fetch_all(readers).await };
                    rows.extend(waited(statement.name, read).await?);
                }
                Ok(rows)
            }
            Self::Postgres(pools) => {
                let read = || async { postgres_among(statement, params, list)?.fetch_all(pools.pool()).await };
                pools.read(statement.name, read).await
            }
        }
    }

    /// Has the engine analyse its tables, so that it chooses good query plans. Worth a call after many rows came in:
    /// PostgreSQL analyses by itself only a minute later, and may use slow plans until then.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn analyze(&self) -> Result<(), DbError> {
        let done = match self {
            Self::Sqlite { writer, .. } => patiently(|| sqlx::query("PRAGMA optimize").execute(writer)).await.map(drop),
            Self::Postgres(pools) => sqlx::query("ANALYZE").execute(pools.pool()).await.map(drop),
        };
        done.map_err(|source| DbError::of("analyze", source))
    }

    /// As [`Db::analyze`], while rows are still coming in, so many until now: on PostgreSQL it analyses those tables
    /// that it believes to have fewer than that. In a larger one they change little.
    ///
    /// # Errors
    /// As [`Db::analyze`].
    pub async fn analyze_grown(&self, written: i64) -> Result<(), DbError> {
        let Self::Postgres(pools) = self else { return self.analyze().await };
        let pool = pools.pool();
        let failed = |source| DbError::of("analyze", source);
        let grown: Vec<String> = sqlx::query_scalar(
            "SELECT quote_ident(relname) FROM pg_class
             WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND reltuples < $1::bigint",
        )
        .bind(written)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
        if grown.is_empty() {
            return Ok(());
        }
        let analyze = format!("ANALYZE {}", grown.join(", "));
        sqlx::query(AssertSqlSafe(analyze)).execute(pool).await.map(drop).map_err(failed)
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so that it
    /// cannot fail later for want of it.
    ///
    /// # Errors
    /// [`DbError::Engine`] where no connection can be had or another process keeps the lock.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite { writer, .. } => waited("begin", sqlite::begin(writer)).await.map(Tx::Sqlite),
            Self::Postgres(pools) => pools.begin("BEGIN").await.map(Tx::Postgres),
        }
    }

    /// Begins a transaction that can only read: on SQLite it holds up nobody who writes.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_reading(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite { readers, .. } => waited("begin reading", readers.begin()).await.map(Tx::Sqlite),
            Self::Postgres(pools) => pools.begin("BEGIN READ ONLY").await.map(Tx::Postgres),
        }
    }

    /// Begins a transaction of a resumable job, such as an import. On SQLite its commit does not wait for the disk (`synchronous = NORMAL`):
    /// a power failure may roll back the newest of these transactions, in order, but none that precedes a commit of [`Db::begin`].
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_step(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite { writer, .. } => waited("begin step", sqlite::begin_step(writer)).await.map(Tx::Sqlite),
            Self::Postgres(_) => self.begin().await,
        }
    }

    /// Returns the handle by which a long job lets other writers have the lock between its transactions.
    pub fn turns(&self) -> Turns {
        match self {
            Self::Sqlite { readers, writer } => Turns(Some(sqlite::Turns::new(readers.clone(), writer.clone()))),
            Self::Postgres(_) => Turns(None),
        }
    }

    /// Runs one writing statement in a transaction of its own; returns the number of rows it changed.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn execute(&self, statement: &Statement, params: &[Param<'_>]) -> Result<u64, DbError> {
        let mut tx = self.begin().await?;
        let changed = tx.execute(statement, params).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Makes what was deleted gone from SQLite's log as well, where its earlier state stands until the log is moved
    /// into the file. Returns false if somebody goes on reading that state; on PostgreSQL it does nothing.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn empty_log(&self) -> Result<bool, DbError> {
        match self {
            Self::Sqlite { writer, .. } => {
                sqlite::empty_log(writer).await.map_err(|source| DbError::of("empty log", source))
            }
            Self::Postgres(_) => Ok(true),
        }
    }

    /// Returns how PostgreSQL was reached and as whom; nothing if the database is a file.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn server(&self) -> Result<Option<Server>, DbError> {
        let Self::Postgres(pools) = self else { return Ok(None) };
        let server = sqlx::query_as(SERVER).fetch_one(pools.pool()).await;
        server.map(Some).map_err(|source| DbError::of("server", source))
    }

    /// Closes all connections after their work is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pools) => pools.close().await,
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
            Some(turns) => waited("make way", turns.make_way(worked)).await,
            None => Ok(false),
        }
    }
}

/// The connection to PostgreSQL: how it was reached, and as whom.
#[derive(Clone, Debug, sqlx::FromRow)]
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

const SERVER: &str = "
    SELECT (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls,
        COALESCE(host(inet_server_addr()) IN ('127.0.0.1', '::1'), true) AS local,
        current_setting('is_superuser') = 'on' AS superuser,
        CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS clock";

type SqliteRows<'q, T> = sqlx::query::QueryAs<'q, Sqlite, T, SqliteArguments>;
type PostgresRows<'q, T> = sqlx::query::QueryAs<'q, Postgres, T, PgArguments>;

pub(crate) fn sqlite<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<SqliteRows<'q, T>, sqlx::Error> {
    Ok(sqlx::query_as_with(statement.sql, sqlite_arguments(params)?))
}

pub(crate) fn postgres<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<PostgresRows<'q, T>, sqlx::Error> {
    Ok(sqlx::query_as_with(statement.sql, postgres_arguments(params)?))
}

pub(crate) fn sqlite_arguments(params: &[Param<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for param in params {
        match param {
            Param::Int(value) => arguments.add(*value),
            Param::Small(value) => arguments.add(*value),
            Param::Bool(value) => arguments.add(*value),
            Param::Text(value) => arguments.add(value.as_deref()),
            Param::Bytes(value) => arguments.add(value.as_deref()),
            Param::Date(value) => arguments.add(value.map(|date| date.to_string())),
            Param::Time(value) => arguments.add(value.map(instant_text)),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

pub(crate) fn postgres_arguments(params: &[Param<'_>]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for param in params {
        match param {
            Param::Int(value) => arguments.add(*value),
            Param::Small(value) => arguments.add(*value),
            Param::Bool(value) => arguments.add(*value),
            Param::Text(value) => arguments.add(value.as_deref()),
            Param::Bytes(value) => arguments.add(value.as_deref()),
            Param::Date(value) => arguments.add(value.map(jiff_sqlx::Date::from)),
            Param::Time(value) => arguments.add(value.map(jiff_sqlx::Timestamp::from)),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The number of values of a list that go into one statement of SQLite.
pub(crate) const LIST_AT_ONCE: usize = 500;

/// Returns the statement for SQLite, its `IN ($n)` grown to hold the list. The length is rounded up by repeating the last
/// value, so that few different texts have to be prepared.
pub(crate) fn sqlite_among<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
    list: &[Param<'_>],
) -> Result<SqliteRows<'q, T>, sqlx::Error> {
    let first = params.len() + 1;
    let length = list.len().next_power_of_two().min(LIST_AT_ONCE);
    let places: Vec<_> = (first..first + length).map(|place| format!("${place}")).collect();
    let sql = statement.sql.replace(&format!("IN (${first})"), &format!("IN ({})", places.join(", ")));
    let padding = list.last().into_iter().cycle().take(length - list.len());
    let values: Vec<_> = params.iter().chain(list).chain(padding).cloned().collect();
    Ok(sqlx::query_as_with(AssertSqlSafe(sql), sqlite_arguments(&values)?))
}

/// Returns the statement for PostgreSQL, its `IN ($n)` made `= ANY($n)` of one array.
pub(crate) fn postgres_among<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
    list: &[Param<'_>],
) -> Result<PostgresRows<'q, T>, sqlx::Error> {
    let place = params.len() + 1;
    let sql = statement.sql.replace(&format!("IN (${place})"), &format!("= ANY(${place})"));
    let mut arguments = postgres_arguments(params)?;
    let added = match list.first() {
        Some(Param::Int(_)) => arguments.add(list.iter().map(Param::int).collect::<Vec<_>>()),
        Some(Param::Bytes(_)) => arguments.add(list.iter().map(Param::bytes).collect::<Vec<_>>()),
        _ => arguments.add(list.iter().map(Param::text).collect::<Vec<_>>()),
    };
    added.map_err(sqlx::Error::Encode)?;
    Ok(sqlx::query_as_with(AssertSqlSafe(sql), arguments))
}

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
