//! The header row: which column of the file is which, and by what its cells are separated.

use super::row::Row;
use super::{Column, Record, Records};
use crate::fault::{Fault, quote};
use crate::text::fold;
use std::io::Read;

/// How many lines are looked at for a header that does not stand in the first.
const LINES_ABOVE: usize = 20;

/// A header row that was found good.
pub(super) struct Header {
    /// For each column of the file, which known one it is; none where it has no name.
    order: Vec<Option<usize>>,
}

impl Header {
    /// Reads the header row, and tells the records what rows look like.
    pub(super) fn read<R: Read>(records: &mut Records<R>, columns: &'static [Column]) -> Result<Self, Vec<Fault>> {
        let whole = |fault: Fault| vec![fault];
        pass_over_separator_line(records);
        if let Some(Ok(line)) = records.peek_line() {
            let separator = separator_of(&line.text, columns);
            records.separate_by(separator);
        }
        let above = header_below(records, columns);
        let record = match records.next() {
            None => {
                let reason = format!("ファイルが空です。1行目に見出し({})が必要です。", names(columns.iter()));
                return Err(whole(Fault::new(1, "", reason)));
            }
            Some(record) => record.map_err(whole)?,
        };
        match above {
            Some(line) => Err(whole(Fault::new(
                record.line,
                "",
                format!(
                    "見出しは{line}行目にあるようです。その上の行(題名や説明)を消して、見出しを1行目にしてください。"
                ),
            ))),
            None => Self::of(&record, columns),
        }
    }

    fn of(record: &Record, columns: &'static [Column]) -> Result<Self, Vec<Fault>> {
        let (mut order, mut unknown, mut repeated, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for cell in &record.cells {
            match known(cell, columns) {
                Some(index) if order.contains(&Some(index)) => repeated.push(quote(cell.trim())),
                Some(index) => order.push(Some(index)),
                None if cell.trim().is_empty() => order.push(None),
                None => unknown.push(quote(cell.trim())),
            }
        }
        if !unknown.is_empty() {
            let (unknown, known) = (unknown.join(""), names(columns.iter()));
            faults.push(Fault::new(
                record.line,
                "",
                format!("知らない列があります: {unknown}。使える列は {known} です。"),
            ));
        }
        if !repeated.is_empty() {
            faults.push(Fault::new(record.line, "", format!("同じ列が2つ以上あります: {}。", repeated.join(""))));
        }
        let missing = || {
            let there = |index: usize| order.contains(&Some(index));
            columns.iter().enumerate().filter(move |(index, c)| c.required && !there(*index)).map(|(_, c)| c)
        };
        if missing().next().is_some() {
            faults.push(Fault::new(record.line, "", format!("必要な列がありません: {}。", names(missing()))));
        }
        if faults.is_empty() { Ok(Self { order }) } else { Err(faults) }
    }

    /// Returns how many columns a row has at least: up to the last one that has a name.
    pub(super) fn least(&self) -> usize {
        self.order.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }

    /// Returns how many columns the header has.
    pub(super) fn most(&self) -> usize {
        self.order.len()
    }

    /// Returns the cells of a record under their columns.
    pub(super) fn row(&self, record: Record, columns: &'static [Column]) -> Result<Row, Vec<Fault>> {
        let (least, most, found) = (self.least(), self.most(), record.cells.len());
        let fault = |reason: String| Err(vec![Fault::new(record.line, "", reason)]);
        if found < least {
            return fault(format!(
                "列の数が見出しと違います。見出しは{least}列ですが、この行は{found}列です。項目の途中に改行が入っていないか確認してください。"
            ));
        }
        if record.cells.iter().skip(most).any(|cell| !cell.trim().is_empty()) {
            return fault(format!(
                "列の数が見出しと違います。見出しは{most}列ですが、この行は{found}列です。項目の中の区切り文字(カンマなど)を消すか、項目を引用符(\")で囲んでください。"
            ));
        }
        let mut cells = vec![String::new(); columns.len()];
        for (number, (index, cell)) in self.order.iter().zip(record.cells).enumerate() {
            match index.and_then(|index| cells.get_mut(index)) {
                Some(place) => *place = cell,
                None if cell.trim().is_empty() => {}
                None => {
                    let number = number + 1;
                    return fault(format!(
                        "見出しのない列({number}列目)に値{}があります。列に見出しを付けるか、値を消してください。",
                        quote(cell.trim())
                    ));
                }
            }
        }
        Ok(Row::new(record.line, cells, columns))
    }
}

/// Returns which of the columns a header cell names; spaces and line breaks in it are for the eye.
fn known(cell: &str, columns: &[Column]) -> Option<usize> {
    let name: String = fold(cell).chars().filter(|character| !character.is_whitespace()).collect();
    columns.iter().position(|column| fold(column.name) == name)
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(|column| column.name).collect::<Vec<_>>().join("、")
}

/// Returns how many columns a line names when it is split by the separator.
fn named(line: &str, separator: char, columns: &[Column]) -> usize {
    let line = line.trim_start_matches('\u{feff}');
    line.split(separator).filter(|cell| known(cell.trim().trim_matches('"'), columns).is_some()).count()
}

/// Returns the separator by which the header names the most columns; a comma in doubt.
fn separator_of(header: &str, columns: &[Column]) -> char {
    let other = ['\t', ';'].into_iter().max_by_key(|separator| named(header, *separator, columns));
    match other {
        Some(other) if named(header, other, columns) > named(header, ',', columns) => other,
        _ => ',',
    }
}

/// Passes over `sep=;`, which tells spreadsheets the separator; the header tells it to us.
fn pass_over_separator_line<R: Read>(records: &mut Records<R>) {
    let tells = |text: &str| {
        let text = text.trim_start_matches('\u{feff}').trim_end_matches([',', ';', '\t']).trim_matches('"');
        text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep=")) && text.chars().count() <= 5
    };
    if matches!(records.peek_line(), Some(Ok(line)) if tells(&line.text)) {
        records.drop_line();
    }
}

/// Returns the line that looks like the header when the first one names no column at all.
fn header_below<R: Read>(records: &mut Records<R>, columns: &[Column]) -> Option<u64> {
    let most = |line: &str| [',', '\t', ';'].into_iter().map(|separator| named(line, separator, columns)).max();
    match records.peek_line() {
        Some(Ok(first)) if most(&first.text) == Some(0) => {}
        _ => return None,
    }
    let least = columns.iter().filter(|column| column.required).count().div_ceil(2).max(2);
    (1..LINES_ABOVE).find_map(|ahead| {
        let line = records.line_ahead(ahead)?;
        (most(&line.text) >= Some(least)).then_some(line.number)
    })
}
