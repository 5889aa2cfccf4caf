//! Loading many rows.

use jiff::{Timestamp, civil::date};
use sqlx::{AssertSqlSafe, PgConnection, Sqlite, Transaction};

use crate::{Param, db::sqlite_arguments};

/// A table and the columns of it that are loaded in bulk, in the order of the values.
#[derive(Clone, Copy, Debug)]
pub struct BulkTable {
    /// The table.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
}

/// How many values SQLite takes in one statement (`SQLITE_MAX_VARIABLE_NUMBER`).
pub const PARAMS_PER_STATEMENT: usize = 32_766;

/// How many rows one `VALUES` list holds at the most; more gained nothing when measured.
const ROWS_PER_STATEMENT: usize = 500;

impl BulkTable {
    /// Returns SQLite's text. Bare `?`: a `$1` has a name, which SQLite would look up in a list as long as all of them,
    /// for each of them.
    fn insert(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        format!("INSERT INTO {} ({}) VALUES {}", self.name, self.columns.join(", "), vec![row; rows].join(", "))
    }
}

pub(crate) async fn sqlite(
    tx: &mut Transaction<'static, Sqlite>,
    table: &BulkTable,
    values: &[Param<'_>],
) -> Result<u64, sqlx::Error> {
    let width = table.columns.len();
    let rows_at_once = ROWS_PER_STATEMENT.min(PARAMS_PER_STATEMENT / width);
    let full = table.insert(rows_at_once);
    let mut inserted = 0;
    for part in values.chunks(rows_at_once * width) {
        let rows = part.len() / width;
        let sql = if rows == rows_at_once { full.clone() } else { table.insert(rows) };
        let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(part)?);
        inserted += query.persistent(rows == rows_at_once).execute(&mut **tx).await?.rows_affected();
    }
    Ok(inserted)
}

/// How many bytes of `COPY` data are gathered before they are sent.
const COPY_BUFFER: usize = 1 << 20;

pub(crate) async fn postgres(
    tx: &mut PgConnection,
    table: &BulkTable,
    values: &[Param<'_>],
) -> Result<u64, sqlx::Error> {
    let width = table.columns.len();
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns.join(", "));
    let mut copy = tx.copy_in_raw(&sql).await?;
    let mut buffer = Vec::with_capacity(COPY_BUFFER + 4096);
    buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for row in values.chunks_exact(width) {
        buffer.extend_from_slice(&(width as i16).to_be_bytes());
        row.iter().for_each(|value| copy_value(&mut buffer, value));
        if buffer.len() >= COPY_BUFFER {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(buffer.as_slice()).await?;
    copy.finish().await
}

/// Appends one value in PostgreSQL's binary form: its length, then its bytes; -1 for NULL.
fn copy_value(buffer: &mut Vec<u8>, value: &Param<'_>) {
    let mut put = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => {
            buffer.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
            buffer.extend_from_slice(bytes);
        }
        None => buffer.extend_from_slice(&(-1_i32).to_be_bytes()),
    };
    match value {
        Param::Int(value) => put(value.map(i64::to_be_bytes).as_ref().map(|bytes| bytes.as_slice())),
        Param::Small(value) => put(value.map(i32::to_be_bytes).as_ref().map(|bytes| bytes.as_slice())),
        Param::Bool(value) => put(value.map(|value| [u8::from(value)]).as_ref().map(|bytes| bytes.as_slice())),
        Param::Text(value) => put(value.as_ref().map(|text| text.as_bytes())),
        Param::Bytes(value) => put(value.as_deref()),
        Param::Date(value) => {
            let days = value.map(|value| (value - date(2000, 1, 1)).get_days().to_be_bytes());
            put(days.as_ref().map(|bytes| bytes.as_slice()));
        }
        Param::Time(value) => {
            let micros = value.map(|value| (value.as_microsecond() - EPOCH.as_microsecond()).to_be_bytes());
            put(micros.as_ref().map(|bytes| bytes.as_slice()));
        }
    }
}

/// The instant that PostgreSQL counts from: 2000-01-01T00:00:00Z.
const EPOCH: Timestamp = Timestamp::constant(946_684_800, 0);
