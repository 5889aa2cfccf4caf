//! Everything that belongs to a society, whatever tables there are: read from the engine's own catalogue, so that a new table needs
//! nobody to remember it.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, FromRow, Postgres, Row, Sqlite, Transaction, postgres::PgRow, sqlite::SqliteRow};

use crate::{Db, DbError, param::instant_text, sqlite::patiently};

/// The column that names the society.
const SOCIETY: &str = "society_id";

/// How a column's values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A whole number; true and false are 1 and 0.
    Int,
    /// Text; a date is `2026-11-20`, an instant `2026-11-20T03:00:00.000000Z`.
    Text,
    /// Bytes.
    Bytes,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// None.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// How its values are kept: the same on both engines.
    pub kind: CellKind,
    /// The engine's own type, in capitals.
    declared: String,
}

/// A table with rows of societies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocietyTable {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<TableColumn>,
    /// Its primary key, in order.
    pub key: Vec<String>,
    /// The tables it refers to, itself left out.
    pub refers_to: BTreeSet<String>,
}

/// The tables of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Those with rows of societies, each after all that it refers to.
    pub of_societies: Vec<SocietyTable>,
    /// Those without.
    pub others: Vec<String>,
}

#[derive(FromRow)]
struct ColumnRow {
    table_name: String,
    column_name: String,
    declared: String,
    /// The place in the primary key from 1 on; 0 outside.
    key_place: i64,
}

#[derive(FromRow)]
struct ReferenceRow {
    table_name: String,
    referred: String,
}

const SQLITE_COLUMNS: &str = "
    SELECT s.name AS table_name, c.name AS column_name, upper(c.type) AS declared, c.pk AS key_place
    FROM sqlite_schema s JOIN pragma_table_info(s.name) c
    WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%'
    ORDER BY s.name, c.cid";

const SQLITE_REFERENCES: &str = "
    SELECT DISTINCT s.name AS table_name, f.\"table\" AS referred
    FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
    WHERE s.type = 'table' ORDER BY 1, 2";

const POSTGRES_COLUMNS: &str = "
    SELECT t.relname::text AS table_name, a.attname::text AS column_name, upper(y.typname::text) AS declared,
        COALESCE(array_position(i.indkey::int2[], a.attnum), -1)::bigint + 1 AS key_place
    FROM pg_class t
    JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
    WHERE t.relkind IN ('r', 'p') AND n.nspname = current_schema()
    ORDER BY t.relname COLLATE \"C\", a.attnum";

const POSTGRES_REFERENCES: &str = "
    SELECT DISTINCT t.relname::text AS table_name, r.relname::text AS referred
    FROM pg_constraint c
    JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_class r ON r.oid = c.confrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2";

/// How many rows one transaction deletes on SQLite.
const DELETED_AT_ONCE: i64 = 2_000;

/// From how many deleted rows on PostgreSQL is made to clear a table's indexes at once.
const MANY: u64 = 50_000;

impl Db {
    /// Returns the tables of the database.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer.
    pub async fn tables(&self) -> Result<Tables, DbError> {
        let (columns, references): (Vec<ColumnRow>, Vec<ReferenceRow>) = match self {
            Self::Sqlite { readers, .. } => (
                sqlx::query_as(SQLITE_COLUMNS).fetch_all(readers).await.map_err(of("tables"))?,
                sqlx::query_as(SQLITE_REFERENCES).fetch_all(readers).await.map_err(of("tables"))?,
            ),
            Self::Postgres(pools) => (
                sqlx::query_as(POSTGRES_COLUMNS).fetch_all(pools.pool()).await.map_err(of("tables"))?,
                sqlx::query_as(POSTGRES_REFERENCES).fetch_all(pools.pool()).await.map_err(of("tables"))?,
            ),
        };
        Ok(Tables::of(&columns, &references))
    }

    /// Begins to read everything as it is at one moment, whatever is written meanwhile.
    ///
    /// # Errors
    /// [`DbError::Engine`] where no connection can be had.
    pub async fn snapshot(&self) -> Result<Snapshot, DbError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Snapshot::Sqlite(readers.begin().await.map_err(of("snapshot"))?),
            Self::Postgres(pools) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Snapshot::Postgres(pools.pool().begin_with(begin).await.map_err(of("snapshot"))?)
            }
        })
    }

    /// Deletes the society's rows of a table, as many as one transaction should: on SQLite some, so that its one writer is free for others
    /// after a moment, on PostgreSQL all. Returns how many: 0 once there are none.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer, or another table's row refers to one of these.
    pub async fn delete_some(&self, table: &SocietyTable, society_id: i64) -> Result<u64, DbError> {
        let name = &table.name;
        let failed = of("delete_some");
        match self {
            Self::Sqlite { writer, .. } => {
                let sql = table.first_rows_delete();
                let delete = || sqlx::query(AssertSqlSafe(sql.clone())).bind(society_id).execute(writer);
                Ok(patiently(delete).await.map_err(failed)?.rows_affected())
            }
            Self::Postgres(pools) => {
                let pool = pools.pool();
                let query = sqlx::query(AssertSqlSafe(format!("DELETE FROM {name} WHERE {SOCIETY} = $1")));
                let rows = query.bind(society_id).execute(pool).await.map_err(&failed)?.rows_affected();
                if rows >= MANY {
                    // Each row of a table that this one refers to is looked for here when it goes: not among what has gone.
                    sqlx::query(AssertSqlSafe(format!("VACUUM {name}"))).execute(pool).await.map_err(failed)?;
                }
                Ok(rows)
            }
        }
    }
}

fn of(what: &'static str) -> impl Fn(sqlx::Error) -> DbError {
    move |source| DbError::of(what, source)
}

impl SocietyTable {
    /// Returns the statement that deletes a society's first rows by the key, on SQLite: a table need not have another name for
    /// its rows.
    fn first_rows_delete(&self) -> String {
        let name = &self.name;
        let rest: Vec<&str> = self.key.iter().map(String::as_str).filter(|column| *column != SOCIETY).collect();
        let (list, falling) = (rest.join(", "), rest.join(" DESC, "));
        let first = format!("SELECT {list} FROM {name} WHERE {SOCIETY} = $1 ORDER BY {list} LIMIT {DELETED_AT_ONCE}");
        match rest.as_slice() {
            [] => format!("DELETE FROM {name} WHERE {SOCIETY} = $1"),
            _ => format!(
                "DELETE FROM {name} WHERE {SOCIETY} = $1
                 AND ({list}) <= (SELECT {list} FROM ({first}) ORDER BY {falling} DESC LIMIT 1)"
            ),
        }
    }
}

impl Tables {
    fn of(columns: &[ColumnRow], references: &[ReferenceRow]) -> Self {
        let mut of_societies = Vec::new();
        let mut others = Vec::new();
        for columns in columns.chunk_by(|one, other| one.table_name == other.table_name) {
            let Some(name) = columns.first().map(|column| column.table_name.clone()) else { continue };
            if !columns.iter().any(|column| column.column_name == SOCIETY) {
                others.push(name);
                continue;
            }
            let mut key: Vec<_> = columns.iter().filter(|column| column.key_place > 0).collect();
            key.sort_by_key(|column| column.key_place);
            let refers = references.iter().filter(|row| row.table_name == name && row.referred != name);
            of_societies.push(SocietyTable {
                key: key.into_iter().map(|column| column.column_name.clone()).collect(),
                refers_to: refers.map(|row| row.referred.clone()).collect(),
                columns: columns.iter().map(TableColumn::of).collect(),
                name,
            });
        }
        Self { of_societies: ordered(of_societies), others }
    }
}

/// Puts each table after those it refers to; among equals by name.
fn ordered(mut left: Vec<SocietyTable>) -> Vec<SocietyTable> {
    let mut done: Vec<SocietyTable> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |table: &SocietyTable| left.iter().any(|other| table.refers_to.contains(&other.name));
        // Tables that refer to each other in a circle cannot be put in order: then by name.
        let next = left.iter().position(|table| !waits(table)).unwrap_or_default();
        done.push(left.remove(next));
    }
    done
}

impl TableColumn {
    fn of(row: &ColumnRow) -> Self {
        let kind = match row.declared.as_str() {
            "INTEGER" | "INT8" | "INT4" | "INT2" | "BOOL" => CellKind::Int,
            "BLOB" | "BYTEA" => CellKind::Bytes,
            _ => CellKind::Text,
        };
        Self { name: row.column_name.clone(), kind, declared: row.declared.clone() }
    }
}

impl SocietyTable {
    fn select(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let order = if self.key.is_empty() { String::new() } else { format!(" ORDER BY {}", self.key.join(", ")) };
        format!("SELECT {} FROM {} WHERE {SOCIETY} = $1{order}", columns.join(", "), self.name)
    }
}

/// The database as it was at one moment.
#[derive(Debug)]
pub enum Snapshot {
    /// On the embedded database.
    Sqlite(Transaction<'static, Sqlite>),
    /// On the server.
    Postgres(Transaction<'static, Postgres>),
}

impl Snapshot {
    /// Hands each row of the society in this table to `take`, in the order of the key, never more than one at a time in memory.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer, and whatever `take` says.
    pub async fn each_row<E: From<DbError>>(
        &mut self,
        table: &SocietyTable,
        society_id: i64,
        mut take: impl FnMut(Vec<Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |source| E::from(DbError::of("each_row", source));
        let query = AssertSqlSafe(table.select());
        match self {
            Self::Sqlite(tx) => {
                let mut rows = sqlx::query(query).bind(society_id).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    take(sqlite_cells(table, &row).map_err(failed)?)?;
                }
            }
            Self::Postgres(tx) => {
                let mut rows = sqlx::query(query).bind(society_id).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    take(postgres_cells(table, &row).map_err(failed)?)?;
                }
            }
        }
        Ok(())
    }
}

fn sqlite_cells(table: &SocietyTable, row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |(at, column): (usize, &TableColumn)| {
        Ok(match column.kind {
            CellKind::Int => row.try_get::<Option<i64>, _>(at)?.map(Cell::Int),
            CellKind::Text => row.try_get::<Option<String>, _>(at)?.map(Cell::Text),
            CellKind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Cell::Bytes),
        }
        .unwrap_or(Cell::Null))
    };
    table.columns.iter().enumerate().map(cell).collect()
}

fn postgres_cells(table: &SocietyTable, row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |(at, column): (usize, &TableColumn)| {
        Ok(match column.declared.as_str() {
            "INT8" => row.try_get::<Option<i64>, _>(at)?.map(Cell::Int),
            "INT4" => row.try_get::<Option<i32>, _>(at)?.map(|value| Cell::Int(value.into())),
            "INT2" => row.try_get::<Option<i16>, _>(at)?.map(|value| Cell::Int(value.into())),
            "BOOL" => row.try_get::<Option<bool>, _>(at)?.map(|value| Cell::Int(value.into())),
            "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Cell::Bytes),
            "DATE" => {
                row.try_get::<Option<jiff_sqlx::Date>, _>(at)?.map(|value| Cell::Text(value.to_jiff().to_string()))
            }
            "TIMESTAMPTZ" => {
                let value = row.try_get::<Option<jiff_sqlx::Timestamp>, _>(at)?;
                value.map(|value| Cell::Text(instant_text(value.to_jiff())))
            }
            // What else there may be is refused by sqlx where it is no text.
            _ => row.try_get::<Option<String>, _>(at)?.map(Cell::Text),
        }
        .unwrap_or(Cell::Null))
    };
    table.columns.iter().enumerate().map(cell).collect()
}
