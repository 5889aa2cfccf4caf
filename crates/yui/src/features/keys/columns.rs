//! The columns whose values are sealed, and their SQL.

use yui_db::{Command, Query};

/// A column of sealed values.
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    /// Counts the society's values that begin with these bytes, as many as given, by their first bytes, as many as the last parameter says.
    pub(super) heads: fn(i64, &[u8], i64, i64) -> Query<KeyUse>,
    pub(super) rows: Rows,
}

/// How the rows of a table are told apart within a society. `read` returns those whose value does not begin with these bytes, as many as
/// given, up to a number, after a row; `first` the first one whose value begins so; `write` puts a value where another was.
pub(super) enum Rows {
    /// By one number or two, the second 0 where there is one.
    Numbers {
        read: ReadNumbered,
        first: fn(i64, &[u8], i64) -> Query<Numbered>,
        write: fn(i64, &[u8], &[u8], i64, i64) -> Command,
        name: fn(i64, i64) -> String,
    },
    /// By the hash of a token.
    Tokens {
        read: ReadTokened,
        first: fn(i64, &[u8], i64) -> Query<Tokened>,
        write: fn(i64, &[u8], &[u8], &[u8]) -> Command,
    },
}

type ReadNumbered = fn(i64, &[u8], i64, i64, i64, i64) -> Query<Numbered>;

type ReadTokened = fn(i64, &[u8], i64, i64, &[u8]) -> Query<Tokened>;

/// A row that is told by numbers.
#[derive(yui_db::Row)]
pub(super) struct Numbered {
    pub(super) one: i64,
    pub(super) two: i64,
    #[row(filtered)]
    pub(super) sealed: Vec<u8>,
}

/// A row that is told by the hash of a token.
#[derive(yui_db::Row)]
pub(super) struct Tokened {
    pub(super) token: Vec<u8>,
    pub(super) sealed: Vec<u8>,
}

/// So many values with this beginning.
#[derive(yui_db::Row)]
pub(super) struct KeyUse {
    pub(super) head: Vec<u8>,
    pub(super) count: i64,
}

macro_rules! heads {
    ($table:literal, $column:literal) => {
        concat!(
            "SELECT substr(",
            $column,
            ", 1, CAST($4 AS INTEGER)) AS head, COUNT(*) AS count FROM ",
            $table,
            " WHERE society_id = $1 AND substr(",
            $column,
            ", 1, CAST($3 AS INTEGER)) = $2 GROUP BY 1"
        )
    };
}

macro_rules! numbered {
    ($module:ident: $table:literal, $column:literal, $one:literal, $two:literal, $order:literal) => {
        mod $module {
            use super::*;

            yui_db::statements! {
                pub(super) fn heads(society_id: i64, begin: &[u8], begun: i64, length: i64) -> KeyUse = heads!($table, $column);
                pub(super) fn read(society_id: i64, begin: &[u8], begun: i64, most: i64, one: i64, two: i64) -> Numbered = concat!(
                    "SELECT CAST(", $one, " AS BIGINT) AS one, CAST(", $two, " AS BIGINT) AS two, ", $column, " AS sealed FROM ", $table,
                    " WHERE society_id = $1 AND substr(", $column, ", 1, CAST($3 AS INTEGER)) <> $2 AND (", $one, ", ", $two, ") > ($5, $6)",
                    " ORDER BY ", $order, " LIMIT $4"
                );
                pub(super) fn first(society_id: i64, begin: &[u8], begun: i64) -> Numbered = concat!(
                    "SELECT CAST(", $one, " AS BIGINT) AS one, CAST(", $two, " AS BIGINT) AS two, ", $column, " AS sealed FROM ", $table,
                    " WHERE society_id = $1 AND substr(", $column, ", 1, CAST($3 AS INTEGER)) = $2 ORDER BY ", $order, " LIMIT 1"
                );
                pub(super) fn write(society_id: i64, fresh: &[u8], before: &[u8], one: i64, two: i64) = concat!(
                    "UPDATE ", $table, " SET ", $column, " = $2 WHERE society_id = $1 AND ", $column, " = $3 AND ", $one, " = $4 AND ",
                    $two, " = $5"
                );
            }
        }
    };
}

macro_rules! tokened {
    ($module:ident: $table:literal, $column:literal) => {
        mod $module {
            use super::*;

            yui_db::statements! {
                pub(super) fn heads(society_id: i64, begin: &[u8], begun: i64, length: i64) -> KeyUse = heads!($table, $column);
                pub(super) fn read(society_id: i64, begin: &[u8], begun: i64, most: i64, after: &[u8]) -> Tokened = concat!(
                    "SELECT token_hash AS token, ", $column, " AS sealed FROM ", $table, " WHERE society_id = $1 AND substr(", $column,
                    ", 1, CAST($3 AS INTEGER)) <> $2 AND token_hash > $5 ORDER BY token_hash LIMIT $4"
                );
                pub(super) fn first(society_id: i64, begin: &[u8], begun: i64) -> Tokened = concat!(
                    "SELECT token_hash AS token, ", $column, " AS sealed FROM ", $table, " WHERE society_id = $1 AND substr(", $column,
                    ", 1, CAST($3 AS INTEGER)) = $2 ORDER BY token_hash LIMIT 1"
                );
                pub(super) fn write(society_id: i64, fresh: &[u8], before: &[u8], token_hash: &[u8]) = concat!(
                    "UPDATE ", $table, " SET ", $column, " = $2 WHERE society_id = $1 AND ", $column, " = $3 AND token_hash = $4"
                );
            }
        }
    };
}

numbered!(audit_heads: "audit_heads", "sealed_hash", "entry_id", "0", "entry_id");
numbered!(signing_keys: "society_signing_keys", "sealed_key", "version", "0", "version");
numbered!(factors: "factors", "sealed_key", "account_id", "factor_id", "account_id, factor_id");
numbered!(staff_factors: "staff_factors", "sealed_key", "staff_id", "factor_id", "staff_id, factor_id");
numbered!(recovery_codes: "recovery_codes", "sealed_code", "account_id", "place", "account_id, place");
numbered!(issued_pairs: "issued_pairs", "sealed_password", "account_id", "0", "account_id");
numbered!(mails: "mails", "sealed_content", "mail_id", "0", "mail_id");
numbered!(kept_forms: "kept_forms", "sealed_fields", "form_id", "0", "form_id");
tokened!(ceremonies: "ceremonies", "sealed_state");

fn one(one: i64, _: i64) -> String {
    one.to_string()
}

fn both(one: i64, two: i64) -> String {
    format!("{one}/{two}")
}

macro_rules! column {
    ($module:ident, $table:literal, $column:literal, $name:ident) => {
        Column {
            table: $table,
            column: $column,
            heads: $module::Sql::heads,
            rows: Rows::Numbers {
                read: $module::Sql::read,
                first: $module::Sql::first,
                write: $module::Sql::write,
                name: $name,
            },
        }
    };
}

/// Every one there is. What is sealed within a login's JSON is not in a column of its own: [`super::logins`].
pub(super) static COLUMNS: [Column; 9] = [
    column!(audit_heads, "audit_heads", "sealed_hash", one),
    column!(signing_keys, "society_signing_keys", "sealed_key", one),
    column!(factors, "factors", "sealed_key", both),
    column!(staff_factors, "staff_factors", "sealed_key", both),
    column!(recovery_codes, "recovery_codes", "sealed_code", both),
    column!(issued_pairs, "issued_pairs", "sealed_password", one),
    column!(mails, "mails", "sealed_content", one),
    column!(kept_forms, "kept_forms", "sealed_fields", one),
    Column {
        table: "ceremonies",
        column: "sealed_state",
        heads: ceremonies::Sql::heads,
        rows: Rows::Tokens {
            read: ceremonies::Sql::read,
            first: ceremonies::Sql::first,
            write: ceremonies::Sql::write,
        },
    },
];

/// Returns the names of all columns of sealed values: table and column.
pub fn sealed_columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    COLUMNS.iter().map(|column| (column.table, column.column))
}
