//! The SQL of imports.

mod batches;
mod uploads;

pub(super) use batches::*;
pub(super) use uploads::*;
