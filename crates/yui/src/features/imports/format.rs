//! The forms that files come in.

use kenpo_formats::signature::Signature;
use serde::{Deserialize, Serialize};

/// In what form a file came.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Our own table with a header row.
    Csv,
    /// An electronic claim file (UKE).
    Claims,
}

impl Format {
    /// Returns the form that the first bytes of a file tell.
    pub(crate) fn told_by(head: &[u8]) -> Self {
        match Signature::of(head) {
            Signature::Claims | Signature::PayerClaims => Self::Claims,
            _ => Self::Csv,
        }
    }
}
