//! Values that go into a statement.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// One value of a statement or of a bulk row. Each variant is one column type on either engine, also when NULL.
///
/// | variant | SQLite (STRICT) | PostgreSQL |
/// |---|---|---|
/// | `Int` | INTEGER | BIGINT |
/// | `Small` | INTEGER | INTEGER |
/// | `Bool` | INTEGER 0/1 | BOOLEAN |
/// | `Text` | TEXT | TEXT |
/// | `Bytes` | BLOB | BYTEA |
/// | `Date` | TEXT `YYYY-MM-DD` | DATE |
/// | `Time` | TEXT `YYYY-MM-DDTHH:MM:SS.ffffffZ` | TIMESTAMPTZ |
#[derive(Clone, Debug, PartialEq)]
pub enum Param<'a> {
    /// A whole number of up to 64 bits: ids, yen, counts.
    Int(Option<i64>),
    /// A whole number of up to 32 bits: months (202501), days.
    Small(Option<i32>),
    /// True or false.
    Bool(Option<bool>),
    /// Text.
    Text(Option<std::borrow::Cow<'a, str>>),
    /// Bytes: hashes, sealed values.
    Bytes(Option<std::borrow::Cow<'a, [u8]>>),
    /// A calendar date.
    Date(Option<Date>),
    /// An instant, kept to the microsecond.
    Time(Option<Timestamp>),
}

impl Param<'_> {
    pub(crate) fn int(&self) -> Option<i64> {
        if let Self::Int(value) = self { *value } else { None }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(value) = self { value.as_deref() } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(value) = self { value.as_deref() } else { None }
    }
}

/// A list of [`Param`]s, one for each value, in the order of `$1`, `$2` …
///
/// ```
/// let given: &[yui_db::Param] = yui_db::params![7_i64, "minato", None::<i64>];
/// assert_eq!(given.len(), 3);
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*][..] };
}

/// Returns the instant as SQLite keeps it: fixed width, so that text order is time order.
pub(crate) fn instant_text(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

macro_rules! from {
    ($($from:ty => $variant:ident($value:ident => $into:expr)),* $(,)?) => {$(
        impl<'a> From<$from> for Param<'a> {
            fn from($value: $from) -> Self {
                Self::$variant(Some($into))
            }
        }

        impl<'a> From<Option<$from>> for Param<'a> {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map(|$value| $into))
            }
        }
    )*};
}

from! {
    i64 => Int(value => value),
    i32 => Small(value => value),
    bool => Bool(value => value),
    &'a str => Text(value => value.into()),
    &'a String => Text(value => value.as_str().into()),
    String => Text(value => value.into()),
    &'a [u8] => Bytes(value => value.into()),
    &'a Vec<u8> => Bytes(value => value.as_slice().into()),
    &'a [u8; 32] => Bytes(value => value.as_slice().into()),
    Vec<u8> => Bytes(value => value.into()),
    Date => Date(value => value),
    Timestamp => Time(value => value),
}

/// Returns the pattern for `LIKE … ESCAPE '\'` of whatever has this text in it: `%` and `_` in it mean themselves.
///
/// ```
/// assert_eq!(yui_db::containing("50%_x"), r"%50\%\_x%");
/// ```
pub fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_sort_as_text_whatever_their_fraction() {
        let whole: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-11-20T09:00:00.5Z".parse().unwrap();
        assert!(instant_text(whole) < instant_text(later));
        assert_eq!(instant_text(later), "2026-11-20T09:00:00.500000Z");
    }
}
