//! The papers Yui prints, as tagged PDF: values in, bytes out. No HTTP, no SQL, no clock.
//!
//! A document is a typst template (`statement/statement.typ`) and one JSON file with the data. The template can reach
//! nothing else: no other file, no network, no date of today. Postcards are laid out so once and then drawn card by card. The fonts are found on the machine at start
//! ([`Fonts::find`]) and read when the first document needs them.

mod folio;
mod fonts;
pub mod postcards;
mod press;
pub mod statement;
mod words;
mod world;

pub use fonts::{DEFAULT_FONT_DIRS, FontError, Fonts};
pub use press::{PrintError, Printed};
