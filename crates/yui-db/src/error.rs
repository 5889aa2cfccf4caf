//! The errors of a database.

use std::path::PathBuf;

/// A failed statement, connection or migration. Its text never holds parameter values.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A row with the same key exists already.
    #[error("the value of {0} is taken")]
    Taken(String),
    /// A row was expected and none came.
    #[error("{0}: no row")]
    NoRow(&'static str),
    /// The address of the database is not one of the two forms that exist.
    #[error("a database address starts with sqlite:// or postgres://")]
    Address,
    /// A migration failed or does not fit the database.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database was made by a newer program: this migration is unknown here.
    #[error("the database is newer than this program (migration {0}): use the program that made it, or a newer one")]
    Newer(i64),
    /// There is no such file, and it is not to be created.
    #[error("there is no database {} in the folder {}", file.display(), folder.display())]
    NoFile {
        /// The file.
        file: PathBuf,
        /// The folder it would be in.
        folder: PathBuf,
    },
    /// There is no such folder.
    #[error("the database {} cannot be: there is no folder {}", file.display(), folder.display())]
    NoFolder {
        /// The file.
        file: PathBuf,
        /// The folder it would be in.
        folder: PathBuf,
    },
    /// The file cannot be opened.
    #[error("the database {} cannot be opened: {why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The engine's message.
        why: String,
    },
    /// The server cannot be reached.
    #[error("PostgreSQL at {place} cannot be reached: {why}")]
    Unreachable {
        /// Host and port.
        place: String,
        /// The reason.
        why: String,
    },
    /// No answer came in time.
    #[error("{0}: the database did not answer in time")]
    Late(&'static str),
    /// Anything else the engine says, with the statement that caused it.
    #[error("{statement}: {source}")]
    Engine {
        /// The name of the statement, or the operation.
        statement: &'static str,
        /// The engine's error.
        source: sqlx::Error,
    },
}

impl DbError {
    /// Turns an engine's error into ours; a violated unique key becomes [`DbError::Taken`].
    pub(crate) fn of(statement: &'static str, source: sqlx::Error) -> Self {
        match source.as_database_error().filter(|error| error.is_unique_violation()).map(unique_key) {
            Some(key) => Self::Taken(key),
            None => Self::Engine { statement, source },
        }
    }

    /// Returns whether the error says that this unique key is taken, named `table_column` without the society.
    pub fn is_taken(&self, key: &str) -> bool {
        matches!(self, Self::Taken(taken) if taken == key)
    }

    /// Returns whether the database is down, busy, locked or full: the same may work a moment later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Late(_) | Self::Unreachable { .. } => true,
            Self::Engine { source, .. } => is_unavailable(source),
            _ => false,
        }
    }

    /// Returns whether a row could not be deleted, or not inserted, because another table's row refers to it, or would
    /// have to.
    pub fn is_referred_to(&self) -> bool {
        let Self::Engine { source, .. } = self else { return false };
        source.as_database_error().is_some_and(|error| error.is_foreign_key_violation())
    }
}

/// SQLite's momentary results: busy, locked, an I/O error, full, cannot open. The higher bits say more.
const SQLITE_MOMENTARY: &[i32] = &[5, 6, 10, 13, 14];

/// PostgreSQL's momentary classes: the connection, a lack of resources, what an operator does, the system itself, and
/// transactions that stood in each other's way.
const POSTGRES_MOMENTARY: &[&str] = &["08", "53", "57", "58", "40"];

/// PostgreSQL's momentary single codes: a lock that was not available, a transaction that was idle for too long, a
/// server that only reads.
const POSTGRES_MOMENTARY_CODES: &[&str] = &["55P03", "25P03", "25006"];

/// Returns the engine's own code: digits on SQLite, five characters on PostgreSQL.
fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}

fn sqlite_result(code: &str) -> Option<i32> {
    // Five digits are PostgreSQL's; SQLite's have four at the most.
    code.parse::<i32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff)
}

fn is_unavailable(error: &sqlx::Error) -> bool {
    if matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) {
        return true;
    }
    let Some(code) = code(error) else { return false };
    match sqlite_result(&code) {
        Some(result) => SQLITE_MOMENTARY.contains(&result),
        None => {
            POSTGRES_MOMENTARY.iter().any(|class| code.starts_with(class))
                || POSTGRES_MOMENTARY_CODES.contains(&code.as_str())
        }
    }
}

/// Returns whether the connection is gone, and with it the work under way.
pub(crate) fn is_broken(error: &sqlx::Error) -> bool {
    let gone = |code: String| code.starts_with("08") || code.starts_with("57P") || code == "25P03";
    matches!(error, sqlx::Error::Io(_)) || code(error).is_some_and(gone)
}

/// Returns whether another process has SQLite's lock.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    code(error).and_then(|code| sqlite_result(&code)).is_some_and(|result| matches!(result, 5 | 6))
}

/// Returns the key as `table_column…` without `society_id`: PostgreSQL names the constraint so,
/// SQLite lists `table.society_id, table.column`.
fn unique_key(error: &dyn sqlx::error::DatabaseError) -> String {
    if let Some(name) = error.constraint() {
        return name.to_owned();
    }
    let message = error.message();
    let columns: Vec<_> = message.rsplit(": ").next().unwrap_or(message).split(", ").collect();
    let table = columns.first().and_then(|column| column.split('.').next()).unwrap_or_default();
    columns
        .iter()
        .filter_map(|column| column.split('.').nth(1))
        .filter(|column| *column != "society_id")
        .fold(table.to_owned(), |key, column| format!("{key}_{column}"))
}
