//! The errors of a database.

use std::path::PathBuf;

use crate::Unfit;

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
    #[error("migration {0}: {1}")]
    Migration(i64, String),
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
        source: EngineError,
    },
    /// The engine has ended the transaction, as SQLite does on a full disk: nothing of it was kept.
    #[error("the database has rolled the transaction back")]
    RolledBack,
}

impl DbError {
    /// Turns an engine's error into ours; a violated unique key becomes [`DbError::Taken`].
    pub(crate) fn engine(statement: &'static str, source: EngineError) -> Self {
        match source.unique_key() {
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
            Self::Late(_) | Self::Unreachable { .. } | Self::RolledBack => true,
            Self::Engine { source, .. } => source.is_unavailable(),
            _ => false,
        }
    }

    /// Returns whether a row could not be deleted, or not inserted, because another table's row refers to it, or would
    /// have to.
    pub fn is_referred_to(&self) -> bool {
        matches!(self, Self::Engine { source, .. } if source.is_foreign_key_violation())
    }

    /// Returns whether the connection is gone, and with it the work under way.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Engine { source, .. } if source.is_broken())
    }
}

/// What an engine said. Its text never holds parameter values: PostgreSQL's details, which may, are left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    message: String,
    code: Code,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Code {
    /// SQLite's extended result.
    Sqlite(i32),
    /// PostgreSQL's five characters, and the constraint that was violated.
    Postgres(String, Option<String>),
    /// The connection is gone.
    Closed,
    /// Said by this crate.
    None,
}

/// SQLite's momentary results: busy, locked, interrupted, an I/O error, full, cannot open. The higher bits say more.
const SQLITE_MOMENTARY: &[i32] = &[5, 6, 9, 10, 13, 14];

/// SQLite's results for a violated unique or primary key.
const SQLITE_UNIQUE: &[i32] = &[1555, 2067];

/// SQLite's result for a violated foreign key.
const SQLITE_FOREIGN_KEY: i32 = 787;

/// PostgreSQL's momentary classes: the connection, a lack of resources, what an operator does, the system itself, and
/// transactions that stood in each other's way.
const POSTGRES_MOMENTARY: &[&str] = &["08", "53", "57", "58", "40"];

/// PostgreSQL's momentary single codes: a lock that was not available, a transaction that was idle for too long, a
/// server that only reads.
const POSTGRES_MOMENTARY_CODES: &[&str] = &["55P03", "25P03", "25006"];

impl EngineError {
    /// Returns an error of this crate's own.
    pub(crate) fn of_ours(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: Code::None }
    }

    pub(crate) fn closed() -> Self {
        Self { message: "the connection is closed".into(), code: Code::Closed }
    }

    fn is_unavailable(&self) -> bool {
        match &self.code {
            Code::Sqlite(code) => SQLITE_MOMENTARY.contains(&(code & 0xff)),
            Code::Postgres(code, _) => {
                POSTGRES_MOMENTARY.iter().any(|class| code.starts_with(class))
                    || POSTGRES_MOMENTARY_CODES.contains(&code.as_str())
            }
            Code::Closed => true,
            Code::None => false,
        }
    }

    /// Returns whether the connection is gone.
    fn is_broken(&self) -> bool {
        match &self.code {
            Code::Postgres(code, _) => code.starts_with("08") || code.starts_with("57P") || code == "25P03",
            Code::Closed => true,
            Code::Sqlite(_) | Code::None => false,
        }
    }

    /// Returns whether another process has SQLite's lock.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self.code, Code::Sqlite(code) if matches!(code & 0xff, 5 | 6))
    }

    fn is_foreign_key_violation(&self) -> bool {
        match &self.code {
            Code::Sqlite(code) => *code == SQLITE_FOREIGN_KEY,
            Code::Postgres(code, _) => code == "23503",
            Code::Closed | Code::None => false,
        }
    }

    /// Returns the violated unique key as `table_column…` without `society_id`: PostgreSQL names the constraint so,
    /// SQLite lists `table.society_id, table.column`.
    fn unique_key(&self) -> Option<String> {
        match &self.code {
            Code::Postgres(code, constraint) if code == "23505" => constraint.clone(),
            Code::Sqlite(code) if SQLITE_UNIQUE.contains(code) => {
                let columns: Vec<_> = self.message.rsplit(": ").next().unwrap_or_default().split(", ").collect();
                let table = columns.first().and_then(|column| column.split('.').next()).unwrap_or_default();
                let key = columns
                    .iter()
                    .filter_map(|column| column.split('.').nth(1))
                    .filter(|column| *column != "society_id")
                    .fold(table.to_owned(), |key, column| format!("{key}_{column}"));
                Some(key)
            }
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for EngineError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, message) => Self {
                message: message.unwrap_or_else(|| failure.to_string()),
                code: Code::Sqlite(failure.extended_code),
            },
            // Its text without the statement, which has a name.
            rusqlite::Error::SqlInputError { error, msg, .. } => {
                Self { message: msg, code: Code::Sqlite(error.extended_code) }
            }
            error => Self::of_ours(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for EngineError {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            let code = Code::Postgres(said.code().code().to_owned(), said.constraint().map(str::to_owned));
            return Self { message: said.message().to_owned(), code };
        }
        let reason = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        let message = format!("{error}{reason}");
        let io = std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>());
        Self { message, code: if error.is_closed() || io { Code::Closed } else { Code::None } }
    }
}

impl From<Unfit> for EngineError {
    fn from(unfit: Unfit) -> Self {
        Self::of_ours(unfit.to_string())
    }
}
