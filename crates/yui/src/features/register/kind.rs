//! The kind of files that this feature imports; `file_kind.rs` says what it does.

/// Files of households and members.
#[derive(Debug)]
pub struct RegisterFiles;
