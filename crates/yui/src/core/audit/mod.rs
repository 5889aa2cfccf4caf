//! The log of what staff, commands and workers see and do in a society's name: append-only, and chained so that what was
//! changed or removed afterwards is detected with the sealing keys.

mod act;
mod actor;
mod chain;
pub(crate) mod queries;
pub(crate) mod record;

pub use self::{
    act::AuditAction,
    actor::Actor,
    record::{Acting, Subject, record, seen},
};
pub(crate) use self::{
    act::acts,
    chain::{BEGINNING, EntryContent},
    queries::EntryRow,
    record::{CREATED, entries_of, newest_of, next_of},
};
