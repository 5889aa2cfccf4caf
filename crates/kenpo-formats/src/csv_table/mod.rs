//! CSV files with a header row: columns by Japanese name, in any order, every mistake with its line.

mod header;
mod layout;
mod records;
mod row;
#[cfg(test)]
mod tests;

use std::io::Read;

use header::Header;
pub use layout::{Layout, first_line};
pub(crate) use records::{Record, Records};
pub use row::Row;

use crate::{fault::Fault, signature::Signature};

/// A column that a table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header row; compared with widths folded, without spaces and line breaks.
    pub name: &'static str,
    /// Whether a file without it is refused.
    pub required: bool,
    /// Whether its cells may have line breaks.
    pub lines: bool,
    /// The contents of its cells: a Japanese sentence for staff.
    pub value: &'static str,
}

impl Column {
    /// Returns a column that must be there.
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true, lines: false, value: "" }
    }

    /// Returns a column that may be missing.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false, lines: false, value: "" }
    }

    /// Returns the column with cells that may have line breaks.
    pub const fn with_lines(self) -> Self {
        Self { lines: true, ..self }
    }

    /// Returns the column with the description of its cells for staff.
    pub const fn holding(self, value: &'static str) -> Self {
        Self { value, ..self }
    }
}

/// A CSV file whose header has been read and found good.
///
/// RFC 4180 quoting; UTF-8 or Windows-31J (see [`crate::text::Lines`]); cells separated by commas, tabs or semicolons, whichever
/// the header has (a first line `sep=;`, as spreadsheets write it, is passed over). A record, quoted newlines included, is at most
/// [`crate::text::MAX_LINE`] bytes long; a stray quote spoils the row it stands in and no other. Rows whose cells are all empty and
/// columns without a name and without a value are passed over. A cell `="0123"`, which keeps its zeros in a spreadsheet, is `0123`.
pub struct CsvTable<R> {
    records: Records<R>,
    columns: &'static [Column],
    header: Header,
}

impl<R: Read> CsvTable<R> {
    /// Reads the header row.
    ///
    /// # Errors
    ///
    /// One fault for all unknown columns, one for all missing ones, one for repeated ones; or that the file is empty or
    /// unreadable, or that something else stands above the header.
    pub fn open(source: R, columns: &'static [Column]) -> Result<Self, Vec<Fault>> {
        Self::open_as(source, columns, None)
    }

    /// Reads the header row of a file that may have this layout. One with our own header is read as ours.
    ///
    /// # Errors
    ///
    /// As [`CsvTable::open`]; columns that the layout does not name are passed over.
    pub fn open_as(source: R, columns: &'static [Column], layout: Option<&Layout>) -> Result<Self, Vec<Fault>> {
        let mut records = Records::open(source).map_err(|fault| vec![fault])?;
        if let Some(reason) = refusal(records.head()) {
            return Err(vec![Fault::new(1, "", reason)]);
        }
        let header = Header::read(&mut records, columns, layout)?;
        records.expect_columns(header.least(), header.most());
        Ok(Self { records, columns, header })
    }
}

/// Returns whether a header has all columns that must be there, by our own names.
pub fn is_own_header(header: &[String], columns: &[Column]) -> bool {
    header::names_all(header.iter().map(String::as_str), columns)
}

/// Returns the reason why a file with this beginning is no CSV. An empty one is left to the header's check; one with a
/// stray NUL may be one.
fn refusal(head: &[u8]) -> Option<String> {
    match Signature::of(head) {
        Signature::Claims | Signature::PayerClaims => {
            Some("電子レセプト(UKE)のファイルです。CSVではなく、電子レセプトとして取り込んでください。".to_owned())
        }
        Signature::Empty | Signature::Binary => None,
        other => other.refusal(),
    }
}

impl<R: Read> Iterator for CsvTable<R> {
    type Item = Result<Row, Vec<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(fault) => return Some(Err(vec![fault])),
            };
            if record.cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            return Some(self.header.row(record, self.columns));
        }
    }
}
