//! One row of a table, read cell by cell.

use super::Column;
use crate::fault::Fault;
use crate::text::name_notices;
use crate::written::Written;

/// One row; collects the faults and notices found while its cells are read.
#[derive(Debug)]
pub struct Row {
    line: u64,
    cells: Vec<String>,
    columns: &'static [Column],
    faults: Vec<Fault>,
    notices: Vec<Fault>,
}

impl Row {
    pub(super) fn new(line: u64, mut cells: Vec<String>, columns: &'static [Column]) -> Self {
        let (mut faults, mut notices) = (Vec::new(), Vec::new());
        for (column, cell) in columns.iter().zip(&mut cells) {
            if let Some(plain) = plain(cell) {
                *cell = plain;
            }
            // Few cells have a byte that may be of a control character.
            if !cell.bytes().any(|byte| matches!(byte, 0..=0x1F | 0x7F | 0xC2 | 0xE2)) {
                continue;
            }
            // Marks of direction make a text look like another one.
            let unseen = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            };
            if cell.trim().contains(unseen) {
                cell.retain(|c| !unseen(c));
                notices.push(Fault::new(line, column.name, "目に見えない制御文字を除いて読み取りました。"));
            }
            if cell.trim().contains('\n') && !column.lines {
                faults.push(Fault::new(
                    line,
                    column.name,
                    "項目の中に改行があります。改行を消して、1行にしてください。",
                ));
            }
        }
        Self { line, cells, columns, faults, notices }
    }

    /// Returns the line of the file on which the row begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the cell of a column without spaces at its ends; empty when the file has no such column.
    pub fn text(&self, column: &str) -> &str {
        let index = self.columns.iter().position(|known| known.name == column);
        index.and_then(|index| self.cells.get(index)).map_or("", |cell| cell.trim())
    }

    /// Returns the cell, or none when it is empty.
    pub fn optional_text(&self, column: &str) -> Option<String> {
        let text = self.text(column);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Returns the cell; an empty one is a fault.
    pub fn required_text(&mut self, column: &str) -> Option<String> {
        let text = self.optional_text(column);
        if text.is_none() {
            self.fault(column, "空です。値を入力してください。");
        }
        text
    }

    /// Returns what `parse` makes of the cell; an empty one is a fault, and so is its error.
    pub fn required<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.required_text(column)?;
        self.keep(column, parse(&text))
    }

    /// Returns what `parse` makes of the cell, none when it is empty; its error is a fault.
    pub fn optional<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.optional_text(column)?;
        self.keep(column, parse(&text))
    }

    /// Returns the value that `parse` reads in the cell, and notes how it was understood where the form leaves room.
    pub fn required_written<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<Written<T>, String>,
    ) -> Option<T> {
        let written = self.required(column, parse)?;
        self.noted(column, written)
    }

    /// Returns what [`Self::required_written`] does, none when the cell is empty.
    pub fn optional_written<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<Written<T>, String>,
    ) -> Option<T> {
        let written = self.optional(column, parse)?;
        self.noted(column, written)
    }

    fn noted<T>(&mut self, column: &str, written: Written<T>) -> Option<T> {
        if let Some(note) = written.note {
            self.notice(column, note);
        }
        Some(written.value)
    }

    fn keep<T>(&mut self, column: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|reason| self.fault(column, reason)).ok()
    }

    /// Adds a fault of this row, unless its column has one already.
    pub fn fault(&mut self, column: &str, reason: impl Into<String>) {
        if column.is_empty() || !self.faults.iter().any(|fault| fault.column == column) {
            self.faults.push(Fault::new(self.line, column, reason));
        }
    }

    /// Adds what staff should look at though the row is taken.
    pub fn notice(&mut self, column: &str, reason: impl Into<String>) {
        self.notices.push(Fault::new(self.line, column, reason));
    }

    /// Adds what staff should look at in a name: characters that cannot be shown, and more than `limit` characters.
    pub fn name_notices(&mut self, column: &str, name: Option<&str>, limit: usize) {
        self.notices.extend(name.into_iter().flat_map(|name| name_notices(self.line, column, name, limit)));
    }

    /// Returns the notices so far, and forgets them.
    pub fn take_notices(&mut self) -> Vec<Fault> {
        let notices = std::mem::take(&mut self.notices);
        notices.into_iter().map(|notice| self.about(notice)).collect()
    }

    /// Returns a fault of this row with the person whom the row is about.
    fn about(&self, fault: Fault) -> Fault {
        let numbers: Vec<_> =
            ["記号", "番号"].into_iter().map(|name| self.text(name)).filter(|cell| !cell.is_empty()).collect();
        let name = Some(self.text("氏名")).filter(|name| !name.is_empty()).unwrap_or(self.text("カナ氏名"));
        fault.with_person(&numbers.join("-"), name)
    }

    /// Returns the value if the row had no fault, else all of them.
    ///
    /// # Errors
    ///
    /// The faults collected so far; one without details if `value` is none for no stated reason.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => {
                if self.faults.is_empty() {
                    self.fault("", "この行を読み取れません。");
                }
                let faults = std::mem::take(&mut self.faults);
                Err(faults.into_iter().map(|fault| self.about(fault)).collect())
            }
        }
    }
}

/// Returns the text of a cell `="0123"` or `'0123`, by which people keep a spreadsheet from counting with a code.
fn plain(cell: &str) -> Option<String> {
    if !matches!(cell.bytes().find(|byte| *byte > b' '), Some(b'=' | b'\'' | 0x80..)) {
        return None;
    }
    let text = cell.trim();
    if let Some(inner) = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')) {
        return (!inner.contains('"')).then(|| inner.to_owned());
    }
    let rest = text.strip_prefix('\'')?;
    rest.starts_with(|c: char| c.is_ascii_digit() || "=+-@".contains(c)).then(|| rest.to_owned())
}
