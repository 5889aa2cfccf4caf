//! SQLite: threads that read, one thread that writes.

mod reader;
mod turns;
mod worker;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

pub use reader::Reader;
pub(crate) use turns::Turns;
use worker::Worker;

use crate::{Command, DbError, EngineError};

/// The writer keeps up to 32 MiB of the file in memory: an import that touches many index pages is several times faster
/// than with SQLite's 2 MiB.
const WRITER_CACHE: &str = "-32768";

/// Each reader keeps up to 16 MiB of the file in memory: with SQLite's 2 MiB a page of a large society reads most of its
/// index from the file system each time.
const READER_CACHE: &str = "-16384";

/// `wal_autocheckpoint` of the writer, in pages of 4 KiB. It is large because the commit that reaches it does the checkpoint; long jobs
/// checkpoint more often, between their transactions.
const WAL_PAGES: &str = "16000";

/// How long the lock of another process that is writing to the same file is waited for.
const BUSY: Duration = Duration::from_secs(30);

/// How often it is tried meanwhile. SQLite's own waiting looks ten times a second in the end, and misses the moments between the
/// transactions of an import.
const LOOK: Duration = Duration::from_millis(1);

/// The number of a statement's steps between two looks whether its caller still waits.
const STEPS: i32 = 10_000;

/// More prepared statements than the program has, with lists of any length.
const PREPARED: usize = 2_000;

/// The most threads that read at once: twice the cores of a small server. Reading transactions have threads of their own.
const READERS: u32 = 4;

/// The connections to a file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
    readers: Worker,
    /// Threads of reading transactions that have ended.
    idle: Arc<Mutex<Vec<Worker>>>,
    /// One for each reading transaction that there may be at once.
    snapshots: Arc<Semaphore>,
    writer: Arc<Worker>,
    /// Held by the transaction that may write; those that wait get it in their order.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Sqlite {
    /// Opens the file: readers and the writer.
    pub(crate) async fn open(path: &str, connections: u32, create: bool) -> Result<Self, DbError> {
        let file = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        let folder = file.parent().unwrap_or(Path::new("/"));
        if !folder.is_dir() {
            return Err(DbError::NoFolder { file: file.clone(), folder: folder.to_owned() });
        }
        if !create && !file.exists() {
            return Err(DbError::NoFile { folder: folder.to_owned(), file });
        }
        let opened = tokio::task::spawn_blocking(move || {
            let failed = |error: EngineError| DbError::File { file: file.clone(), why: error.to_string() };
            let writer = open_writer(&file).map_err(failed)?;
            let readers = (0..connections.min(READERS)).map(|_| open_reader(&file)).collect::<Result<_, _>>();
            let started = |name: &str, connections| {
                Worker::start(name, connections).map_err(|error| failed(EngineError::of_ours(error.to_string())))
            };
            Ok(Self {
                readers: started("yui-db-reader", readers.map_err(failed)?)?,
                idle: Arc::default(),
                snapshots: Arc::new(Semaphore::new(connections.max(2) as usize)),
                writer: Arc::new(started("yui-db-writer", vec![writer])?),
                turn: Arc::default(),
                path: file,
            })
        });
        opened.await.unwrap_or_else(|_| Err(DbError::engine("open", EngineError::closed())))
    }

    /// Reads on one of the readers.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Reader<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        self.readers.call(move |connection| job(&Reader(connection))).await
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self, durable: Durable) -> Result<SqliteTx, DbError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let tx = SqliteTx { held: Some(Held::Writer { worker: Arc::clone(&self.writer), _turn: turn }) };
        tx.call(move |connection| run_batch(connection, "begin", durable.begin())).await?;
        Ok(tx)
    }

    /// Begins a transaction that can only read. It has a thread of its own: those that read for pages stay free.
    pub(crate) async fn begin_reading(&self) -> Result<SqliteTx, DbError> {
        let reader = self.own_reader("begin reading").await?;
        let tx = SqliteTx { held: Some(Held::Reader(reader)) };
        tx.call(|connection| run_batch(connection, "begin reading", "BEGIN")).await?;
        Ok(tx)
    }

    /// Waits for a reader of one's own.
    async fn own_reader(&self, name: &'static str) -> Result<OwnReader, DbError> {
        let permit = Arc::clone(&self.snapshots).acquire_owned().await;
        let permit = permit.map_err(|_| DbError::engine(name, EngineError::closed()))?;
        let own = |worker| OwnReader { worker: Some(worker), idle: Arc::clone(&self.idle), _permit: permit };
        let idle = lock(&self.idle).pop();
        if let Some(worker) = idle {
            return Ok(own(worker));
        }
        let path = self.path.clone();
        let opened = tokio::task::spawn_blocking(move || {
            Worker::start("yui-db-snapshot", vec![open_reader(&path)?])
                .map_err(|error| EngineError::of_ours(error.to_string()))
        });
        let opened = opened.await.unwrap_or_else(|_| Err(EngineError::closed()));
        opened.map(own).map_err(|error| DbError::engine(name, error))
    }

    /// Runs one writing statement in a transaction of its own.
    pub(crate) async fn execute(&self, command: Command) -> Result<u64, DbError> {
        let _turn = self.turn.lock().await;
        self.writer
            .call(move |connection| {
                run_batch(connection, "begin", Durable::Commit.begin())?;
                let done = Reader(connection)
                    .execute(&command)
                    .and_then(|changed| run_batch(connection, "commit", "COMMIT").map(|()| changed));
                roll_back(connection);
                done
            })
            .await
    }

    /// Runs SQL on the writer, outside transactions.
    pub(crate) async fn maintain<T: Send + 'static>(
        &self,
        name: &'static str,
        job: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, DbError> {
        let _turn = self.turn.lock().await;
        let job =
            move |connection: &mut Connection| job(connection).map_err(|error| DbError::engine(name, error.into()));
        self.writer.call(job).await
    }

    /// Moves the log into the file and empties it. Returns false where somebody goes on reading an earlier state.
    pub(crate) async fn empty_log(&self) -> Result<bool, DbError> {
        let checkpoint = |connection: &Connection| {
            let end = Instant::now() + BUSY;
            loop {
                let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
                if busy == 0 || Instant::now() > end || worker::is_cancelled() {
                    return Ok(busy == 0);
                }
                pause();
            }
        };
        self.maintain("empty log", checkpoint).await
    }

    pub(crate) async fn close(&self) {
        self.readers.stop().await;
        let idle = std::mem::take(&mut *lock(&self.idle));
        for worker in idle {
            worker.stop().await;
        }
        self.writer.stop().await;
    }
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Durable {
    /// It does.
    Commit,
    /// It reaches the disk with the next commit that does, or the next checkpoint. A power failure may roll it back,
    /// whole, together with all that follow it.
    Later,
}

impl Durable {
    fn begin(self) -> &'static str {
        match self {
            Self::Commit => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            Self::Later => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
        }
    }
}

/// A thread that reads for one owner. Whatever transaction that leaves is rolled back before the next owner's jobs.
#[derive(Debug)]
struct OwnReader {
    /// There until this is dropped.
    worker: Option<Worker>,
    idle: Arc<Mutex<Vec<Worker>>>,
    _permit: OwnedSemaphorePermit,
}

impl OwnReader {
    async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        match &self.worker {
            Some(worker) => worker.call(job).await,
            None => Err(DbError::engine("reader", EngineError::closed())),
        }
    }
}

impl Drop for OwnReader {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.send(|connection| roll_back(connection));
            lock(&self.idle).push(worker);
        }
    }
}

#[derive(Debug)]
enum Held {
    Writer { worker: Arc<Worker>, _turn: OwnedMutexGuard<()> },
    Reader(OwnReader),
}

/// A transaction. It holds its thread's connection before `BEGIN` is sent until it has ended: whenever its owner goes away, a rollback is
/// the next thing that the thread does, and only then does the next transaction begin.
#[derive(Debug)]
pub(crate) struct SqliteTx {
    held: Option<Held>,
}

impl SqliteTx {
    async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        match &self.held {
            Some(Held::Writer { worker, .. }) => worker.call(job).await,
            Some(Held::Reader(reader)) => reader.call(job).await,
            None => Err(DbError::engine("transaction", EngineError::closed())),
        }
    }

    /// Runs statements in the transaction.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Reader<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        self.call(move |connection| {
            // On a full disk SQLite rolls back by itself; what came after would be a transaction of its own.
            if connection.is_autocommit() {
                return Err(DbError::RolledBack);
            }
            job(&Reader(connection))
        })
        .await
    }

    pub(crate) async fn commit(self) -> Result<(), DbError> {
        self.call(|connection| match connection.is_autocommit() {
            true => Err(DbError::RolledBack),
            false => run_batch(connection, "commit", "COMMIT"),
        })
        .await
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        // A reader does the same when it is dropped.
        if let Some(Held::Writer { worker, _turn: turn }) = self.held.take() {
            worker.send(move |connection| {
                roll_back(connection);
                drop(turn);
            });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the connection's transaction, if it is in one.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // It fails only where SQLite has rolled back already.
        let _ = connection.execute_batch("ROLLBACK");
    }
}

fn run_batch(connection: &Connection, name: &'static str, sql: &str) -> Result<(), DbError> {
    connection.execute_batch(sql).map_err(|error| DbError::engine(name, error.into()))
}

fn open_writer(file: &Path) -> Result<Connection, EngineError> {
    open(file, |connection| {
        connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
        // What is deleted is overwritten with zeros.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)
    })
}

fn open_reader(file: &Path) -> Result<Connection, EngineError> {
    open(file, |connection| {
        connection.pragma_update(None, "cache_size", READER_CACHE)?;
        connection.pragma_update(None, "query_only", "ON")
    })
}

/// Opens a connection. The first opener of a new file sets its mode; the others wait.
fn open(file: &Path, settings: impl Fn(&Connection) -> Result<(), rusqlite::Error>) -> Result<Connection, EngineError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let end = Instant::now() + BUSY;
    loop {
        let opened = Connection::open_with_flags(file, flags).and_then(|mut connection| {
            let waiting_ends = move |_tries: i32| {
                pause();
                !worker::is_cancelled() && !turns::is_impatient()
            };
            let mut waited_until: Option<Instant> = None;
            connection.busy_handler(Some(move |tries: i32| {
                if tries == 0 {
                    waited_until = Some(Instant::now() + BUSY);
                }
                waited_until.is_some_and(|end| Instant::now() < end) && waiting_ends(tries)
            }))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", "ON")?;
            settings(&connection)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            connection.progress_handler(STEPS, Some(worker::is_cancelled))?;
            Ok(connection)
        });
        match opened.map_err(EngineError::from) {
            Err(error) if error.is_locked() && Instant::now() < end => pause(),
            done => return done,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "SQLite tells nobody when another process gives its lock up")]
fn pause() {
    std::thread::sleep(LOOK);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job that panics is its caller's error: the thread goes on, and the next job is in no transaction of it.
    #[tokio::test]
    async fn a_panic_takes_neither_the_thread_nor_its_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("yui.db");
        let db = Sqlite::open(path.to_str().unwrap(), 2, true).await.unwrap();
        db.maintain("make", |writer| writer.execute_batch("CREATE TABLE t (x INTEGER)")).await.unwrap();
        let panics = db.writer.call(|connection| -> Result<(), DbError> {
            run_batch(connection, "begin", "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")?;
            panic!("a job that fails");
        });
        assert!(panics.await.unwrap_err().is_unavailable());
        let tx = db.begin(Durable::Commit).await.unwrap();
        let rows = tx.run(|reader| {
            let rows = reader.0.query_row("SELECT COUNT(*) FROM t", [], |row| row.get::<_, i64>(0));
            rows.map_err(|error| DbError::engine("count", error.into()))
        });
        assert_eq!(rows.await.unwrap(), 0);
        tx.commit().await.unwrap();
        let panics = db.read(|_| -> Result<(), DbError> { panic!("a job that fails") });
        assert!(panics.await.is_err());
        for _ in 0..4 {
            assert!(db.read(|_| Ok(())).await.is_ok(), "all readers are there");
        }
        db.close().await;
    }
}
