//! Text of files: its encoding, its lines, and the widths of its characters.

mod encoding;
mod fold;
mod lines;

pub use encoding::Encoding;
pub use fold::{fold, holder_key_part, search_key};
pub use lines::{Line, Lines, MAX_LINE};

pub(crate) use lines::{RawLines, undecodable};
