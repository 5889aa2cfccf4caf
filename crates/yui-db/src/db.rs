//! The connection to either engine, and reading from it.

use std::{str::FromStr, time::Duration};

use sqlx::{
    Arguments, AssertSqlSafe, Connection, FromRow, PgPool, Postgres, Sqlite, SqlitePool,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use crate::{DbError, Param, Statement, Tx, param::instant_text};

/// A struct that can be made from a row of either engine: whatever has `#[derive(sqlx::FromRow)]`.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// Which of the two databases is behind a [`Db`].
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
    Postgres(PgPool),
}

static SQLITE_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// How much of a SQLite file the writer may keep in memory: 32 MiB, in the form that the pragma takes. An import that touches
/// many index pages is several times faster than with the 2 MiB of a reader.
const WRITER_CACHE: &str = "-32768";

/// After how many pages of 4 KiB SQLite moves its log into the file.
const WAL_PAGES: &str = "8000";

/// A connection that was idle for longer is asked whether it still lives before it is used; asking each time would double the
/// round trips of a page.
const ASK_AFTER: Duration = Duration::from_secs(30);

/// How long a statement waits for another process that is writing to the same SQLite file.
const BUSY: Duration = Duration::from_secs(30);

impl Db {
    /// Connects to `sqlite://PATH` (the file is created where missing) or `postgres://…`, with at most `connections`.
    ///
    /// # Errors
    /// [`DbError::Address`] for any other address; [`DbError::Engine`] where the database does not answer.
    pub async fn connect(address: &str, connections: u32) -> Result<Self, DbError> {
        let failed = |source| DbError::of("connect", source);
        if let Some(path) = address.strip_prefix("sqlite://") {
            let options = SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY)
                .optimize_on_close(true, None);
            let writing = options.clone().pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", WAL_PAGES);
            let writer = SqlitePoolOptions::new()
                .max_connections(1)
                // SQLite rolls back by itself on a full disk and on I/O errors, which sqlx does not notice: it would refuse
                // every transaction from then on. The ping makes a rollback that was queued happen first.
                .after_release(|connection, _| {
                    Box::pin(async move {
                        connection.ping().await?;
                        Ok(!connection.is_in_transaction())
                    })
                })
                .connect_with(writing)
                .await
                .map_err(failed)?;
            let readers = SqlitePoolOptions::new()
                .max_connections(connections)
                .connect_with(options.pragma("query_only", "ON"))
                .await
                .map_err(failed)?;
            Ok(Self::Sqlite { readers, writer })
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(address).map_err(failed)?.application_name("yui");
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .test_before_acquire(false)
                .before_acquire(|connection, used| {
                    Box::pin(async move {
                        if used.idle_for > ASK_AFTER {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(options)
                .await
                .map_err(failed)?;
            Ok(Self::Postgres(pool))
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

    /// Brings the schema to this program's version; changes nothing where it is there already.
    ///
    /// # Errors
    /// [`DbError::Migration`] where a migration fails, or where the database was made by a newer program.
    pub async fn migrate(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite { writer, .. } => SQLITE_MIGRATIONS.run(writer).await?,
            Self::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// Returns all rows that the statement reads.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the statement fails or a row does not fit `T`.
    pub async fn all<T: Record>(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Vec<T>, DbError> {
        match self {
            Self::Sqlite { readers, .. } => sqlite(statement, params)?.fetch_all(readers).await,
            Self::Postgres(pool) => postgres(statement, params)?.fetch_all(pool).await,
        }
        .map_err(|source| DbError::of(statement.name, source))
    }

    /// Returns the row that the statement reads, if there is one.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn optional<T: Record>(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<T>, DbError> {
        match self {
            Self::Sqlite { readers, .. } => sqlite(statement, params)?.fetch_optional(readers).await,
            Self::Postgres(pool) => postgres(statement, params)?.fetch_optional(pool).await,
        }
        .map_err(|source| DbError::of(statement.name, source))
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
        let failed = |source| DbError::of(statement.name, source);
        match self {
            Self::Sqlite { readers, .. } => {
                let mut rows = Vec::new();
                for part in list.chunks(LIST_AT_ONCE) {
                    rows.extend(sqlite_among(statement, params, part)?.fetch_all(readers).await.map_err(failed)?);
                }
                Ok(rows)
            }
            Self::Postgres(pool) => postgres_among(statement, params, list)?.fetch_all(pool).await.map_err(failed),
        }
    }

    /// Lets the engine look at how much is in its tables, so that it chooses its ways well. Worth a call after many rows
    /// came in: PostgreSQL looks by itself only a minute later, and may go the long way until then.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn analyze(&self) -> Result<(), DbError> {
        let done = match self {
            Self::Sqlite { writer, .. } => sqlx::query("PRAGMA optimize").execute(writer).await.map(drop),
            Self::Postgres(pool) => sqlx::query("ANALYZE").execute(pool).await.map(drop),
        };
        done.map_err(|source| DbError::of("analyze", source))
    }

    /// As [`Db::analyze`], while rows are still coming in, so many until now: on PostgreSQL it looks at those tables that it believes to
    /// have fewer than that. In a larger one they change little.
    ///
    /// # Errors
    /// As [`Db::analyze`].
    pub async fn analyze_grown(&self, written: i64) -> Result<(), DbError> {
        let Self::Postgres(pool) = self else { return self.analyze().await };
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

    /// Begins a transaction that may write. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so that
    /// it can not fail half-way for want of it.
    ///
    /// # Errors
    /// [`DbError::Engine`] where no connection can be had or another process keeps the lock.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let begun = match self {
            Self::Sqlite { writer, .. } => writer.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite),
            Self::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        };
        begun.map_err(|source| DbError::of("begin", source))
    }

    /// Begins a transaction that can only read: on SQLite it holds up nobody who writes.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_reading(&self) -> Result<Tx, DbError> {
        let begun = match self {
            Self::Sqlite { readers, .. } => readers.begin().await.map(Tx::Sqlite),
            Self::Postgres(pool) => pool.begin_with("BEGIN READ ONLY").await.map(Tx::Postgres),
        };
        begun.map_err(|source| DbError::of("begin reading", source))
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

    /// Closes all connections after their work is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

type SqliteRows<'q, T> = sqlx::query::QueryAs<'q, Sqlite, T, SqliteArguments>;
type PostgresRows<'q, T> = sqlx::query::QueryAs<'q, Postgres, T, PgArguments>;

pub(crate) fn sqlite<'q, T: Record>(statement: &Statement, params: &[Param<'_>]) -> Result<SqliteRows<'q, T>, DbError> {
    let arguments = sqlite_arguments(params).map_err(|source| DbError::of(statement.name, source))?;
    Ok(sqlx::query_as_with(statement.sql, arguments))
}

pub(crate) fn postgres<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<PostgresRows<'q, T>, DbError> {
    let arguments = postgres_arguments(params).map_err(|source| DbError::of(statement.name, source))?;
    Ok(sqlx::query_as_with(statement.sql, arguments))
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

/// How many values of a list go into one statement of SQLite.
pub(crate) const LIST_AT_ONCE: usize = 500;

/// Returns the statement for SQLite, its `IN ($n)` grown to hold the list. The length is rounded up by repeating the last
/// value, so that few different texts have to be prepared.
pub(crate) fn sqlite_among<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
    list: &[Param<'_>],
) -> Result<SqliteRows<'q, T>, DbError> {
    let first = params.len() + 1;
    let length = list.len().next_power_of_two().min(LIST_AT_ONCE);
    let places: Vec<_> = (first..first + length).map(|place| format!("${place}")).collect();
    let sql = statement.sql.replace(&format!("IN (${first})"), &format!("IN ({})", places.join(", ")));
    let padding = list.last().into_iter().cycle().take(length - list.len());
    let values: Vec<_> = params.iter().chain(list).chain(padding).cloned().collect();
    let arguments = sqlite_arguments(&values).map_err(|source| DbError::of(statement.name, source))?;
    Ok(sqlx::query_as_with(AssertSqlSafe(sql), arguments))
}

/// Returns the statement for PostgreSQL, its `IN ($n)` made `= ANY($n)` of one array.
pub(crate) fn postgres_among<'q, T: Record>(
    statement: &Statement,
    params: &[Param<'_>],
    list: &[Param<'_>],
) -> Result<PostgresRows<'q, T>, DbError> {
    let place = params.len() + 1;
    let sql = statement.sql.replace(&format!("IN (${place})"), &format!("= ANY(${place})"));
    let failed = |source| DbError::of(statement.name, source);
    let mut arguments = postgres_arguments(params).map_err(failed)?;
    let added = match list.first() {
        Some(Param::Int(_)) => arguments.add(list.iter().map(Param::int).collect::<Vec<_>>()),
        Some(Param::Bytes(_)) => arguments.add(list.iter().map(Param::bytes).collect::<Vec<_>>()),
        _ => arguments.add(list.iter().map(Param::text).collect::<Vec<_>>()),
    };
    added.map_err(|source| failed(sqlx::Error::Encode(source)))?;
    Ok(sqlx::query_as_with(AssertSqlSafe(sql), arguments))
}
