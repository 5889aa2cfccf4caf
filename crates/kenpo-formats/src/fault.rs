//! A mistake in a file, said so that a member of staff can put it right.

use crate::text::harmless_cell;
use std::fmt;
use std::io::{self, Write};

/// How much of an offending value a fault quotes, in characters.
const QUOTE_LIMIT: usize = 40;

/// One mistake in a file: where it is, and what was expected there.
///
/// ```
/// use kenpo_formats::Fault;
///
/// let fault = Fault::new(3, "診療年月", "「2025-13」は年月ではありません。");
/// assert_eq!(fault.to_string(), "3行 診療年月: 「2025-13」は年月ではありません。");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, counted from 1; 0 when the fault is of the file as a whole.
    pub line: u64,
    /// Japanese name of the column, or `record.field`; empty when the fault is of the whole line.
    pub column: String,
    /// What is wrong and what is expected: Japanese sentences for staff.
    pub reason: String,
}

impl Fault {
    /// Returns a fault at `line` (from 1) in `column`.
    pub fn new(line: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line, column: column.into(), reason: reason.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}行", self.line)?;
            if !self.column.is_empty() {
                f.write_str(" ")?;
            }
        }
        f.write_str(&self.column)?;
        if self.line > 0 || !self.column.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

/// Returns `value` in Japanese quotation marks, shortened to 40 characters, control characters shown as `␣`.
pub fn quote(value: &str) -> String {
    let shown = |text: &str| text.chars().map(|c| if c.is_control() { '␣' } else { c }).collect::<String>();
    match value.char_indices().nth(QUOTE_LIMIT) {
        None => format!("「{}」", shown(value)),
        Some((end, _)) => format!("「{}…」", shown(value.get(..end).unwrap_or_default())),
    }
}

/// Writes the faults as [`FaultsCsv`] does.
///
/// # Errors
///
/// Those of `out`.
pub fn write_faults_csv<'a>(out: impl Write, faults: impl Iterator<Item = &'a Fault>) -> io::Result<()> {
    let mut csv = FaultsCsv::new(out)?;
    for fault in faults {
        csv.write(fault)?;
    }
    csv.flush()
}

/// Faults as a CSV that a spreadsheet opens: 行, 列, 理由; UTF-8 with BOM, CRLF.
///
/// A cell that a spreadsheet would run as a formula gets an apostrophe in front ([`harmless_cell`]).
#[derive(Debug)]
pub struct FaultsCsv<W: Write>(csv::Writer<W>);

impl<W: Write> FaultsCsv<W> {
    /// Returns a CSV of which the heading is written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        csv.write_record(["行", "列", "理由"])?;
        Ok(Self(csv))
    }

    /// Writes one fault.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&mut self, fault: &Fault) -> io::Result<()> {
        let line = if fault.line == 0 { String::new() } else { fault.line.to_string() };
        Ok(self.0.write_record([line.as_str(), &harmless_cell(&fault.column), &harmless_cell(&fault.reason)])?)
    }

    /// Returns what it was written to, with everything in it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }

    /// Makes sure that everything is written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_bom_crlf_and_no_formulas() {
        let faults = [Fault::new(2, "=cmd()", "a,\"b\""), Fault::new(0, "", "空のファイルです。")];
        let mut out = Vec::new();
        write_faults_csv(&mut out, faults.iter()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\u{feff}行,列,理由\r\n2,'=cmd(),\"a,\"\"b\"\"\"\r\n,,空のファイルです。\r\n");
    }

    #[test]
    fn quotes_are_short() {
        assert_eq!(quote("abc"), "「abc」");
        assert_eq!(quote(&"あ".repeat(41)).chars().count(), 43);
        assert_eq!(quote("a\nb"), "「a␣b」");
    }
}
