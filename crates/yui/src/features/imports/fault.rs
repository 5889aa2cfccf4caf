//! The faults of records.

use kenpo_formats::Fault;

/// A fault and its kind.
#[derive(Clone, Debug)]
pub struct ChunkFault {
    /// The kind: why the record was not accepted.
    pub kind: FaultKind,
    /// The fault: its place and reason.
    pub fault: Fault,
}

/// The kind of a fault: why a record was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is wrong.
    Rejected,
    /// It matches nobody in the register.
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
