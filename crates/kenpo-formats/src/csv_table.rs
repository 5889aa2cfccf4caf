//! CSV files with a header row: columns by Japanese name, in any order, every mistake with its line.

use crate::fault::{Fault, quote};
use crate::text::{Lines, MAX_LINE, fold};
use csv_core::ReadRecordResult;
use std::io::Read;

/// The most fields that a row may have.
const MAX_FIELDS: usize = 256;

/// A column that a table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header row; compared with widths folded and spaces at the ends dropped.
    pub name: &'static str,
    /// Whether a file without it is refused.
    pub required: bool,
}

impl Column {
    /// Returns a column that must be there.
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true }
    }

    /// Returns a column that may be missing.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false }
    }
}

/// A CSV file whose header has been read and found good.
///
/// RFC 4180 quoting; UTF-8 or Windows-31J (see [`Lines`]); a record, quoted newlines included, is at most [`MAX_LINE`] bytes
/// long. Rows whose cells are all empty are passed over.
pub struct CsvTable<R> {
    records: Records<R>,
    columns: &'static [Column],
    /// For each column of the file, which of `columns` it is.
    order: Vec<usize>,
}

impl<R: Read> CsvTable<R> {
    /// Reads the header row.
    ///
    /// # Errors
    ///
    /// One fault for all unknown columns, one for all missing ones, one for repeated ones; or that the file is empty or
    /// unreadable.
    pub fn open(source: R, columns: &'static [Column]) -> Result<Self, Vec<Fault>> {
        let mut records = Records::open(source).map_err(|fault| vec![fault])?;
        let header = match records.next() {
            None => {
                let reason = format!("ファイルが空です。1行目に見出し({})が必要です。", names(columns.iter()));
                return Err(vec![Fault::new(1, "", reason)]);
            }
            Some(header) => header.map_err(|fault| vec![fault])?,
        };
        let (mut order, mut unknown, mut repeated, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for cell in &header.cells {
            let name = fold(cell.trim());
            match columns.iter().position(|column| fold(column.name) == name) {
                Some(index) if order.contains(&index) => repeated.push(quote(cell.trim())),
                Some(index) => order.push(index),
                None => unknown.push(quote(cell.trim())),
            }
        }
        if !unknown.is_empty() {
            let (unknown, known) = (unknown.join(""), names(columns.iter()));
            faults.push(Fault::new(
                header.line,
                "",
                format!("知らない列があります: {unknown}。使える列は {known} です。"),
            ));
        }
        if !repeated.is_empty() {
            faults.push(Fault::new(header.line, "", format!("同じ列が2つ以上あります: {}。", repeated.join(""))));
        }
        let missing =
            || columns.iter().enumerate().filter(|(index, c)| c.required && !order.contains(index)).map(|(_, c)| c);
        if missing().next().is_some() {
            faults.push(Fault::new(header.line, "", format!("必要な列がありません: {}。", names(missing()))));
        }
        if faults.is_empty() { Ok(Self { records, columns, order }) } else { Err(faults) }
    }
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(|column| column.name).collect::<Vec<_>>().join("、")
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
            let (found, expected) = (record.cells.len(), self.order.len());
            if found != expected {
                let reason = format!("列の数が見出しと違います。見出しは{expected}列ですが、この行は{found}列です。");
                return Some(Err(vec![Fault::new(record.line, "", reason)]));
            }
            let mut cells = vec![String::new(); self.columns.len()];
            for (index, cell) in self.order.iter().zip(record.cells) {
                if let Some(place) = cells.get_mut(*index) {
                    *place = cell;
                }
            }
            return Some(Ok(Row { line: record.line, cells, columns: self.columns, faults: Vec::new() }));
        }
    }
}

/// One row; collects the faults found while its cells are read.
#[derive(Debug)]
pub struct Row {
    line: u64,
    cells: Vec<String>,
    columns: &'static [Column],
    faults: Vec<Fault>,
}

impl Row {
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

    fn keep<T>(&mut self, column: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|reason| self.fault(column, reason)).ok()
    }

    /// Adds a fault of this row.
    pub fn fault(&mut self, column: &str, reason: impl Into<String>) {
        self.faults.push(Fault::new(self.line, column, reason));
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
                Err(self.faults)
            }
        }
    }
}

/// One record of a CSV, whatever its columns.
pub(crate) struct Record {
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
}

/// CSV records over decoded lines; a faulty line spoils its own record only.
pub(crate) struct Records<R> {
    lines: Lines<R>,
    parser: csv_core::Reader,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Records<R> {
    pub(crate) fn open(source: R) -> Result<Self, Fault> {
        let (output, ends) = (vec![0; 4096], vec![0; MAX_FIELDS]);
        Ok(Self { lines: Lines::open(source)?, parser: csv_core::Reader::new(), output, ends })
    }

    fn record(&self, line: u64, written: usize, fields: usize) -> Option<Record> {
        let mut start = 0;
        let mut cells = Vec::with_capacity(fields);
        let output = std::str::from_utf8(self.output.get(..written)?).ok()?;
        for end in self.ends.get(..fields)? {
            cells.push(output.get(start..*end)?.to_owned());
            start = *end;
        }
        Some(Record { line, cells })
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.parser.reset();
        let (mut first, mut written, mut fields) = (0, 0, 0);
        loop {
            let mut bytes = match self.lines.next() {
                None if first == 0 => return None,
                None => return Some(Err(Fault::new(first, "", "引用符(\")が閉じていません。"))),
                Some(Err(fault)) => return Some(Err(fault)),
                Some(Ok(line)) => {
                    // The parser takes a byte order mark off every record it begins, and passes over empty lines by itself.
                    let text = if first == 0 { line.text.trim_start_matches('\u{feff}') } else { &line.text };
                    if first == 0 && text.is_empty() {
                        continue;
                    }
                    if first == 0 {
                        first = line.number;
                    }
                    text.as_bytes().to_vec()
                }
            };
            bytes.push(b'\n');
            let mut input = bytes.as_slice();
            let reason = loop {
                let (output, ends) = (self.output.get_mut(written..)?, self.ends.get_mut(fields..)?);
                let (result, read, out, end) = self.parser.read_record(input, output, ends);
                (written, fields) = (written + out, fields + end);
                match result {
                    ReadRecordResult::Record => {
                        let unreadable = || Fault::new(first, "", "この行を読み取れません。");
                        return Some(self.record(first, written, fields).ok_or_else(unreadable));
                    }
                    ReadRecordResult::InputEmpty | ReadRecordResult::End => break None,
                    ReadRecordResult::OutputFull if self.output.len() < MAX_LINE => {
                        self.output.resize((self.output.len() * 2).min(MAX_LINE), 0);
                        input = input.get(read..).unwrap_or_default();
                    }
                    ReadRecordResult::OutputFull => {
                        let limit = MAX_LINE / 1024;
                        break Some(format!(
                            "1件が長すぎます。引用符(\")が閉じているか確認してください。{limit}KBまでです。"
                        ));
                    }
                    ReadRecordResult::OutputEndsFull => {
                        break Some(format!("列が多すぎます。{MAX_FIELDS}列までです。"));
                    }
                }
            };
            let Some(reason) = reason else { continue };
            return Some(Err(Fault::new(first, "", reason)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: &[Column] = &[Column::required("番号"), Column::required("氏名"), Column::optional("カナ")];

    type Cells = (u64, [String; 3]);

    fn rows(text: &str) -> Vec<Result<Cells, Vec<Fault>>> {
        let cells = |row: Row| (row.line(), ["番号", "氏名", "カナ"].map(|name| row.text(name).to_owned()));
        CsvTable::open(text.as_bytes(), COLUMNS).unwrap().map(|row| row.map(cells)).collect()
    }

    fn header_faults(text: &str) -> Vec<String> {
        CsvTable::open(text.as_bytes(), COLUMNS).err().unwrap().iter().map(Fault::to_string).collect()
    }

    #[test]
    fn columns_in_any_order_and_line_numbers_over_quoted_newlines() {
        let read = rows("氏名,ｶﾅ,番号\r\n\"テスト\r\n太郎\",x,1\r\n\r\n,,\r\n\"a\"\"b\",,2\r\n");
        assert_eq!(read[0], Ok((2, ["1", "テスト\n太郎", "x"].map(String::from))));
        assert_eq!(read[1], Ok((6, ["2", "a\"b", ""].map(String::from))));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn header_faults_name_everything() {
        assert_eq!(header_faults("")[0], "1行: ファイルが空です。1行目に見出し(番号、氏名、カナ)が必要です。");
        let faults = header_faults("住所,電話,カナ,カナ\n");
        assert_eq!(faults.len(), 3);
        assert!(faults[0].contains("「住所」「電話」"), "{faults:?}");
        assert!(faults[1].contains("「カナ」"));
        assert!(faults[2].ends_with("必要な列がありません: 番号、氏名。"));
    }

    #[test]
    fn wrong_number_of_fields_spoils_only_its_row() {
        let read = rows("番号,氏名\n1\n1,2,3\n1,2\n");
        assert_eq!(read[0].as_ref().unwrap_err()[0].line, 2);
        assert_eq!(read[1].as_ref().unwrap_err()[0].line, 3);
        assert!(read[2].is_ok());
    }

    #[test]
    fn open_quotes_are_bounded() {
        let text = format!("番号,氏名\n1,\"{}", "あ\n".repeat(40_000));
        let read = rows(&text);
        assert_eq!(read[0].as_ref().unwrap_err()[0].line, 2);
        let read = rows("番号,氏名\n1,\"a");
        assert!(read[0].as_ref().unwrap_err()[0].reason.contains("閉じていません"));
        let read = rows(&format!("番号,氏名\n{}\n1,a\n", ",".repeat(300)));
        assert!(read[0].as_ref().unwrap_err()[0].reason.contains("列が多すぎます"));
        assert_eq!(read[1].as_ref().unwrap().0, 3);
    }

    #[test]
    fn long_cells_are_read_whole() {
        let name = "\"\"あ\n".repeat(9_000);
        let read = rows(&format!("番号,氏名\n1,\"{name}終\"\n2,b\n"));
        assert_eq!(read[0].as_ref().unwrap().1[1], format!("{}終", "\"あ\n".repeat(9_000)));
        assert_eq!(read[1].as_ref().unwrap().0, 9_003);
    }

    #[test]
    fn all_faults_of_a_row_come_together() {
        let mut table = CsvTable::open("番号,氏名\n,x\n".as_bytes(), COLUMNS).unwrap();
        let mut row = table.next().unwrap().unwrap();
        let number = row.required("番号", |text| text.parse::<u8>().map_err(|_| "no".into()));
        let name = row.required("氏名", |_| Err::<u8, _>("bad".into()));
        let faults = row.finish(number.zip(name)).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.column.as_str()).collect::<Vec<_>>(), ["番号", "氏名"]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_csv_crate(cells in proptest::collection::vec(("[1-9][a-z\",\n ]{0,5}x", "[あ-ん\",\n]{1,5}終"), 1..9)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["番号", "氏名"]).unwrap();
            for (number, name) in &cells {
                writer.write_record([number, name]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read = rows(&text).into_iter().map(|row| row.unwrap().1).collect::<Vec<_>>();
            let expected = cells.iter().map(|(a, b)| [a.trim().to_owned(), b.trim().to_owned(), String::new()]);
            prop_assert_eq!(read, expected.collect::<Vec<_>>());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut text = "番号,氏名\n".as_bytes().to_vec();
            text.extend(bytes);
            if let Ok(table) = CsvTable::open(&text[..], COLUMNS) {
                table.for_each(drop);
            }
        }
    }
}
