//! The SQL of accounts, what proves their owners, and their sessions.

mod accounts;
mod devices;
mod events;
mod factors;
mod links;
mod logins;
mod persons;
mod sessions;

pub(super) use accounts::*;
pub(super) use devices::*;
pub(super) use events::*;
pub(super) use factors::*;
pub(super) use links::*;
pub(super) use logins::*;
pub(crate) use logins::{ceremony, ceremony_insert, ceremony_take};
pub(super) use persons::*;
pub(super) use sessions::*;
