//! Connections to SQLite.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    Connection, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{DbError, error::is_locked};

/// How much of a SQLite file the writer may keep in memory: 32 MiB, in the form that the pragma takes. An import that touches
/// many index pages is several times faster than with the 2 MiB of a reader.
const WRITER_CACHE: &str = "-32768";

/// After how many pages of 4 KiB SQLite moves its log into the file.
const WAL_PAGES: &str = "8000";

/// How long the lock of another process that is writing to the same file is waited for.
const BUSY: Duration = Duration::from_secs(30);

/// How often it is tried meanwhile. SQLite's own waiting looks ten times a second in the end, and misses the moments between the
/// transactions of an import.
const LOOK: Duration = Duration::from_millis(2);

/// Opens the file: readers and the writer.
pub(crate) async fn open(path: &str, connections: u32, create: bool) -> Result<(SqlitePool, SqlitePool), DbError> {
    let file = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    let folder = file.parent().unwrap_or(Path::new("/"));
    if !folder.is_dir() {
        return Err(DbError::NoFolder { file: file.clone(), folder: folder.to_owned() });
    }
    if !create && !file.exists() {
        return Err(DbError::NoFile { folder: folder.to_owned(), file });
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .optimize_on_close(true, None);
    // Whoever opens a new file first gives it its mode; the others wait.
    let failed = |source: sqlx::Error| DbError::File { file: file.clone(), why: source.to_string() };
    let writing = options
        .clone()
        .busy_timeout(Duration::ZERO)
        .pragma("cache_size", WRITER_CACHE)
        // What is deleted is overwritten with zeros.
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", WAL_PAGES);
    let writer = patiently(|| {
        SqlitePoolOptions::new()
            .max_connections(1)
            // SQLite rolls back by itself on a full disk and on I/O errors, which sqlx does not notice: it would refuse
            // every transaction from then on. The ping makes a rollback that was queued happen first.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(writing.clone())
    });
    let writer = writer.await.map_err(failed)?;
    let reading = options.busy_timeout(BUSY).pragma("query_only", "ON");
    let readers = SqlitePoolOptions::new().max_connections(connections).connect_with(reading).await.map_err(failed)?;
    Ok((readers, writer))
}

/// Begins a transaction that may write.
pub(crate) async fn begin(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    patiently(|| writer.begin_with("BEGIN IMMEDIATE")).await
}

#[derive(sqlx::FromRow)]
struct Checkpoint {
    busy: i64,
}

/// Moves the log into the file and empties it. Returns false where somebody goes on reading an earlier state.
pub(crate) async fn empty_log(writer: &SqlitePool) -> Result<bool, sqlx::Error> {
    let end = Instant::now() + BUSY;
    loop {
        let done: Checkpoint =
            patiently(|| sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer)).await?;
        if done.busy == 0 || Instant::now() > end {
            return Ok(done.busy == 0);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "SQLite tells nobody when the last reader of an earlier state is done"
        )]
        tokio::time::sleep(LOOK).await;
    }
}

/// Does what another process's lock may forbid, until it does not.
pub(crate) async fn patiently<T, F>(what: impl Fn() -> F) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let end = Instant::now() + BUSY;
    loop {
        match what().await {
            Err(error) if is_locked(&error) && Instant::now() < end => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "SQLite tells nobody when a lock of another process is gone"
                )]
                tokio::time::sleep(LOOK).await;
            }
            done => return done,
        }
    }
}
