//! Writing: everything in a transaction, or nothing.

use crate::{
    BulkTable, Command, DbError, Query, Read, Row, Values, patience::waited, postgres::PgTx, sqlite::SqliteTx,
};

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Tx(pub(crate) Open);

#[derive(Debug)]
pub(crate) enum Open {
    /// On the embedded database; it holds the write lock, unless it can only read.
    Sqlite(SqliteTx),
    /// On the server.
    Postgres(Box<PgTx>),
}

impl Tx {
    /// Reads in one trip to the engine: one query, or a tuple of them. With `RETURNING` a query writes.
    ///
    /// # Errors
    /// [`DbError::Taken`] for a violated unique key, [`DbError::NoRow`] where the one row is missing, [`DbError::Engine`] for the rest.
    pub async fn read<B: Read>(&mut self, read: B) -> Result<B::Answer, DbError> {
        waited(read.name(), async {
            match &mut self.0 {
                Open::Sqlite(tx) => tx.run(move |reader| read.on_sqlite(reader)).await,
                Open::Postgres(tx) => tx.read(&read).await,
            }
        })
        .await
    }

    /// Returns all rows that the query reads or, with `RETURNING`, writes.
    ///
    /// # Errors
    /// As [`Tx::read`].
    pub async fn all<R: Row>(&mut self, query: Query<R>) -> Result<Vec<R>, DbError> {
        self.read(query.all()).await
    }

    /// Returns the row that the query reads or writes, if there is one.
    ///
    /// # Errors
    /// As [`Tx::read`].
    pub async fn optional<R: Row>(&mut self, query: Query<R>) -> Result<Option<R>, DbError> {
        self.read(query.optional()).await
    }

    /// Returns the one row that the query reads or writes.
    ///
    /// # Errors
    /// As [`Tx::read`].
    pub async fn one<R: Row>(&mut self, query: Query<R>) -> Result<R, DbError> {
        self.read(query.one()).await
    }

    /// Runs a writing statement; returns the number of rows it changed.
    ///
    /// # Errors
    /// As [`Tx::read`].
    pub async fn execute(&mut self, command: Command) -> Result<u64, DbError> {
        waited(command.statement.name, async {
            match &mut self.0 {
                Open::Sqlite(tx) => tx.run(move |reader| reader.execute(&command)).await,
                Open::Postgres(tx) => tx.execute(&command).await,
            }
        })
        .await
    }

    /// Inserts many rows at once: `rows` holds row after row, each as many values as the table has columns.
    /// Returns the number of rows. PostgreSQL takes `COPY`.
    ///
    /// # Errors
    /// As [`Tx::read`]; then no row of this call is kept, and the transaction can only be dropped.
    pub async fn bulk_insert(&mut self, table: &'static BulkTable, rows: Values) -> Result<u64, DbError> {
        if rows.is_empty() {
            return Ok(0);
        }
        waited(table.name, async {
            match &mut self.0 {
                Open::Sqlite(tx) => tx.run(move |reader| reader.insert(table, &rows)).await,
                Open::Postgres(tx) => tx.insert(table, &rows).await,
            }
        })
        .await
    }

    /// Makes everything that was written durable.
    ///
    /// # Errors
    /// [`DbError::Engine`] where it could not be kept, [`DbError::RolledBack`] where the engine had ended the transaction; then nothing was.
    pub async fn commit(self) -> Result<(), DbError> {
        waited("commit", async {
            match self.0 {
                Open::Sqlite(tx) => tx.commit().await,
                Open::Postgres(tx) => tx.commit().await,
            }
        })
        .await
    }
}
