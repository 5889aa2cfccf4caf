//! The SQL of accounts, what proves their owners, and their sessions.

mod accounts;
mod devices;
mod events;
mod factors;
mod links;
mod logins;
mod persons;
mod sessions;
mod waiting;

pub(super) use accounts::*;
pub(crate) use devices::*;
pub(crate) use events::*;
pub(crate) use factors::passkey_is_of_staff;
pub(super) use factors::*;
pub(crate) use links::*;
pub(crate) use logins::{ceremony, ceremony_insert, ceremony_take, *};
pub(super) use persons::*;
pub(super) use sessions::*;
pub(crate) use waiting::*;
