//! The SQL of imports.

mod batches;
mod months;
mod uploads;

pub(super) use batches::*;
pub(super) use months::*;
pub(super) use uploads::*;
