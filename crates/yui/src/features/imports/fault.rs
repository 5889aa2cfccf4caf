//! What is wrong with a record.

use kenpo_formats::Fault;

/// A fault and its kind.
#[derive(Clone, Debug)]
pub struct ChunkFault {
    /// Why the record was not taken.
    pub kind: FaultKind,
    /// Where and why.
    pub fault: Fault,
}

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is wrong.
    Rejected,
    /// It means nobody in the register.
    Unmatched,
}

impl FaultKind {
    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Unmatched => "unmatched",
        }
    }
}
