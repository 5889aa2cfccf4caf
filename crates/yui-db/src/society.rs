//! Everything that belongs to a society, whatever tables there are: read from the engine's own catalogue, so that a new table needs
//! nobody to remember it.

use std::collections::BTreeSet;

use crate::{
    ColumnValue, Columns, Db, DbError, EngineError, Query, Row, Statement,
    db::Connections,
    postgres::PgTx,
    sqlite::SqliteTx,
    value::{instant_text, params},
};

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

#[derive(Row)]
struct ColumnRow {
    table_name: String,
    column_name: String,
    declared: String,
    /// The place in the primary key from 1 on; 0 outside.
    key_place: i64,
}

#[derive(Row)]
struct ReferenceRow {
    table_name: String,
    referred: String,
}

static SQLITE_COLUMNS: Statement = Statement::own(
    "yui_db::tables",
    "
    SELECT s.name AS table_name, c.name AS column_name, upper(c.type) AS declared, c.pk AS key_place
    FROM sqlite_schema s JOIN pragma_table_info(s.name) c
    WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%'
    ORDER BY s.name, c.cid",
);

static SQLITE_REFERENCES: Statement = Statement::own(
    "yui_db::tables",
    "
    SELECT DISTINCT s.name AS table_name, f.\"table\" AS referred
    FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
    WHERE s.type = 'table' ORDER BY 1, 2",
);

static POSTGRES_COLUMNS: Statement = Statement::own(
    "yui_db::tables",
    "
    SELECT t.relname::text AS table_name, a.attname::text AS column_name, upper(y.typname::text) AS declared,
        COALESCE(array_position(i.indkey::int2[], a.attnum), -1)::bigint + 1 AS key_place
    FROM pg_class t
    JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
    WHERE t.relkind IN ('r', 'p') AND n.nspname = current_schema()
    ORDER BY t.relname COLLATE \"C\", a.attnum",
);

static POSTGRES_REFERENCES: Statement = Statement::own(
    "yui_db::tables",
    "
    SELECT DISTINCT t.relname::text AS table_name, r.relname::text AS referred
    FROM pg_constraint c
    JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_class r ON r.oid = c.confrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2",
);

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
        let (columns, references) = match &self.0 {
            Connections::Sqlite(_) => (&SQLITE_COLUMNS, &SQLITE_REFERENCES),
            Connections::Postgres(_) => (&POSTGRES_COLUMNS, &POSTGRES_REFERENCES),
        };
        let (columns, references) =
            self.read((Query::new(columns, params![]).all(), Query::new(references, params![]).all())).await?;
        Ok(Tables::of(&columns, &references))
    }

    /// Begins to read everything as it is at one moment, whatever is written meanwhile.
    ///
    /// # Errors
    /// [`DbError::Engine`] where no connection can be had.
    pub async fn snapshot(&self) -> Result<Snapshot, DbError> {
        Ok(Snapshot(match &self.0 {
            Connections::Sqlite(sqlite) => Reading::Sqlite(sqlite.begin_reading().await?),
            Connections::Postgres(postgres) => {
                Reading::Postgres(Box::new(postgres.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?))
            }
        }))
    }

    /// Deletes the society's rows of a table, as many as one transaction should: on SQLite some, so that its one writer is free for others
    /// after a moment, on PostgreSQL all. Returns how many: 0 once there are none.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer, or another table's row refers to one of these.
    pub async fn delete_some(&self, table: &SocietyTable, society_id: i64) -> Result<u64, DbError> {
        let name = &table.name;
        match &self.0 {
            Connections::Sqlite(sqlite) => {
                let sql = table.first_rows_delete();
                sqlite.maintain("delete some", move |writer| Ok(writer.execute(&sql, [society_id])? as u64)).await
            }
            Connections::Postgres(postgres) => {
                let delete = format!("DELETE FROM {name} WHERE {SOCIETY} = {society_id}");
                let rows = postgres.maintain("delete some", &delete).await?;
                if rows >= MANY {
                    // Each row of a table that this one refers to is looked for here when it goes: not among what has gone.
                    postgres.maintain("delete some", &format!("VACUUM {name}")).await?;
                }
                Ok(rows)
            }
        }
    }
}

impl SocietyTable {
    /// Returns the statement that deletes a society's first rows by the key, on SQLite: a table need not have another name for
    /// its rows.
    fn first_rows_delete(&self) -> String {
        let name = &self.name;
        let rest: Vec<&str> = self.key.iter().map(String::as_str).filter(|column| *column != SOCIETY).collect();
        let (list, falling) = (rest.join(", "), rest.join(" DESC, "));
        let first = format!("SELECT {list} FROM {name} WHERE {SOCIETY} = ?1 ORDER BY {list} LIMIT {DELETED_AT_ONCE}");
        match rest.as_slice() {
            [] => format!("DELETE FROM {name} WHERE {SOCIETY} = ?1"),
            _ => format!(
                "DELETE FROM {name} WHERE {SOCIETY} = ?1
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
        Self { name: row.column_name.clone(), kind }
    }
}

impl SocietyTable {
    /// Returns the statement that reads a society's rows; `place` stands for the society.
    fn select(&self, place: &str) -> String {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let order = if self.key.is_empty() { String::new() } else { format!(" ORDER BY {}", self.key.join(", ")) };
        format!("SELECT {} FROM {} WHERE {SOCIETY} = {place}{order}", columns.join(", "), self.name)
    }
}

/// The database as it was at one moment.
#[derive(Debug)]
pub struct Snapshot(Reading);

#[derive(Debug)]
enum Reading {
    Sqlite(SqliteTx),
    Postgres(Box<PgTx>),
}

/// How many rows the reader is ahead of those who take them.
const AHEAD: usize = 256;

impl Snapshot {
    /// Hands each row of the society in this table to `take`, in the order of the key, never more than a few at a time in memory.
    ///
    /// # Errors
    /// [`DbError::Engine`] where the database does not answer, and whatever `take` says.
    pub async fn each_row<E: From<DbError>>(
        &mut self,
        table: &SocietyTable,
        society_id: i64,
        mut take: impl FnMut(Vec<Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.0 {
            Reading::Sqlite(tx) => {
                let (sender, mut rows) = tokio::sync::mpsc::channel(AHEAD);
                let (sql, width) = (table.select("?1"), table.columns.len());
                let reading = tx.run(move |reader| {
                    reader.each_row("each_row", &sql, society_id, |columns| {
                        // Nobody takes rows any more where `take` has failed.
                        let cells = cells(columns, width)?;
                        Ok(sender.blocking_send(cells).is_ok())
                    })
                });
                // The channel ends with this: the reader stops.
                let taking = async move {
                    while let Some(row) = rows.recv().await {
                        take(row)?;
                    }
                    Ok::<_, E>(())
                };
                let (read, taken) = futures::future::join(reading, taking).await;
                taken?;
                read?;
            }
            Reading::Postgres(tx) => {
                let (sql, width) = (table.select(&society_id.to_string()), table.columns.len());
                let taken = tx.run(async |connection| {
                    connection.each_row("each_row", &sql, |columns| Ok(take(cells(columns, width)?))).await
                });
                taken.await??;
            }
        }
        Ok(())
    }
}

fn cells(columns: &mut Columns<'_>, width: usize) -> Result<Vec<Cell>, EngineError> {
    (0..width).map(|_| Ok(Cell::of(columns.take()?))).collect()
}

impl Cell {
    fn of(value: ColumnValue<'_>) -> Self {
        match value {
            ColumnValue::Null => Self::Null,
            ColumnValue::Int(value) => Self::Int(value),
            ColumnValue::Small(value) => Self::Int(value.into()),
            ColumnValue::Bool(value) => Self::Int(value.into()),
            ColumnValue::Text(text) => Self::Text(text.to_owned()),
            ColumnValue::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            ColumnValue::Date(date) => Self::Text(date.to_string()),
            ColumnValue::Time(instant) => Self::Text(instant_text(instant)),
        }
    }
}
