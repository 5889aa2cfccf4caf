//! The SQL of imports.

mod batches;
mod faults;
mod late;
mod months;
mod profiles;
mod uploads;

pub(super) use batches::*;
pub(super) use faults::*;
pub(super) use late::*;
pub(super) use months::*;
pub(super) use profiles::*;
pub(super) use uploads::*;
