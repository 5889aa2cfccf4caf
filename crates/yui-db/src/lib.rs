//! The database of Yui: SQLite or PostgreSQL behind one [`Db`], one SQL text for both.
//!
//! A statement is declared once, next to the function that runs it, with [`statements!`]; a row is any struct with
//! `#[derive(sqlx::FromRow)]`; parameters are typed by [`params!`]. Writing happens in a [`Tx`]. The differences of the
//! two engines (loading many rows, how a write begins) live in this crate and nowhere else.
//!
//! ```
//! use yui_db::{Db, params, statements};
//!
//! statements! {
//!     /// The names of a society's members.
//!     MEMBER_NAMES = "SELECT name FROM members WHERE society_id = $1 ORDER BY kana, member_id";
//! }
//!
//! #[derive(sqlx::FromRow)]
//! struct Name {
//!     name: String,
//! }
//!
//! async fn names(db: &Db, society_id: i64) -> Result<Vec<Name>, yui_db::DbError> {
//!     db.all(&MEMBER_NAMES, params![society_id]).await
//! }
//! ```

mod bulk;
mod db;
mod error;
mod migrate;
mod param;
mod patience;
mod postgres;
mod schema;
mod society;
mod sqlite;
mod statement;
#[cfg(feature = "testing")]
#[expect(clippy::expect_used, clippy::panic, reason = "a test that cannot have its database fails")]
pub mod testing;
mod tx;

pub use bulk::{BulkTable, PARAMS_PER_STATEMENT};
pub use db::{Address, Db, Engine, Record, Server, Turns};
pub use error::DbError;
pub use jiff_sqlx::{Date, Timestamp};
pub use migrate::Schema;
pub use param::{Param, containing};
pub use patience::in_request;
pub use postgres::{PgTx, Pools};
pub use schema::{Column, Described};
pub use society::{Cell, CellKind, Snapshot, SocietyTable, TableColumn, Tables};
pub use statement::{Statement, statements_declared};
pub use tx::Tx;

#[doc(hidden)]
pub use inventory;
