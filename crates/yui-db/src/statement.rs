//! SQL texts, declared once with the types of their parameters and of their rows.

use std::sync::OnceLock;

use crate::{ColumnType, Kind};

/// A SQL text that runs unchanged on both engines, with its types. Made by [`crate::statements!`] only.
#[derive(Debug)]
pub struct Statement {
    /// The module and the function, as in `yui::features::expenses::queries::lines`.
    pub name: &'static str,
    /// The text, with `$1`, `$2` … for its parameters.
    pub sql: &'static str,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// Appends the columns that its rows are read from; none where it reads nothing.
    pub columns: Option<fn(&mut Vec<ColumnType>)>,
    sqlite: OnceLock<String>,
}

/// A parameter of a [`Statement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it is a list, which stands for `IN ($n)`.
    pub list: bool,
}

inventory::collect!(&'static Statement);

impl Statement {
    /// Returns a statement of this crate, which one engine alone understands, or both before there is a schema.
    pub(crate) const fn own(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, sql, &[], None)
    }

    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        sql: &'static str,
        parameters: &'static [Parameter],
        columns: Option<fn(&mut Vec<ColumnType>)>,
    ) -> Self {
        Self { name, sql, parameters, columns, sqlite: OnceLock::new() }
    }

    /// Returns the columns that its rows are read from.
    pub fn columns(&self) -> Vec<ColumnType> {
        let mut columns = Vec::new();
        if let Some(append) = self.columns {
            append(&mut columns);
        }
        columns
    }

    /// Returns the text for SQLite, to which `$1` is the name of a parameter, numbered as it first appears: `?1` is the
    /// first wherever it stands.
    pub(crate) fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| {
            let mut text = self.sql.to_owned();
            for (at, _) in self.sql.match_indices('$') {
                if self.sql.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit) {
                    text.replace_range(at..=at, "?");
                }
            }
            text
        })
    }

    /// Returns the text for SQLite with its last parameter, written `IN ($n)`, standing for so many values.
    pub(crate) fn sqlite_with_list(&self, parameters_before: usize, length: usize) -> String {
        let first = parameters_before + 1;
        let places: Vec<_> = (first..first + length).map(|place| format!("?{place}")).collect();
        self.sqlite().replace(&format!("IN (?{first})"), &format!("IN ({})", places.join(", ")))
    }

    /// Returns the text for PostgreSQL with its last parameter, written `IN ($n)`, made one array.
    pub(crate) fn postgres_with_list(&self, parameters_before: usize) -> String {
        let place = parameters_before + 1;
        self.sql.replace(&format!("IN (${place})"), &format!("= ANY(${place})"))
    }
}

/// Returns every statement of the program, for the test that prepares them all on both engines.
pub fn statements_declared() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<&'static Statement>.into_iter().copied()
}

/// Declares statements as functions of `Sql`, which return a [`Query`] where there is a row, else a [`Command`], and makes
/// them known to [`statements_declared`].
///
/// Parameters are `$1`, `$2` … in the order of the function; a list, which stands last, is written `IN ($n)`. The columns
/// that are selected are those of the row, in the order of its fields. `cargo xtask check-sql` compares types, names and order on both
/// engines.
///
/// ```
/// # use jiff::Timestamp;
/// yui_db::statements! {
///     /// The members of a society who were born then.
///     pub(crate) fn born(society_id: i64, birth_date: jiff::civil::Date) -> i64 =
///         "SELECT member_id FROM members WHERE society_id = $1 AND birth_date = $2";
///     fn remove(society_id: i64, members: &[i64]) = "DELETE FROM members WHERE society_id = $1 AND member_id IN ($2)";
/// }
/// # let _ = (Sql::remove(1, &[2]), Sql::born(1, jiff::civil::date(1980, 1, 2)));
/// ```
#[macro_export]
macro_rules! statements {
    ($(
        $(#[$meta:meta])* $visibility:vis fn $name:ident($($param:ident: $type:ty),* $(,)?) $(-> $row:ty)? = $sql:expr;
    )+) => {
        /// The statements of this module.
        pub(crate) struct Sql;

        impl Sql {$(
            $(#[$meta])*
            #[allow(clippy::too_many_arguments, reason = "as many as the statement has, each with its type")]
            $visibility fn $name($($param: $type),*) -> $crate::__answer!($($row)?) {
                static STATEMENT: $crate::Statement = $crate::Statement::new(
                    concat!(module_path!(), "::", stringify!($name)),
                    $sql,
                    &[$($crate::Parameter {
                        name: stringify!($param),
                        kind: <$type as $crate::ToParam>::KIND,
                        list: <$type as $crate::ToParam>::LIST,
                    }),*],
                    $crate::__columns!($($row)?),
                );
                $crate::inventory::submit! { &STATEMENT }
                <$crate::__answer!($($row)?)>::new(&STATEMENT, $crate::Values::default()$(.with($param))*)
            }
        )+}
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __answer {
    () => { $crate::Command };
    ($row:ty) => { $crate::Query<$row> };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __columns {
    () => {
        None
    };
    ($row:ty) => {
        Some(<$row as $crate::Row>::columns)
    };
}
