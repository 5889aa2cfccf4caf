//! One of several files that came together.

use kenpo_formats::TreatmentMonth;
use serde::{Deserialize, Serialize};

use super::format::Format;

/// One of several files that came in as one.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name, without folders where that tells it apart.
    pub name: String,
    /// Its form.
    pub format: Format,
    /// Where it begins in what is stored, in bytes.
    pub start: u64,
    /// How long it is, in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, while it comes in.
    #[serde(skip)]
    pub(crate) hash: [u8; 32],
    /// The month in which its first claim was billed, while it comes in.
    #[serde(skip)]
    pub(crate) billed_in: Option<TreatmentMonth>,
}
