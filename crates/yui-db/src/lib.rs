//! The database of Yui: SQLite or PostgreSQL behind one [`Db`], one SQL text for both.
//!
//! A statement is declared once, next to the function that runs it, with [`statements!`]; a row is a single value or any struct
//! with `#[derive(yui_db::Row)]`. Writing happens in a [`Tx`]. The differences of the two engines (loading many rows, how a
//! write begins) live in this crate and nowhere else.
//!
//! ```
//! use yui_db::{Db, Row, statements};
//!
//! statements! {
//!     /// The names of a society's members.
//!     fn names(society_id: i64) -> Name =
//!         "SELECT name, kana FROM members WHERE society_id = $1 ORDER BY kana, member_id";
//! }
//!
//! #[derive(Row)]
//! struct Name {
//!     name: String,
//!     kana: String,
//! }
//!
//! async fn names(db: &Db, society_id: i64) -> Result<Vec<Name>, yui_db::DbError> {
//!     db.all(Sql::names(society_id)).await
//! }
//! ```

extern crate self as yui_db;

mod bulk;
mod db;
mod error;
mod migrate;
mod patience;
mod postgres;
mod query;
mod row;
mod schema;
mod society;
mod sqlite;
mod statement;
#[cfg(feature = "testing")]
#[expect(clippy::expect_used, clippy::panic, reason = "a test that cannot have its database fails")]
pub mod testing;
mod tx;
mod value;

pub use bulk::BulkTable;
pub use db::{Address, Db, Engine, Server, Turns};
pub use error::{DbError, EngineError};
pub use migrate::Schema;
pub use patience::in_request;
pub use query::{All, Command, One, Optional, Query, Read};
pub use row::{Column, ColumnType, ColumnValue, Columns, Row, Unfit};
pub use schema::{Described, DescribedColumn};
pub use society::{Cell, CellKind, Snapshot, SocietyTable, TableColumn, Tables};
pub use statement::{Parameter, Statement, statements_declared};
pub use tx::Tx;
pub use value::{Kind, ListItem, ToParam, Values, containing};
pub use yui_db_derive::Row;

#[doc(hidden)]
pub use inventory;
#[doc(hidden)]
pub use postgres::Connection as PostgresConnection;
#[doc(hidden)]
pub use sqlite::Reader as SqliteReader;
