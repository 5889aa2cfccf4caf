//! The kind of files that this feature imports; `file_kind.rs` says what it does.

/// Files of the users of an older system.
#[derive(Debug)]
pub struct OlderUserFiles;
