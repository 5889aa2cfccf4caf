//! One connection and its prepared statements.

use std::{
    collections::HashMap,
    fmt,
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use bytes::{Bytes, BytesMut};
use futures::{SinkExt, TryStreamExt};
use tokio_postgres::{
    Client, RowStream, SimpleQueryMessage,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    BulkTable, Columns, Command, DbError, Described, DescribedColumn, EngineError, Kind, Query, Row, Statement, Values,
    row::{EPOCH_DATE, EPOCH_MICROSECONDS},
    value::Value,
};

/// A connection to the server.
#[derive(Debug)]
pub struct Connection {
    pub(super) client: Client,
    /// By the address of the statement.
    prepared: Mutex<HashMap<usize, tokio_postgres::Statement>>,
    pub(super) opened: Instant,
    pub(super) idle_since: Instant,
}

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self { client, prepared: Mutex::default(), opened: Instant::now(), idle_since: Instant::now() }
    }

    pub(crate) async fn all<R: Row>(&self, query: &Query<R>) -> Result<Vec<R>, DbError> {
        let failed = |error: EngineError| DbError::engine(query.statement.name, error);
        if query.values.list_from == Some(query.values.values.len()) {
            return Ok(Vec::new());
        }
        let rows = self.run(query.statement, &query.values).await.map_err(failed)?;
        let mut rows = pin!(rows);
        let mut all = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(|error| failed(error.into()))? {
            all.push(R::read(&mut Columns::postgres(&row)).map_err(|unfit| failed(unfit.into()))?);
        }
        Ok(all)
    }

    pub(crate) async fn execute(&self, command: &Command) -> Result<u64, DbError> {
        let failed = |error: EngineError| DbError::engine(command.statement.name, error);
        if command.values.list_from == Some(command.values.values.len()) {
            return Ok(0);
        }
        let rows = self.run(command.statement, &command.values).await.map_err(failed)?;
        let mut rows = pin!(rows);
        while rows.try_next().await.map_err(|error| failed(error.into()))?.is_some() {}
        Ok(rows.rows_affected().unwrap_or_default())
    }

    async fn run(&self, statement: &'static Statement, values: &Values) -> Result<RowStream, EngineError> {
        let prepared = self.prepared(statement, values).await?;
        Ok(self.client.query_raw(&prepared, places(values)).await?)
    }

    async fn prepared(
        &self,
        statement: &'static Statement,
        values: &Values,
    ) -> Result<tokio_postgres::Statement, EngineError> {
        let key = std::ptr::from_ref(statement).addr();
        let known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let types: Vec<_> = places(values).map(|place| place.kind()).collect();
        let prepared = match values.list_from {
            Some(before) => self.client.prepare_typed(&statement.postgres_with_list(before), &types).await?,
            None => self.client.prepare_typed(statement.sql, &types).await?,
        };
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).insert(key, prepared.clone());
        Ok(prepared)
    }

    pub(crate) async fn describe(&self, statement: &'static Statement) -> Result<Described, DbError> {
        let failed = |error: tokio_postgres::Error| DbError::engine(statement.name, error.into());
        let list = statement.parameters.last().is_some_and(|last| last.list);
        let types: Vec<_> = statement
            .parameters
            .iter()
            .map(|parameter| match parameter.list {
                true => array_of(parameter.kind),
                false => of_kind(parameter.kind),
            })
            .collect();
        let prepared = match list {
            true => self.client.prepare_typed(&statement.postgres_with_list(types.len() - 1), &types).await,
            false => self.client.prepare_typed(statement.sql, &types).await,
        };
        let prepared = prepared.map_err(failed)?;
        let mut columns = Vec::new();
        for column in prepared.columns() {
            let nullable = match (column.table_oid(), column.column_id()) {
                (Some(table), Some(at)) => {
                    let sql = format!("SELECT attnotnull FROM pg_attribute WHERE attrelid = {table} AND attnum = {at}");
                    let row = self.client.query_opt(&sql, &[]).await.map_err(failed)?;
                    row.map(|row| !row.get::<_, bool>(0))
                }
                _ => None,
            };
            let kind = match *column.type_() {
                Type::INT8 => Some(Kind::Int),
                Type::INT4 => Some(Kind::Small),
                Type::BOOL => Some(Kind::Bool),
                Type::TEXT => Some(Kind::Text),
                Type::BYTEA => Some(Kind::Bytes),
                Type::DATE => Some(Kind::Date),
                Type::TIMESTAMPTZ => Some(Kind::Time),
                _ => None,
            };
            columns.push(DescribedColumn { name: column.name().to_owned(), kind, nullable });
        }
        Ok(Described { columns, parameters: prepared.params().len() })
    }

    /// Hands each row of this SQL to `take`, until that fails.
    pub(crate) async fn each_row<E>(
        &self,
        name: &'static str,
        sql: &str,
        mut take: impl FnMut(&mut Columns<'_>) -> Result<Result<(), E>, EngineError>,
    ) -> Result<Result<(), E>, DbError> {
        let failed = |error: EngineError| DbError::engine(name, error);
        let rows = self.client.query_raw(sql, std::iter::empty::<Place<'_>>());
        let mut rows = pin!(rows.await.map_err(|error| failed(error.into()))?);
        while let Some(row) = rows.try_next().await.map_err(|error| failed(error.into()))? {
            if let Err(stop) = take(&mut Columns::postgres(&row)).map_err(failed)? {
                return Ok(Err(stop));
            }
        }
        Ok(Ok(()))
    }

    /// Runs SQL that reads nothing; returns the number of rows that the last statement changed.
    pub(crate) async fn simple(&self, name: &'static str, sql: &str) -> Result<u64, DbError> {
        let messages = self.client.simple_query(sql).await.map_err(|error| DbError::engine(name, error.into()))?;
        let counted = messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        });
        Ok(counted.unwrap_or_default())
    }

    /// Inserts rows by `COPY`.
    pub(crate) async fn insert(&self, table: &BulkTable, rows: &Values) -> Result<u64, DbError> {
        let failed = |error: tokio_postgres::Error| DbError::engine(table.name, error.into());
        let width = table.columns.len();
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns.join(", "));
        let copy = self.client.copy_in::<_, Bytes>(&sql).await.map_err(failed)?;
        let mut copy = pin!(copy);
        let mut buffer = BytesMut::with_capacity(COPY_BUFFER + 4096);
        buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        for row in rows.values.chunks_exact(width) {
            buffer.extend_from_slice(&(width as i16).to_be_bytes());
            for value in row {
                let place = buffer.len();
                buffer.extend_from_slice(&(-1_i32).to_be_bytes());
                if put(rows, value, &mut buffer) {
                    let length = (buffer.len() - place - 4) as i32;
                    buffer[place..place + 4].copy_from_slice(&length.to_be_bytes());
                }
            }
            if buffer.len() >= COPY_BUFFER {
                copy.send(buffer.split().freeze()).await.map_err(failed)?;
            }
        }
        buffer.extend_from_slice(&(-1_i16).to_be_bytes());
        copy.send(buffer.freeze()).await.map_err(failed)?;
        copy.as_mut().finish().await.map_err(failed)
    }
}

/// How many bytes of `COPY` data are gathered before they are sent.
const COPY_BUFFER: usize = 1 << 20;

/// Returns what stands for each parameter of a statement.
fn places(values: &Values) -> impl ExactSizeIterator<Item = Place<'_>> {
    let single = values.list_from.unwrap_or(values.values.len());
    let count = single + usize::from(values.list_from.is_some());
    (0..count).map(move |at| match values.values.get(at) {
        Some(value) if at < single => Place { values, of: Of::Value(value) },
        _ => Place { values, of: Of::List(values.values.get(single..).unwrap_or_default()) },
    })
}

/// A value, or a list of them, in the values of a statement.
struct Place<'v> {
    values: &'v Values,
    of: Of<'v>,
}

/// Its type alone.
impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of type {}", self.kind())
    }
}

enum Of<'v> {
    Value(&'v Value),
    List(&'v [Value]),
}

impl Place<'_> {
    fn kind(&self) -> Type {
        match self.of {
            Of::Value(value) => of_kind(value.kind()),
            Of::List(list) => array_of(list.first().map_or(Kind::Text, Value::kind)),
        }
    }
}

/// Returns PostgreSQL's type for values of this kind.
fn of_kind(kind: Kind) -> Type {
    match kind {
        Kind::Int => Type::INT8,
        Kind::Small => Type::INT4,
        Kind::Bool => Type::BOOL,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
        Kind::Date => Type::DATE,
        Kind::Time => Type::TIMESTAMPTZ,
    }
}

/// Returns PostgreSQL's type for lists of this kind.
fn array_of(kind: Kind) -> Type {
    match kind {
        Kind::Int => Type::INT8_ARRAY,
        Kind::Small => Type::INT4_ARRAY,
        Kind::Bool => Type::BOOL_ARRAY,
        Kind::Text => Type::TEXT_ARRAY,
        Kind::Bytes => Type::BYTEA_ARRAY,
        Kind::Date => Type::DATE_ARRAY,
        Kind::Time => Type::TIMESTAMPTZ_ARRAY,
    }
}

impl ToSql for Place<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        if *kind != self.kind() {
            return Err(format!("a value of type {} where the statement was prepared for {kind}", self.kind()).into());
        }
        match self.of {
            Of::Value(value) => Ok(if put(self.values, value, out) { IsNull::No } else { IsNull::Yes }),
            Of::List(list) => {
                let item = of_kind(list.first().map_or(Kind::Text, Value::kind));
                // One dimension, no NULL, the items' type, their number, the first is number 1.
                for head in [1, 0, item.oid() as i32, list.len() as i32, 1] {
                    out.extend_from_slice(&head.to_be_bytes());
                }
                for value in list {
                    let place = out.len();
                    out.extend_from_slice(&0_i32.to_be_bytes());
                    put(self.values, value, out);
                    let length = (out.len() - place - 4) as i32;
                    out[place..place + 4].copy_from_slice(&length.to_be_bytes());
                }
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Appends a value in PostgreSQL's binary form. Returns false, and appends nothing, for NULL.
fn put(values: &Values, value: &Value, out: &mut BytesMut) -> bool {
    match value {
        Value::Null(_) => return false,
        Value::Int(value) => out.extend_from_slice(&value.to_be_bytes()),
        Value::Small(value) => out.extend_from_slice(&value.to_be_bytes()),
        Value::Bool(value) => out.extend_from_slice(&[u8::from(*value)]),
        Value::Text(range) | Value::Bytes(range) => out.extend_from_slice(values.stored(range)),
        Value::Date(date) => out.extend_from_slice(&(*date - EPOCH_DATE).get_days().to_be_bytes()),
        Value::Time(instant) => {
            out.extend_from_slice(&(instant.as_microsecond() - EPOCH_MICROSECONDS).to_be_bytes());
        }
    }
    true
}
