//! Text of files: its encoding, its lines, and the widths of its characters.

mod cell;
mod encoding;
mod fold;
mod lines;
mod name;
mod odd;

pub use cell::harmless_cell;
pub use encoding::Encoding;
pub use fold::{fold, holder_key_part, plain_number, search_key, visible};
pub use lines::{Line, Lines, MAX_LINE};
pub use odd::odd_characters;

pub(crate) use cell::plain_cell;
pub(crate) use lines::{RawLines, undecodable};
pub(crate) use name::{PERSON_NAME, PROVIDER_NAME, kana_fault, name_fault, name_notices};
