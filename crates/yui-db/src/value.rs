//! Values that go into a statement.

use std::{collections::BTreeSet, fmt, ops::Range};

use jiff::{Timestamp, civil::Date, fmt::temporal::DateTimePrinter};

/// The type of a value, the same on both engines whether it is there or NULL.
///
/// | kind | SQLite (STRICT) | PostgreSQL | Rust |
/// |---|---|---|---|
/// | `Int` | INTEGER | BIGINT | `i64`, ids, yen |
/// | `Small` | INTEGER | INTEGER | `i32`: days, months as 202501 |
/// | `Bool` | INTEGER 0/1 | BOOLEAN | `bool` |
/// | `Text` | TEXT | TEXT | `&str`, `String` |
/// | `Bytes` | BLOB | BYTEA | `&[u8]`, `Vec<u8>`, `[u8; 32]` |
/// | `Date` | TEXT `YYYY-MM-DD` | DATE | [`jiff::civil::Date`] |
/// | `Time` | TEXT `YYYY-MM-DDTHH:MM:SS.ffffffZ` | TIMESTAMPTZ | [`jiff::Timestamp`], to the microsecond |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A whole number of up to 64 bits.
    Int,
    /// A whole number of up to 32 bits.
    Small,
    /// True or false.
    Bool,
    /// Text.
    Text,
    /// Bytes: hashes, sealed values.
    Bytes,
    /// A calendar date.
    Date,
    /// An instant.
    Time,
}

/// A type whose values go into statements.
pub trait ToParam {
    /// The type in the database.
    const KIND: Kind;

    /// Whether this is a list, which stands for `IN ($n)`.
    const LIST: bool = false;

    /// Appends the value.
    fn put(&self, values: &mut Values);
}

/// An element of a list.
pub trait ListItem: ToParam {}

/// The values of a statement, or of many rows: those of any length lie in one buffer.
#[derive(Clone, Default, PartialEq)]
pub struct Values {
    pub(crate) values: Vec<Value>,
    pub(crate) buffer: Vec<u8>,
    /// The place from which on the values are those of the list.
    pub(crate) list_from: Option<usize>,
}

/// Their number alone: values are people's data, and no log shows them.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.values.len())
    }
}

#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Null(Kind),
    Int(i64),
    Small(i32),
    Bool(bool),
    Text(Range<usize>),
    Bytes(Range<usize>),
    Date(Date),
    Time(Timestamp),
}

impl Value {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Int(_) => Kind::Int,
            Self::Small(_) => Kind::Small,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Date(_) => Kind::Date,
            Self::Time(_) => Kind::Time,
        }
    }
}

impl Values {
    /// Returns an empty list of values with room for so many.
    pub fn with_capacity(values: usize) -> Self {
        Self { values: Vec::with_capacity(values), ..Self::default() }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns these values and one more.
    #[must_use]
    pub fn with(mut self, value: impl ToParam) -> Self {
        value.put(&mut self);
        self
    }

    /// Appends a value.
    pub fn push(&mut self, value: impl ToParam) {
        value.put(self);
    }

    fn store(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        from..self.buffer.len()
    }

    /// Returns the bytes of a text or of bytes: none where the range is not of these values.
    pub(crate) fn stored(&self, range: &Range<usize>) -> &[u8] {
        self.buffer.get(range.clone()).unwrap_or_default()
    }
}

macro_rules! to_param {
    ($($kind:ident: $($type:ty => |$value:ident, $values:ident| $put:expr),+;)+) => {$($(
        impl ToParam for $type {
            const KIND: Kind = Kind::$kind;

            fn put(&self, $values: &mut Values) {
                let $value = self;
                let value = Value::$kind($put);
                $values.values.push(value);
            }
        }
    )+)+};
}

to_param! {
    Int: i64 => |value, _values| *value;
    Small: i32 => |value, _values| *value;
    Bool: bool => |value, _values| *value;
    Text: str => |value, values| values.store(value.as_bytes()), String => |value, values| values.store(value.as_bytes());
    Bytes: [u8] => |value, values| values.store(value), Vec<u8> => |value, values| values.store(value),
        [u8; 32] => |value, values| values.store(value);
    Date: Date => |value, _values| *value;
    Time: Timestamp => |value, _values| *value;
}

impl<T: ToParam + ?Sized> ToParam for &T {
    const KIND: Kind = T::KIND;
    const LIST: bool = T::LIST;

    fn put(&self, values: &mut Values) {
        (**self).put(values);
    }
}

impl<T: ToParam> ToParam for Option<T> {
    const KIND: Kind = T::KIND;

    fn put(&self, values: &mut Values) {
        match self {
            Some(value) => value.put(values),
            None => values.values.push(Value::Null(T::KIND)),
        }
    }
}

impl<T: ListItem> ToParam for [T] {
    const KIND: Kind = T::KIND;
    const LIST: bool = true;

    fn put(&self, values: &mut Values) {
        values.list_from = Some(values.values.len());
        self.iter().for_each(|item| item.put(values));
    }
}

impl<T: ListItem> ToParam for Vec<T> {
    const KIND: Kind = T::KIND;
    const LIST: bool = true;

    fn put(&self, values: &mut Values) {
        self.as_slice().put(values);
    }
}

impl<T: ListItem> ToParam for BTreeSet<T> {
    const KIND: Kind = T::KIND;
    const LIST: bool = true;

    fn put(&self, values: &mut Values) {
        values.list_from = Some(values.values.len());
        self.iter().for_each(|item| item.put(values));
    }
}

impl ListItem for i64 {}
impl ListItem for [u8; 32] {}
impl ListItem for String {}
impl ListItem for Vec<u8> {}
impl<T: ListItem + ?Sized> ListItem for &T {}
impl ListItem for str {}

/// The values of a statement of this crate.
macro_rules! params {
    ($($value:expr),*) => { $crate::Values::default()$(.with($value))* };
}

pub(crate) use params;

/// Appends the values of a row.
#[macro_export]
macro_rules! push {
    ($values:expr; $($value:expr),+ $(,)?) => {{
        let values: &mut $crate::Values = $values;
        $(values.push($value);)+
    }};
}

/// Returns the pattern for `LIKE … ESCAPE '\'` of whatever has this text in it: `%` and `_` in it mean themselves.
///
/// ```
/// assert_eq!(yui_db::containing("50%_x"), r"%50\%\_x%");
/// ```
pub fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"))
}

/// Returns the instant as SQLite keeps it: fixed width, so that text order is time order.
pub(crate) fn instant_text(instant: Timestamp) -> String {
    let mut text = String::with_capacity(27);
    // Only a writer that fails could make this fail.
    let _ = DateTimePrinter::new().precision(Some(6)).print_timestamp(&instant, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_shown() {
        let shown = format!("{:?}", params!["テスト 太郎", 7_i64]);
        assert_eq!(shown, "2 values");
    }

    #[test]
    fn instants_sort_as_text_whatever_their_fraction() {
        let whole: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-11-20T09:00:00.5Z".parse().unwrap();
        assert!(instant_text(whole) < instant_text(later));
        assert_eq!(instant_text(later), "2026-11-20T09:00:00.500000Z");
    }
}
