//! Writing: everything in a transaction, or nothing.

use sqlx::{Sqlite, Transaction};

use crate::{
    BulkTable, DbError, Param, Record, Statement, bulk,
    db::{LIST_AT_ONCE, postgres, postgres_among, postgres_arguments, sqlite, sqlite_among, sqlite_arguments},
    patience::waited,
    postgres::PgTx,
};

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
#[derive(Debug)]
pub enum Tx {
    /// On the embedded database; it holds the write lock, unless it can only read.
    Sqlite(Transaction<'static, Sqlite>),
    /// On the server.
    Postgres(PgTx),
}

impl Tx {
    /// Returns all rows that the statement reads or, with `RETURNING`, writes.
    ///
    /// # Errors
    /// [`DbError::Taken`] for a violated unique key, [`DbError::Engine`] for the rest.
    pub async fn all<T: Record>(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<Vec<T>, DbError> {
        waited(statement.name, async {
            match self {
                Self::Sqlite(tx) => sqlite(statement, params)?.fetch_all(&mut **tx).await,
                Self::Postgres(tx) => postgres(statement, params)?.fetch_all(&mut **tx).await,
            }
        })
        .await
    }

    /// Returns the row that the statement reads or writes, if there is one.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn optional<T: Record>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> Result<Option<T>, DbError> {
        waited(statement.name, async {
            match self {
                Self::Sqlite(tx) => sqlite(statement, params)?.fetch_optional(&mut **tx).await,
                Self::Postgres(tx) => postgres(statement, params)?.fetch_optional(&mut **tx).await,
            }
        })
        .await
    }

    /// Returns the one row that the statement reads or writes.
    ///
    /// # Errors
    /// As [`Tx::all`], and [`DbError::NoRow`] where there is none.
    pub async fn one<T: Record>(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<T, DbError> {
        self.optional(statement, params).await?.ok_or(DbError::NoRow(statement.name))
    }

    /// Returns all rows that the statement reads, with its last parameter, written `IN ($n)`, standing for a list.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn all_among<T: Record>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        list: &[Param<'_>],
    ) -> Result<Vec<T>, DbError> {
        if list.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(tx) => {
                let mut rows = Vec::new();
                for part in list.chunks(LIST_AT_ONCE) {
                    let read = async { sqlite_among(statement, params, part)?.fetch_all(&mut **tx).await };
                    rows.extend(waited(statement.name, read).await?);
                }
                Ok(rows)
            }
            Self::Postgres(tx) => {
                let read = async { postgres_among(statement, params, list)?.fetch_all(&mut **tx).await };
                waited(statement.name, read).await
            }
        }
    }

    /// Runs a writing statement; returns the number of rows it changed.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn execute(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<u64, DbError> {
        waited(statement.name, async {
            match self {
                Self::Sqlite(tx) => {
                    let query = sqlx::query_with(statement.sql, sqlite_arguments(params)?);
                    query.execute(&mut **tx).await.map(|done| done.rows_affected())
                }
                Self::Postgres(tx) => {
                    let query = sqlx::query_with(statement.sql, postgres_arguments(params)?);
                    query.execute(&mut **tx).await.map(|done| done.rows_affected())
                }
            }
        })
        .await
    }

    /// Inserts many rows at once: `values` holds row after row, each as many values as the table has columns.
    /// Returns the number of rows. SQLite takes multi-row `VALUES`, PostgreSQL `COPY`.
    ///
    /// # Errors
    /// As [`Tx::all`]; then no row of this call is kept, and the transaction can only be dropped.
    pub async fn bulk_insert(&mut self, table: &BulkTable, values: &[Param<'_>]) -> Result<u64, DbError> {
        if values.is_empty() {
            return Ok(0);
        }
        waited(table.name, async {
            match self {
                Self::Sqlite(tx) => bulk::sqlite(tx, table, values).await,
                Self::Postgres(tx) => bulk::postgres(tx, table, values).await,
            }
        })
        .await
    }

    /// Makes everything that was written durable.
    ///
    /// # Errors
    /// [`DbError::Engine`] where it could not be kept; then nothing was.
    pub async fn commit(self) -> Result<(), DbError> {
        waited("commit", async {
            match self {
                Self::Sqlite(tx) => tx.commit().await,
                Self::Postgres(tx) => tx.commit().await,
            }
        })
        .await
    }
}
