//! Connections to SQLite.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    Connection, SqlSafeStr, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{DbError, error::is_locked};

/// How much of a SQLite file the writer may keep in memory: 32 MiB, in the form that the pragma takes. An import that touches
/// many index pages is several times faster than with the 2 MiB of a reader.
const WRITER_CACHE: &str = "-32768";

/// `wal_autocheckpoint` of the writer, in pages of 4 KiB. It is large because the commit that reaches it does the checkpoint; long jobs
/// checkpoint more often, between their transactions.
const WAL_PAGES: &str = "16000";

/// How long the lock of another process that is writing to the same file is waited for.
const BUSY: Duration = Duration::from_secs(30);

/// How often it is tried meanwhile. SQLite's own waiting looks ten times a second in the end, and misses the moments between the
/// transactions of an import.
const LOOK: Duration = Duration::from_millis(1);

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
    // The first opener of a new file sets its mode; the others wait.
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

/// Begins a transaction that may write, and is on the disk when it is committed.
pub(crate) async fn begin(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    begin_by("PRAGMA synchronous = FULL; BEGIN IMMEDIATE", writer).await
}

/// As [`begin`], with `synchronous = NORMAL`: the commit reaches the disk with the next commit of [`begin`] or the next checkpoint. A power
/// failure may roll it back, whole, together with all that follow it.
pub(crate) async fn begin_step(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    begin_by("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE", writer).await
}

/// Begins a transaction with this SQL. While another process has the lock, the writer's connection is kept and the lock is polled: giving
/// the connection back after each try would put this caller at the end of the pool's queue.
async fn begin_by(words: &'static str, writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    let at_once = Transaction::begin(writer.acquire().await?, Some(words.into_sql_str())).await;
    if !at_once.as_ref().is_err_and(is_locked) {
        return at_once;
    }
    let end = Instant::now() + BUSY;
    loop {
        let mut connection = writer.acquire().await?;
        loop {
            match connection.begin_with("BEGIN IMMEDIATE").await {
                Ok(free) => break free.rollback().await?,
                Err(error) if is_locked(&error) && Instant::now() < end => pause(LOOK).await,
                Err(error) => return Err(error),
            }
        }
        match Transaction::begin(connection, Some(words.into_sql_str())).await {
            Err(error) if is_locked(&error) && Instant::now() < end => {}
            done => return done,
        }
    }
}

/// How long a long job leaves the lock free between two transactions: longer than [`LOOK`], the interval at which others poll.
const GAP: Duration = Duration::from_millis(4);

/// The shortest wait while others write: in this time somebody who logs in writes again, after a password hash.
const LOGIN: Duration = Duration::from_millis(15);

/// The longest wait between two transactions of a long job.
const OTHERS: Duration = Duration::from_millis(100);

/// The time in transactions after which a long job checkpoints: about half of [`WAL_PAGES`] on a fast disk.
const MOVE_AFTER: Duration = Duration::from_millis(400);

/// Yields the write lock between the transactions of a long job.
#[derive(Debug)]
pub(crate) struct Turns {
    readers: SqlitePool,
    writer: SqlitePool,
    worked: Duration,
}

impl Turns {
    pub(crate) fn new(readers: SqlitePool, writer: SqlitePool) -> Self {
        Self { readers, writer, worked: Duration::ZERO }
    }

    /// Waits [`GAP`], or as long as the job worked ([`LOGIN`] to [`OTHERS`]) if another writer committed or holds the lock. Checkpoints in that
    /// time when it is due, so that no other writer's commit has to. Returns whether there was another writer.
    pub(crate) async fn make_way(&mut self, worked: Duration) -> Result<bool, sqlx::Error> {
        let begun = Instant::now();
        let mut connection = self.readers.acquire().await?;
        let before = version(&mut connection).await?;
        self.worked += worked;
        if self.worked >= MOVE_AFTER {
            self.worked = Duration::ZERO;
            let _: Checkpoint = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *connection).await?;
        }
        pause(GAP.saturating_sub(begun.elapsed())).await;
        // A writer that holds the lock may be waiting for the disk: its commit does not show in the version yet.
        let others = version(&mut connection).await? != before || is_taken(&self.writer).await?;
        if others {
            pause(worked.clamp(LOGIN, OTHERS).saturating_sub(begun.elapsed())).await;
        }
        Ok(others)
    }
}

/// Returns whether somebody is writing, in this process or another.
async fn is_taken(writer: &SqlitePool) -> Result<bool, sqlx::Error> {
    let Some(mut connection) = writer.try_acquire() else { return Ok(true) };
    match connection.begin_with("BEGIN IMMEDIATE").await {
        Ok(free) => free.rollback().await.map(|()| false),
        Err(error) if is_locked(&error) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Returns a number that changes when another connection, of any process, has written.
async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "SQLite tells nobody when a lock, or a state that was read, is given up or wanted"
)]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
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
        pause(LOOK).await;
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
                pause(LOOK).await;
            }
            done => return done,
        }
    }
}
