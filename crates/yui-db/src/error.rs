//! What can go wrong with a database.

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
    /// Anything else the engine says, with the statement that caused it.
    #[error("{statement}: {source}")]
    Engine {
        /// The name of the statement, or what was being done.
        statement: &'static str,
        /// What the engine said.
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

    /// Returns whether a row could not go, or not come, because another table's row refers to it, or would have to.
    pub fn is_referred_to(&self) -> bool {
        let Self::Engine { source, .. } = self else { return false };
        source.as_database_error().is_some_and(|error| error.is_foreign_key_violation())
    }
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
