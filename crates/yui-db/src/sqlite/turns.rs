//! How a long job lets others write between its transactions.

use std::{
    cell::Cell,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{OwnReader, Sqlite, roll_back, run_batch};
use crate::{DbError, EngineError};

/// How long a long job leaves the lock free between two transactions: longer than the interval at which others poll.
const GAP: Duration = Duration::from_millis(4);

/// The shortest wait while others write: in this time somebody who logs in writes again, after a password hash.
const LOGIN: Duration = Duration::from_millis(15);

/// The longest wait between two transactions of a long job.
const OTHERS: Duration = Duration::from_millis(100);

/// The time in transactions after which a long job checkpoints: about half of the log's pages on a fast disk.
const MOVE_AFTER: Duration = Duration::from_millis(400);

thread_local! {
    static IMPATIENT: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread does not wait for locks now.
pub(super) fn is_impatient() -> bool {
    IMPATIENT.get()
}

/// Yields the write lock between the transactions of a long job.
#[derive(Debug)]
pub(crate) struct Turns {
    db: Arc<Sqlite>,
    /// A connection that sees what the others write.
    witness: Option<OwnReader>,
    worked: Duration,
}

impl Turns {
    pub(crate) fn new(db: Arc<Sqlite>) -> Self {
        Self { db, witness: None, worked: Duration::ZERO }
    }

    /// Waits [`GAP`], or as long as the job worked ([`LOGIN`] to [`OTHERS`]) if another writer committed or holds the lock. Checkpoints in that
    /// time when it is due, so that no other writer's commit has to. Returns whether there was another writer.
    pub(crate) async fn make_way(&mut self, worked: Duration) -> Result<bool, DbError> {
        let begun = Instant::now();
        let witness = match &mut self.witness {
            Some(witness) => witness,
            none => none.insert(self.db.own_reader("make way").await?),
        };
        self.worked += worked;
        let checkpoint = self.worked >= MOVE_AFTER;
        if checkpoint {
            self.worked = Duration::ZERO;
        }
        let before = witness.call(move |connection| {
            let before = version(connection)?;
            if checkpoint {
                run_batch(connection, "make way", "PRAGMA wal_checkpoint(PASSIVE)")?;
            }
            Ok(before)
        });
        let before = before.await?;
        pause(GAP.saturating_sub(begun.elapsed())).await;
        let after = witness.call(|connection| version(connection)).await?;
        // A writer that holds the lock may be waiting for the disk: its commit does not show in the version yet.
        let others = after != before || self.db.is_taken().await?;
        if others {
            pause(worked.clamp(LOGIN, OTHERS).saturating_sub(begun.elapsed())).await;
        }
        Ok(others)
    }
}

impl Sqlite {
    /// Returns whether somebody is writing, in this process or another.
    async fn is_taken(&self) -> Result<bool, DbError> {
        let Ok(_turn) = self.turn.try_lock() else { return Ok(true) };
        let taken = self.writer.call(|connection| {
            IMPATIENT.set(true);
            let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(EngineError::from);
            IMPATIENT.set(false);
            roll_back(connection);
            match begun {
                Ok(()) => Ok(false),
                Err(error) if error.is_locked() => Ok(true),
                Err(error) => Err(DbError::engine("make way", error)),
            }
        });
        taken.await
    }
}

/// Returns a number that changes when another connection, of any process, has written.
fn version(connection: &Connection) -> Result<i64, DbError> {
    let version = connection.query_row("PRAGMA data_version", [], |row| row.get(0));
    version.map_err(|error| DbError::engine("make way", error.into()))
}

#[expect(clippy::disallowed_methods, reason = "SQLite tells nobody when a lock is wanted")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
