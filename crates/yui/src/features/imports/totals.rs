//! The totals of a file or a batch.

use std::fmt::Debug;

use kenpo_formats::TreatmentMonth;

/// The totals of a file or a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct FileTotals {
    /// Yen.
    pub amount: Option<i64>,
    /// Different people.
    pub people: Option<i64>,
}

/// A month with its number of rows.
pub type MonthRows = (TreatmentMonth, i64);
