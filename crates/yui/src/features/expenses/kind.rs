//! The kind of files that this feature imports; `file_kind.rs` says what it does.

/// Files of medical expenses.
#[derive(Debug)]
pub struct ExpenseFiles;
