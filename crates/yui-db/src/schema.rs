//! The engine's description of a statement without running it, for the test that compares the two.

use sqlx::{Column as _, Executor, SqlSafeStr, TypeInfo};

use crate::{Db, DbError, Statement};

/// One column of a statement's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in words that both engines share: `int`, `bool`, `text`, `bytes`, `date`, `time`; SQLite knows
    /// no more than `int`, `text` and `bytes`, and nothing at all (`None`) of an expression.
    pub kind: Option<&'static str>,
    /// Whether it may be NULL; `None` if the engine cannot tell.
    pub nullable: Option<bool>,
}

/// A prepared statement's answer and the number of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The number of parameters it takes.
    pub parameters: usize,
}

impl Db {
    /// Prepares the statement and returns the engine's description of it.
    ///
    /// # Errors
    /// [`DbError::Engine`] if the text is not valid on this engine's schema.
    pub async fn describe(&self, statement: &'static Statement) -> Result<Described, DbError> {
        macro_rules! described {
            ($pool:expr) => {{
                let description = $pool.describe(statement.sql.into_sql_str()).await;
                let description = description.map_err(|source| DbError::of(statement.name, source))?;
                let columns = description.columns().iter().enumerate().map(|(at, column)| Column {
                    name: column.name().to_owned(),
                    kind: kind(column.type_info().name()),
                    nullable: description.nullable(at),
                });
                let parameters = description.parameters().map_or(0, |parameters| match parameters {
                    sqlx::Either::Left(types) => types.len(),
                    sqlx::Either::Right(count) => count,
                });
                Described { columns: columns.collect(), parameters }
            }};
        }
        Ok(match self {
            Self::Sqlite { readers, .. } => described!(readers),
            Self::Postgres(pools) => described!(pools.pool()),
        })
    }
}

fn kind(name: &str) -> Option<&'static str> {
    match name {
        "INT8" | "INT4" | "INTEGER" => Some("int"),
        "BOOL" | "BOOLEAN" => Some("bool"),
        "TEXT" => Some("text"),
        "BYTEA" | "BLOB" => Some("bytes"),
        "DATE" => Some("date"),
        "TIMESTAMPTZ" => Some("time"),
        _ => None,
    }
}
