//! Tables as a CSV that a spreadsheet opens.

use crate::text::harmless_cell;
use std::io::{self, Write};

/// A table with a heading: UTF-8 with BOM, CRLF.
///
/// A cell that a spreadsheet would run as a formula gets an apostrophe in front ([`harmless_cell`]).
///
/// ```
/// use kenpo_formats::TableCsv;
///
/// let mut table = TableCsv::new(Vec::new(), &["氏名", "備考"])?;
/// table.write(&["テスト 太郎", "=1"])?;
/// assert_eq!(table.finish()?, "\u{feff}氏名,備考\r\nテスト 太郎,'=1\r\n".as_bytes());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TableCsv<W: Write>(csv::Writer<W>);

impl<W: Write> TableCsv<W> {
    /// Returns a table of which the heading is written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn new(mut out: W, heading: &[&str]) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        csv.write_record(heading)?;
        Ok(Self(csv))
    }

    /// Writes one row, of as many cells as the heading has.
    ///
    /// # Errors
    ///
    /// Those of `out`; another number of cells.
    pub fn write(&mut self, cells: &[&str]) -> io::Result<()> {
        Ok(self.0.write_record(cells.iter().map(|cell| harmless_cell(cell).into_owned()))?)
    }

    /// Returns what it was written to, with everything in it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}
