//! The header row: which column of the file is which, and by what its cells are separated.

use super::row::Row;
use super::{Column, Layout, Record, Records};
use crate::fault::{Fault, quote};
use crate::text::fold;
use std::io::Read;

/// How many lines are looked at for a header that does not stand in the first.
const LINES_ABOVE: usize = 20;

/// A header row that was found good.
pub(super) struct Header {
    /// For each column of the file, which known one it is; none where it has no name.
    order: Vec<Option<usize>>,
    /// How the file is laid out, if not by our own names.
    layout: Option<Layout>,
}

/// How columns are told by their names.
#[derive(Clone, Copy)]
struct Names<'a> {
    columns: &'static [Column],
    layout: Option<&'a Layout>,
}

impl Names<'_> {
    fn index(self, cell: &str) -> Option<usize> {
        match self.layout {
            Some(layout) => layout.index(cell, self.columns),
            None => known(cell, self.columns),
        }
    }

    /// Returns how many of the names must be there.
    fn required(self) -> usize {
        match self.layout {
            Some(layout) => layout.columns.len(),
            None => self.columns.iter().filter(|column| column.required).count(),
        }
    }

    /// Returns whether a file may be without this column.
    fn is_dispensable(self, column: &Column) -> bool {
        !column.required || self.layout.is_some_and(|layout| layout.constants.contains_key(column.name))
    }

    /// Returns the names of these columns, with those that the file should have.
    fn written<'c>(self, columns: impl Iterator<Item = &'c Column>) -> String {
        let name = |column: &Column| match self.layout.and_then(|layout| layout.columns.get(column.name)) {
            Some(theirs) => format!("{}({})", column.name, quote(theirs)),
            None => column.name.to_owned(),
        };
        columns.map(name).collect::<Vec<_>>().join("、")
    }
}

/// Returns whether these header cells name all columns that must be there.
pub(super) fn names_all<'c>(cells: impl Iterator<Item = &'c str>, columns: &[Column]) -> bool {
    let there: Vec<_> = cells.filter_map(|cell| known(cell, columns)).collect();
    columns.iter().enumerate().all(|(index, column)| !column.required || there.contains(&index))
}

impl Header {
    /// Reads the header row, and tells the records what rows look like.
    pub(super) fn read<R: Read>(
        records: &mut Records<R>,
        columns: &'static [Column],
        layout: Option<&Layout>,
    ) -> Result<Self, Vec<Fault>> {
        let whole = |fault: Fault| vec![fault];
        pass_over_separator_line(records);
        let mut names = Names { columns, layout };
        if let Some(Ok(line)) = records.peek_line() {
            if [',', '\t', ';'].into_iter().any(|separator| names_all(cells(&line.text, separator), columns)) {
                names.layout = None;
            }
            let separator = separator_of(&line.text, names);
            records.separate_by(separator);
        }
        let above = header_below(records, names);
        let record = match records.next() {
            None => {
                let reason = format!("ファイルが空です。1行目に見出し({})が必要です。", names.written(columns.iter()));
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
            None => Self::of(&record, names),
        }
    }

    fn of(record: &Record, names: Names<'_>) -> Result<Self, Vec<Fault>> {
        let columns = names.columns;
        let (mut order, mut unknown, mut repeated, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for cell in &record.cells {
            match names.index(cell) {
                Some(index) if order.contains(&Some(index)) => repeated.push(quote(cell.trim())),
                Some(index) => order.push(Some(index)),
                None if cell.trim().is_empty() || names.layout.is_some() => order.push(None),
                None => unknown.push(quote(cell.trim())),
            }
        }
        if !unknown.is_empty() {
            let (unknown, known) = (unknown.join(""), names.written(columns.iter()));
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
            columns
                .iter()
                .enumerate()
                .filter(move |(index, c)| !names.is_dispensable(c) && !there(*index))
                .map(|(_, c)| c)
        };
        if missing().next().is_some() {
            faults.push(Fault::new(record.line, "", format!("必要な列がありません: {}。", names.written(missing()))));
        }
        if faults.is_empty() { Ok(Self { order, layout: names.layout.cloned() }) } else { Err(faults) }
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
                None if cell.trim().is_empty() || self.layout.is_some() => {}
                None => {
                    let number = number + 1;
                    return fault(format!(
                        "見出しのない列({number}列目)に値{}があります。列に見出しを付けるか、値を消してください。",
                        quote(cell.trim())
                    ));
                }
            }
        }
        if let Some(layout) = &self.layout {
            for (index, (cell, column)) in cells.iter_mut().zip(columns).enumerate() {
                if self.order.contains(&Some(index)) {
                    *cell = layout.meaning(column.name, std::mem::take(cell));
                } else if let Some(constant) = layout.constants.get(column.name) {
                    cell.clone_from(constant);
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

/// Returns the cells of a line that is split by the separator, without quotes.
fn cells(line: &str, separator: char) -> impl Iterator<Item = &str> {
    let line = line.trim_start_matches('\u{feff}');
    line.split(separator).map(|cell| cell.trim().trim_matches('"'))
}

/// Returns how many columns a line names when it is split by the separator.
fn named(line: &str, separator: char, names: Names<'_>) -> usize {
    cells(line, separator).filter(|cell| names.index(cell).is_some()).count()
}

/// Returns the separator by which the header names the most columns; a comma in doubt.
fn separator_of(header: &str, names: Names<'_>) -> char {
    let other = ['\t', ';'].into_iter().max_by_key(|separator| named(header, *separator, names));
    match other {
        Some(other) if named(header, other, names) > named(header, ',', names) => other,
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
fn header_below<R: Read>(records: &mut Records<R>, names: Names<'_>) -> Option<u64> {
    let most = |line: &str| [',', '\t', ';'].into_iter().map(|separator| named(line, separator, names)).max();
    match records.peek_line() {
        Some(Ok(first)) if most(&first.text) == Some(0) => {}
        _ => return None,
    }
    let least = names.required().div_ceil(2).max(2);
    (1..LINES_ABOVE).find_map(|ahead| {
        let line = records.line_ahead(ahead)?;
        (most(&line.text) >= Some(least)).then_some(line.number)
    })
}
