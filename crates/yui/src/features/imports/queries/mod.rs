//! The SQL of imports.

mod batches;
mod faults;
mod months;
mod uploads;

pub(super) use batches::*;
pub(super) use faults::*;
pub(super) use months::*;
pub(super) use uploads::*;
