//! Statements with their values, and what is read by them in one trip.

use std::marker::PhantomData;

use futures::future::try_join;

use crate::{DbError, Row, Statement, Values, postgres, sqlite};

/// A statement with its values, whose rows are each read as an `R`.
#[derive(Debug)]
pub struct Query<R> {
    pub(crate) statement: &'static Statement,
    pub(crate) values: Values,
    row: PhantomData<fn() -> R>,
}

/// A statement with its values that reads nothing.
#[derive(Debug)]
pub struct Command {
    pub(crate) statement: &'static Statement,
    pub(crate) values: Values,
}

impl Command {
    #[doc(hidden)]
    pub fn new(statement: &'static Statement, values: Values) -> Self {
        Self { statement, values }
    }
}

impl<R: Row> Query<R> {
    #[doc(hidden)]
    pub fn new(statement: &'static Statement, values: Values) -> Self {
        Self { statement, values, row: PhantomData }
    }

    /// Reads all rows.
    pub fn all(self) -> All<R> {
        All(self)
    }

    /// Reads the first row, if there is one.
    pub fn optional(self) -> Optional<R> {
        Optional(self)
    }

    /// Reads the first row; none is an error.
    pub fn one(self) -> One<R> {
        One(self)
    }
}

/// All rows of a [`Query`].
#[derive(Debug)]
pub struct All<R>(pub(crate) Query<R>);

/// The first row of a [`Query`], if there is one.
#[derive(Debug)]
pub struct Optional<R>(pub(crate) Query<R>);

/// The one row of a [`Query`].
#[derive(Debug)]
pub struct One<R>(pub(crate) Query<R>);

/// What is read in one trip to the engine: a query's rows, or a tuple of such reads.
///
/// On SQLite one reader runs them one after the other; on PostgreSQL one connection gets them all before it answers the
/// first. None of them sees the result of another, and each sees what is committed when it begins.
pub trait Read: Sized + Send + Sync + 'static {
    /// What comes back.
    type Answer: Send + 'static;

    /// The name of its first statement.
    #[doc(hidden)]
    fn name(&self) -> &'static str;

    #[doc(hidden)]
    fn on_sqlite(&self, reader: &sqlite::Reader<'_>) -> Result<Self::Answer, DbError>;

    #[doc(hidden)]
    fn on_postgres(
        &self,
        connection: &postgres::Connection,
    ) -> impl Future<Output = Result<Self::Answer, DbError>> + Send;
}

impl<R: Row> Read for All<R> {
    type Answer = Vec<R>;

    fn name(&self) -> &'static str {
        self.0.statement.name
    }

    fn on_sqlite(&self, reader: &sqlite::Reader<'_>) -> Result<Vec<R>, DbError> {
        reader.all(&self.0)
    }

    async fn on_postgres(&self, connection: &postgres::Connection) -> Result<Vec<R>, DbError> {
        connection.all(&self.0).await
    }
}

impl<R: Row> Read for Optional<R> {
    type Answer = Option<R>;

    fn name(&self) -> &'static str {
        self.0.statement.name
    }

    fn on_sqlite(&self, reader: &sqlite::Reader<'_>) -> Result<Option<R>, DbError> {
        reader.first(&self.0)
    }

    async fn on_postgres(&self, connection: &postgres::Connection) -> Result<Option<R>, DbError> {
        Ok(connection.all(&self.0).await?.into_iter().next())
    }
}

impl<R: Row> Read for One<R> {
    type Answer = R;

    fn name(&self) -> &'static str {
        self.0.statement.name
    }

    fn on_sqlite(&self, reader: &sqlite::Reader<'_>) -> Result<R, DbError> {
        reader.first(&self.0)?.ok_or(DbError::NoRow(self.0.statement.name))
    }

    async fn on_postgres(&self, connection: &postgres::Connection) -> Result<R, DbError> {
        let first = connection.all(&self.0).await?.into_iter().next();
        first.ok_or(DbError::NoRow(self.0.statement.name))
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    type Answer = (A::Answer, B::Answer);

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn on_sqlite(&self, reader: &sqlite::Reader<'_>) -> Result<Self::Answer, DbError> {
        Ok((self.0.on_sqlite(reader)?, self.1.on_sqlite(reader)?))
    }

    async fn on_postgres(&self, connection: &postgres::Connection) -> Result<Self::Answer, DbError> {
        try_join(self.0.on_postgres(connection), self.1.on_postgres(connection)).await
    }
}

impl<A: Read, B: Read, C: Read> Read for (A, B, C) {
    type Answer = (A::Answer, B::Answer, C::Answer);

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn on_sqlite(&self, reader: &sqlite::Reader<'_>) -> Result<Self::Answer, DbError> {
        Ok((self.0.on_sqlite(reader)?, self.1.on_sqlite(reader)?, self.2.on_sqlite(reader)?))
    }

    async fn on_postgres(&self, connection: &postgres::Connection) -> Result<Self::Answer, DbError> {
        let (first, second, third) =
            (self.0.on_postgres(connection), self.1.on_postgres(connection), self.2.on_postgres(connection));
        futures::future::try_join3(first, second, third).await
    }
}
