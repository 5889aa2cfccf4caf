//! What a file or a batch adds up to.

use std::fmt::Debug;

use kenpo_formats::TreatmentMonth;

/// What a file or a batch adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct FileTotals {
    /// Yen.
    pub amount: Option<i64>,
    /// Different people.
    pub people: Option<i64>,
}

/// A month with how many rows are of it.
pub type MonthRows = (TreatmentMonth, i64);
