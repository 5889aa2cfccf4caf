//! The engine's description of a statement without running it, for the test that compares the two.

use crate::{Db, DbError, Kind, Statement, db::Connections};

/// One column of a statement's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedColumn {
    /// Its name.
    pub name: String,
    /// Its type: of SQLite no more than `Int`, `Text` and `Bytes`, and of an expression nothing at all.
    pub kind: Option<Kind>,
    /// Whether the table's column that it comes from may be NULL; `None` if it is an expression.
    pub nullable: Option<bool>,
}

/// A prepared statement's answer and the number of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The columns, in order.
    pub columns: Vec<DescribedColumn>,
    /// The number of parameters it takes.
    pub parameters: usize,
}

impl Db {
    /// Prepares the statement and returns the engine's description of it.
    ///
    /// # Errors
    /// [`DbError::Engine`] if the text is not valid on this engine's schema.
    pub async fn describe(&self, statement: &'static Statement) -> Result<Described, DbError> {
        match &self.0 {
            Connections::Sqlite(sqlite) => sqlite.read(move |reader| reader.describe(statement)).await,
            Connections::Postgres(postgres) => postgres.describe(statement).await,
        }
    }
}
