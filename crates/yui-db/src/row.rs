//! Rows that come out of a statement.

use jiff::{Timestamp, civil::Date};
use rusqlite::types::ValueRef;
use tokio_postgres::types::{FromSql, Type};

use crate::Kind;

/// A value of one column, as the engine gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColumnValue<'r> {
    /// None.
    Null,
    /// A whole number; on SQLite whatever is kept as one.
    Int(i64),
    /// A whole number of 32 bits, on PostgreSQL.
    Small(i32),
    /// True or false, on PostgreSQL.
    Bool(bool),
    /// Text; on SQLite dates and instants, too.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
    /// A date, on PostgreSQL.
    Date(Date),
    /// An instant, on PostgreSQL.
    Time(Timestamp),
}

/// A type that a column's values can be read as.
pub trait Column: Sized {
    /// The type in the database.
    const KIND: Kind;

    /// Whether NULL is a value of it.
    const NULLABLE: bool = false;

    /// Returns the value; none where the column's is not one of this type.
    fn from_value(value: ColumnValue<'_>) -> Option<Self>;
}

/// A struct, or a single value, that is made of a row. `#[derive(yui_db::Row)]` makes it of the columns in the order of
/// its fields.
pub trait Row: Sized + Send + 'static {
    /// Reads the row's next columns.
    ///
    /// # Errors
    /// [`Unfit`] where a column's value is not of the field's type.
    fn read(columns: &mut Columns<'_>) -> Result<Self, Unfit>;

    /// Appends the columns that this is read from.
    fn columns(list: &mut Vec<ColumnType>);
}

/// A column as a [`Row`] expects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnType {
    /// Its name; none where any will do.
    pub name: Option<&'static str>,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
}

impl ColumnType {
    /// Returns the column of this name that is read as `T`.
    pub const fn of<T: Column>(name: &'static str) -> Self {
        Self { name: Some(name), kind: T::KIND, nullable: T::NULLABLE }
    }

    /// Returns the column of a statement that leaves out rows where it is NULL.
    #[must_use]
    pub const fn filtered(self) -> Self {
        Self { nullable: true, ..self }
    }
}

/// A row does not fit what it is read as. Holds the name of the column and none of its values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: the value is not what it is read as")]
pub struct Unfit {
    /// The column's name.
    pub column: String,
}

/// The columns of a row that are still to be read.
#[derive(Debug)]
pub struct Columns<'r> {
    row: EngineRow<'r>,
    at: usize,
}

#[derive(Debug)]
enum EngineRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Columns<'r> {
    pub(crate) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self { row: EngineRow::Sqlite(row), at: 0 }
    }

    pub(crate) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self { row: EngineRow::Postgres(row), at: 0 }
    }

    /// Reads the next column. Its name is only compared where debug assertions are on: `cargo xtask check-sql` compares
    /// those of all statements.
    ///
    /// # Errors
    /// [`Unfit`] where the value is not of this type, or there is no such column.
    pub fn next<T: Column>(&mut self, name: &'static str) -> Result<T, Unfit> {
        if cfg!(debug_assertions) && self.name() != Some(name) {
            return Err(self.unfit(name));
        }
        self.next_value(name)
    }

    fn next_value<T: Column>(&mut self, name: &'static str) -> Result<T, Unfit> {
        let value = self.value().and_then(T::from_value).ok_or_else(|| self.unfit(name))?;
        self.at += 1;
        Ok(value)
    }

    /// Returns the next column's value, whatever it is.
    pub(crate) fn take(&mut self) -> Result<ColumnValue<'r>, Unfit> {
        let value = self.value().ok_or_else(|| self.unfit(""))?;
        self.at += 1;
        Ok(value)
    }

    fn value(&self) -> Option<ColumnValue<'r>> {
        match self.row {
            EngineRow::Sqlite(row) => Some(match row.get_ref(self.at).ok()? {
                ValueRef::Null => ColumnValue::Null,
                ValueRef::Integer(value) => ColumnValue::Int(value),
                ValueRef::Text(text) => ColumnValue::Text(str::from_utf8(text).ok()?),
                ValueRef::Blob(bytes) => ColumnValue::Bytes(bytes),
                ValueRef::Real(_) => return None,
            }),
            EngineRow::Postgres(row) => row.try_get(self.at).ok(),
        }
    }

    fn name(&self) -> Option<&'r str> {
        match self.row {
            EngineRow::Sqlite(row) => row.as_ref().column_name(self.at).ok(),
            EngineRow::Postgres(row) => row.columns().get(self.at).map(tokio_postgres::Column::name),
        }
    }

    fn unfit(&self, name: &str) -> Unfit {
        match self.name() {
            Some(found) if found != name && !name.is_empty() => Unfit { column: format!("{name} (found {found})") },
            Some(found) => Unfit { column: found.to_owned() },
            None => Unfit { column: format!("{name} (missing)") },
        }
    }
}

/// Microseconds from 1970 to 2000, which PostgreSQL counts from.
pub(crate) const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

/// The day that PostgreSQL counts from.
pub(crate) const EPOCH_DATE: Date = jiff::civil::date(2000, 1, 1);

impl<'r> FromSql<'r> for ColumnValue<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Self::Small(i32::from_be_bytes(raw.try_into()?)),
            Type::INT2 => Self::Small(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Self::Bool(raw != [0]),
            Type::BYTEA => Self::Bytes(raw),
            Type::DATE => {
                let days = i32::from_be_bytes(raw.try_into()?);
                Self::Date(EPOCH_DATE.checked_add(jiff::Span::new().try_days(days)?)?)
            }
            Type::TIMESTAMPTZ => {
                let since_2000 = i64::from_be_bytes(raw.try_into()?);
                Self::Time(Timestamp::from_microsecond(since_2000.saturating_add(EPOCH_MICROSECONDS))?)
            }
            _ => Self::Text(str::from_utf8(raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT8
                | Type::INT4
                | Type::INT2
                | Type::BOOL
                | Type::BYTEA
                | Type::DATE
                | Type::TIMESTAMPTZ
                | Type::TEXT
                | Type::VARCHAR
                | Type::NAME
                | Type::UNKNOWN
        )
    }
}

macro_rules! column {
    ($($kind:ident $type:ty { $($value:pat => $read:expr),+ $(,)? })+) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::$kind;

            fn from_value(value: ColumnValue<'_>) -> Option<Self> {
                match value {
                    $($value => $read,)+
                    _ => None,
                }
            }
        }
    )+};
}

column! {
    Int i64 { ColumnValue::Int(value) => Some(value) }
    Small i32 { ColumnValue::Small(value) => Some(value), ColumnValue::Int(value) => value.try_into().ok() }
    Bool bool {
        ColumnValue::Bool(value) => Some(value), ColumnValue::Int(0) => Some(false), ColumnValue::Int(1) => Some(true)
    }
    Text String { ColumnValue::Text(value) => Some(value.to_owned()) }
    Bytes Vec<u8> { ColumnValue::Bytes(value) => Some(value.to_vec()) }
    Bytes [u8; 32] { ColumnValue::Bytes(value) => value.try_into().ok() }
    Date Date { ColumnValue::Date(value) => Some(value), ColumnValue::Text(value) => value.parse().ok() }
    Time Timestamp { ColumnValue::Time(value) => Some(value), ColumnValue::Text(value) => value.parse().ok() }
}

impl<T: Column> Column for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;

    fn from_value(value: ColumnValue<'_>) -> Option<Self> {
        match value {
            ColumnValue::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// A row of one column, whatever its name.
impl<T: Column + Send + 'static> Row for T {
    fn read(columns: &mut Columns<'_>) -> Result<Self, Unfit> {
        columns.next_value("")
    }

    fn columns(list: &mut Vec<ColumnType>) {
        list.push(ColumnType { name: None, kind: T::KIND, nullable: T::NULLABLE });
    }
}
