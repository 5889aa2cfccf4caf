//! A mistake in a file, described so that a member of staff can correct it.

use crate::text::harmless_cell;
use std::fmt;
use std::io::{self, Write};

/// The number of characters of an offending value that a fault quotes.
const QUOTE_LIMIT: usize = 40;

/// One mistake in a file: its place, and the expected form.
///
/// ```
/// use kenpo_formats::Fault;
///
/// let fault = Fault::new(3, "診療年月", "「2025-13」は年月ではありません。");
/// assert_eq!(fault.to_string(), "3行 診療年月: 「2025-13」は年月ではありません。");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the file, where several came as one; else empty.
    pub file: String,
    /// Line of the file, counted from 1; 0 when the fault is of the file as a whole.
    pub line: u64,
    /// 記号-番号 of the person that the line is about, as the file has it; empty where it has none.
    pub numbers: Box<str>,
    /// The person's name, as the file has it; empty where it has none.
    pub name: Box<str>,
    /// Japanese name of the column, or `record.field`; empty when the fault is of the whole line.
    pub column: String,
    /// The mistake and the expected form: Japanese sentences for staff.
    pub reason: String,
}

impl Fault {
    /// Returns a fault at `line` (from 1) in `column`.
    pub fn new(line: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        let (column, reason) = (column.into(), reason.into());
        Self { file: String::new(), line, numbers: Box::default(), name: Box::default(), column, reason }
    }

    /// Returns the fault with the 記号-番号 and the name of the person that the line is about, each shortened to 40
    /// characters and without control characters. Values that it has already stay.
    #[must_use]
    pub fn with_person(mut self, numbers: &str, name: &str) -> Self {
        for (kept, new) in [(&mut self.numbers, numbers), (&mut self.name, name)] {
            if kept.is_empty() {
                *kept = new.trim().chars().filter(|c| !c.is_control()).take(QUOTE_LIMIT).collect();
            }
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = if self.line > 0 { format!("{}行", self.line) } else { String::new() };
        let place: Vec<_> =
            [&self.file, &line, &self.column].into_iter().filter(|part| !part.is_empty()).cloned().collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(" "))?;
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
    let mut faults = faults.peekable();
    let several = faults.peek().is_some_and(|fault| !fault.file.is_empty());
    let mut csv = if several { FaultsCsv::of_several_files(out)? } else { FaultsCsv::new(out)? };
    for fault in faults {
        csv.write(fault)?;
    }
    csv.flush()
}

/// Faults as a CSV that a spreadsheet opens: 行, 記号・番号, 氏名, 列, 理由, and ファイル where several files came as one; UTF-8 with BOM, CRLF.
///
/// A cell that a spreadsheet would run as a formula gets an apostrophe in front ([`harmless_cell`]).
#[derive(Debug)]
pub struct FaultsCsv<W: Write> {
    csv: csv::Writer<W>,
    several_files: bool,
}

impl<W: Write> FaultsCsv<W> {
    /// Returns a CSV with its heading written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn new(out: W) -> io::Result<Self> {
        Self::headed(out, false)
    }

    /// Returns a CSV that names the file of each fault.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn of_several_files(out: W) -> io::Result<Self> {
        Self::headed(out, true)
    }

    fn headed(mut out: W, several_files: bool) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let mut new = Self { csv, several_files };
        new.record(["行", "記号・番号", "氏名", "列", "理由", "ファイル"])?;
        Ok(new)
    }

    fn record(&mut self, cells: [&str; 6]) -> io::Result<()> {
        let count = if self.several_files { 6 } else { 5 };
        Ok(self.csv.write_record(cells.iter().take(count))?)
    }

    /// Writes one fault.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&mut self, fault: &Fault) -> io::Result<()> {
        let line = if fault.line == 0 { String::new() } else { fault.line.to_string() };
        let Fault { file, numbers, name, column, reason, .. } = fault;
        let [numbers, name, column, reason, file] =
            [numbers.as_ref(), name.as_ref(), column, reason, file].map(harmless_cell);
        self.record([&line, &numbers, &name, &column, &reason, &file])
    }

    /// Returns the writer, with everything written to it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }

    /// Makes sure that everything is written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn flush(&mut self) -> io::Result<()> {
        self.csv.flush()
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
        assert_eq!(
            text,
            "\u{feff}行,記号・番号,氏名,列,理由\r\n2,,,'=cmd(),\"a,\"\"b\"\"\"\r\n,,,,空のファイルです。\r\n"
        );
    }

    #[test]
    fn faults_of_several_files_name_theirs() {
        let fault =
            Fault { file: "=12.CSV".into(), ..Fault::new(3, "HO", "x").with_person("1-23", "=テスト\u{0} 太郎 ") };
        assert_eq!(fault.to_string(), "=12.CSV 3行 HO: x");
        assert_eq!(Fault { line: 0, column: String::new(), ..fault.clone() }.to_string(), "=12.CSV: x");
        let mut out = Vec::new();
        write_faults_csv(&mut out, [fault].iter()).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\u{feff}行,記号・番号,氏名,列,理由,ファイル\r\n3,1-23,'=テスト 太郎,HO,x,'=12.CSV\r\n"
        );
    }

    #[test]
    fn quotes_are_short() {
        assert_eq!(quote("abc"), "「abc」");
        assert_eq!(quote(&"あ".repeat(41)).chars().count(), 43);
        assert_eq!(quote("a\nb"), "「a␣b」");
    }
}
