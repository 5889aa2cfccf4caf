//! Running statements on a connection.

use jiff::{civil::Date, fmt::temporal::DateTimePrinter};
use rusqlite::{
    CachedStatement, Connection, Rows, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use crate::{
    BulkTable, Columns, Command, DbError, Described, DescribedColumn, EngineError, Kind, Query, Row, Statement, Values,
    value::{Value, instant_text},
};

/// How many values of a list go into one statement.
const LIST_AT_ONCE: usize = 500;

/// A connection on the thread that it belongs to.
#[derive(Debug)]
pub struct Reader<'c>(pub(crate) &'c Connection);

impl Reader<'_> {
    pub(crate) fn all<R: Row>(&self, query: &Query<R>) -> Result<Vec<R>, DbError> {
        let mut all = Vec::new();
        self.each(query.statement, &query.values, |mut rows| {
            while let Some(row) = rows.next()? {
                all.push(R::read(&mut Columns::sqlite(row))?);
            }
            Ok(())
        })?;
        Ok(all)
    }

    pub(crate) fn first<R: Row>(&self, query: &Query<R>) -> Result<Option<R>, DbError> {
        let mut first = None;
        self.each(query.statement, &query.values, |mut rows| {
            if let (None, Some(row)) = (&first, rows.next()?) {
                first = Some(R::read(&mut Columns::sqlite(row))?);
                // Only once it is done has a statement that writes written.
                while rows.next()?.is_some() {}
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// Runs the statement and hands its rows over: once, or once for each part of a long list.
    fn each(
        &self,
        statement: &'static Statement,
        values: &Values,
        mut take: impl FnMut(Rows<'_>) -> Result<(), EngineError>,
    ) -> Result<(), DbError> {
        let failed = |error: EngineError| DbError::engine(statement.name, error);
        let Some(list_from) = values.list_from else {
            let mut prepared = self.prepared(statement.sqlite()).map_err(failed)?;
            bind_all(&mut prepared, values, &values.values).map_err(failed)?;
            return take(prepared.raw_query()).map_err(failed);
        };
        let (before, list) = values.values.split_at(list_from);
        for part in list.chunks(LIST_AT_ONCE) {
            // The length is rounded up by repeating the last value, so that few different texts have to be prepared.
            let length = part.len().next_power_of_two().min(LIST_AT_ONCE);
            let padding = part.iter().rev().take(1).cycle().take(length - part.len());
            let mut prepared = self.prepared(&statement.sqlite_with_list(list_from, length)).map_err(failed)?;
            bind_all(&mut prepared, values, before.iter().chain(part).chain(padding)).map_err(failed)?;
            take(prepared.raw_query()).map_err(failed)?;
        }
        Ok(())
    }

    pub(crate) fn execute(&self, command: &Command) -> Result<u64, DbError> {
        let failed = |error: EngineError| DbError::engine(command.statement.name, error);
        let mut changed = 0;
        self.each(command.statement, &command.values, |mut rows| {
            while rows.next()?.is_some() {}
            changed += self.0.changes();
            Ok(())
        })?;
        // A statement that reads leaves the number of the one before.
        let reads = self.prepared(command.statement.sqlite()).map_err(failed)?.readonly();
        Ok(if reads { 0 } else { changed })
    }

    /// Inserts row after row.
    pub(crate) fn insert(&self, table: &BulkTable, rows: &Values) -> Result<u64, DbError> {
        let failed = |error: EngineError| DbError::engine(table.name, error);
        let places = vec!["?"; table.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.name, table.columns.join(", "));
        let mut prepared = self.prepared(&sql).map_err(failed)?;
        let mut inserted = 0;
        for row in rows.values.chunks_exact(table.columns.len()) {
            bind_all(&mut prepared, rows, row).map_err(failed)?;
            inserted += prepared.raw_execute().map_err(|error| failed(error.into()))? as u64;
        }
        Ok(inserted)
    }

    /// Hands each row of this SQL to `take`, until that returns false.
    pub(crate) fn each_row(
        &self,
        name: &'static str,
        sql: &str,
        parameter: i64,
        mut take: impl FnMut(&mut Columns<'_>) -> Result<bool, EngineError>,
    ) -> Result<(), DbError> {
        let mut read = || {
            let mut prepared = self.prepared(sql)?;
            let mut rows = prepared.query([parameter])?;
            while let Some(row) = rows.next()? {
                if !take(&mut Columns::sqlite(row))? {
                    break;
                }
            }
            Ok(())
        };
        read().map_err(|error| DbError::engine(name, error))
    }

    pub(crate) fn describe(&self, statement: &'static Statement) -> Result<Described, DbError> {
        let describe = || {
            let prepared = self.prepared(statement.sqlite())?;
            let columns = prepared.columns_with_metadata().zip(prepared.columns());
            let columns = columns.map(|(origin, column)| {
                let nullable = match (origin.table_name(), origin.origin_name()) {
                    (Some(table), Some(name)) => {
                        let (_, _, not_null, in_key, _) = self.0.column_metadata(None::<&str>, table, name)?;
                        Some(!not_null && !in_key)
                    }
                    _ => None,
                };
                let kind = column.decl_type().and_then(|kind| match kind {
                    "INTEGER" => Some(Kind::Int),
                    "TEXT" => Some(Kind::Text),
                    "BLOB" => Some(Kind::Bytes),
                    _ => None,
                });
                Ok(DescribedColumn { name: column.name().to_owned(), kind, nullable })
            });
            Ok(Described {
                columns: columns.collect::<Result<_, EngineError>>()?,
                parameters: prepared.parameter_count(),
            })
        };
        describe().map_err(|error| DbError::engine(statement.name, error))
    }

    fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>, EngineError> {
        Ok(self.0.prepare_cached(sql)?)
    }
}

fn bind_all<'v>(
    prepared: &mut CachedStatement<'_>,
    values: &'v Values,
    places: impl IntoIterator<Item = &'v Value>,
) -> Result<(), EngineError> {
    let mut count = 0;
    for (at, value) in places.into_iter().enumerate() {
        prepared.raw_bind_parameter(at + 1, Bound { values, value })?;
        count += 1;
    }
    match prepared.parameter_count() {
        expected if expected == count => Ok(()),
        expected => Err(EngineError::of_ours(format!("{count} values for {expected} parameters"))),
    }
}

struct Bound<'v> {
    values: &'v Values,
    value: &'v Value,
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.value {
            Value::Null(_) => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Value::Small(value) => ToSqlOutput::Borrowed(ValueRef::Integer((*value).into())),
            Value::Bool(value) => ToSqlOutput::Borrowed(ValueRef::Integer((*value).into())),
            Value::Text(range) => ToSqlOutput::Borrowed(ValueRef::Text(self.values.stored(range))),
            Value::Bytes(range) => ToSqlOutput::Borrowed(ValueRef::Blob(self.values.stored(range))),
            Value::Date(date) => date_text(*date).into(),
            Value::Time(instant) => instant_text(*instant).into(),
        })
    }
}

fn date_text(date: Date) -> String {
    let mut text = String::with_capacity(10);
    // Only a writer that fails could make this fail.
    let _ = DateTimePrinter::new().print_date(&date, &mut text);
    text
}
