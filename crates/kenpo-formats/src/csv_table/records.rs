//! Records of a CSV, of one line or, where quotes hold line breaks, of several.

use crate::fault::Fault;
use crate::text::{Line, Lines, MAX_LINE};
use std::collections::VecDeque;
use std::io::Read;

/// The most fields that a record may have.
const MAX_FIELDS: usize = 256;
/// The most lines of a record that begins on a line which was read before, in a record that turned out to be none. It keeps files
/// of nothing but open quotes from being read again and again.
const LINES_OF_SECOND_READING: usize = 20;

const NOT_CLOSED: &str = "引用符(\")が正しく閉じていないため、この行を読み取れません。この行の引用符を消すか、項目の前後に付け直してください。ほかの行は別に読み取ります。";

/// One record of a CSV, whatever its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
}

/// CSV records over decoded lines (RFC 4180 quoting).
///
/// A faulty line spoils its own record only. A quoted cell may have line breaks, but a quote that was never meant to open a cell
/// must not swallow the rows after it: where the lines look like rows of their own, or the quote does not close, the first line
/// is a fault and the following ones are read as records.
pub(crate) struct Records<R> {
    lines: Lines<R>,
    separator: char,
    /// How many columns a row has at least and at most, once that is known; more may follow that are empty.
    widths: Option<(usize, usize)>,
    /// Lines that were read ahead.
    again: VecDeque<Result<Line, Fault>>,
    /// Whether the line given out last was read before.
    read_before: bool,
}

impl<R: Read> Records<R> {
    pub(crate) fn open(source: R) -> Result<Self, Fault> {
        let lines = Lines::open(source)?;
        Ok(Self { lines, separator: ',', widths: None, again: VecDeque::new(), read_before: false })
    }

    /// Returns the beginning of the file, before anything was read of it.
    pub(super) fn head(&self) -> &[u8] {
        self.lines.head()
    }

    /// Says by what the cells are separated.
    pub(super) fn separate_by(&mut self, separator: char) {
        self.separator = separator;
    }

    /// Says how many columns a row has at least and at most; from then on it is seen which lines look like rows.
    pub(super) fn expect_columns(&mut self, least: usize, most: usize) {
        self.widths = Some((least, most));
    }

    /// Returns the next line that is not empty, without taking it.
    pub(super) fn peek_line(&mut self) -> Option<&Result<Line, Fault>> {
        while self.again.front().is_none() {
            let line = self.lines.next()?;
            if !line.as_ref().is_ok_and(|line| bare(&line.text).is_empty()) {
                self.again.push_back(line);
            }
        }
        self.again.front()
    }

    /// Returns the line that comes so many after the one of [`Self::peek_line`].
    pub(super) fn line_ahead(&mut self, ahead: usize) -> Option<&Line> {
        while self.again.len() <= ahead {
            let line = self.lines.next()?;
            self.again.push_back(line);
        }
        self.again.get(ahead)?.as_ref().ok()
    }

    /// Takes the line of [`Self::peek_line`] away.
    pub(super) fn drop_line(&mut self) {
        self.again.pop_front();
    }

    fn next_line(&mut self) -> Option<Result<Line, Fault>> {
        let ahead = self.again.pop_front();
        self.read_before = ahead.is_some();
        ahead.or_else(|| self.lines.next())
    }

    /// Whether the line could be a row by itself.
    fn is_row(&self, line: &str) -> bool {
        self.widths.is_some_and(|(least, _)| least > 1 && column_count(line, self.separator) >= least)
    }

    /// Completes a record whose first line left a quote open.
    fn continued(&mut self, first: Line, mut cells: Cells) -> Result<Record, Fault> {
        let first_is_row = self.is_row(&first.text);
        let most = if self.read_before { LINES_OF_SECOND_READING } else { usize::MAX };
        let (mut taken, mut length) = (VecDeque::new(), first.text.len());
        let whole = loop {
            let Some(next) = self.next_line() else { break false };
            let Ok(line) = &next else {
                taken.push_back(next);
                break false;
            };
            length += line.text.len() + 1;
            let stray = (first_is_row && self.is_row(&line.text)) || length > MAX_LINE || taken.len() >= most;
            if !stray {
                cells.add(&line.text, self.separator);
            }
            taken.push_back(next);
            if stray {
                break false;
            }
            if !cells.open {
                break self.is_sound(&cells);
            }
        };
        if whole {
            return Ok(Record { line: first.number, cells: cells.cells });
        }
        taken.append(&mut self.again);
        self.again = taken;
        Err(Fault::new(first.number, "", NOT_CLOSED))
    }

    /// Whether cells of several lines are what somebody meant: strictly quoted, as many as there are columns, and none holds a row.
    fn is_sound(&self, cells: &Cells) -> bool {
        let held = |cell: &String| {
            cell.lines().any(|line| {
                let separators = line.matches(self.separator).count();
                self.widths.is_some_and(|(least, _)| least > 1 && separators + 1 >= least)
            })
        };
        let fits = |(least, most): (usize, usize)| {
            cells.cells.len() >= least && cells.cells.iter().skip(most).all(|cell| cell.trim().is_empty())
        };
        cells.strict && self.widths.is_none_or(fits) && !cells.cells.iter().filter(|cell| cell.contains('\n')).any(held)
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.next_line()? {
                Ok(line) => line,
                Err(fault) => return Some(Err(fault)),
            };
            let text = bare(&line.text);
            if text.is_empty() {
                continue;
            }
            let mut cells = Cells::with_capacity(self.widths.map_or(0, |(_, most)| most));
            cells.add(text, self.separator);
            let record = if cells.open {
                self.continued(line, cells)
            } else {
                Ok(Record { line: line.number, cells: cells.cells })
            };
            return Some(record.and_then(|record| {
                let too_many = || Fault::new(record.line, "", format!("列が多すぎます。{MAX_FIELDS}列までです。"));
                if record.cells.len() > MAX_FIELDS { Err(too_many()) } else { Ok(record) }
            }));
        }
    }
}

/// Returns the text without a byte order mark before it.
fn bare(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// The cells of a record while its lines come in.
struct Cells {
    cells: Vec<String>,
    /// Whether the last cell's quote is open.
    open: bool,
    /// Whether every quoted cell ended with its quote.
    strict: bool,
}

impl Cells {
    fn with_capacity(cells: usize) -> Self {
        Self { cells: Vec::with_capacity(cells), open: false, strict: true }
    }

    /// Takes in a line: the first of the record, or one that continues its open cell.
    fn add(&mut self, line: &str, separator: char) {
        let mut rest = line;
        if self.open {
            self.push('\n');
            match self.quoted(rest, separator) {
                Some(after) => rest = after,
                None => return,
            }
        }
        loop {
            if let Some(inner) = rest.strip_prefix('"') {
                self.cells.push(String::new());
                match self.quoted(inner, separator) {
                    Some(after) => rest = after,
                    None => return,
                }
                continue;
            }
            match split(rest, separator) {
                Some((cell, after)) => {
                    self.cells.push(cell.to_owned());
                    rest = after;
                }
                None => {
                    self.cells.push(rest.to_owned());
                    return;
                }
            }
        }
    }

    fn push(&mut self, character: char) {
        if let Some(cell) = self.cells.last_mut() {
            cell.push(character);
        }
    }

    fn push_str(&mut self, text: &str) {
        if let Some(cell) = self.cells.last_mut() {
            cell.push_str(text);
        }
    }

    /// Takes in a quoted cell from behind its quote; returns what follows its separator, none at the end of the line.
    fn quoted<'l>(&mut self, mut rest: &'l str, separator: char) -> Option<&'l str> {
        self.open = true;
        while let Some((part, after)) = rest.split_once('"') {
            self.push_str(part);
            if let Some(after) = after.strip_prefix('"') {
                self.push('"');
                rest = after;
                continue;
            }
            self.open = false;
            // Behind the quote comes the separator; anything else still belongs to the cell, as spreadsheets have it.
            let (tail, next) = after.split_once(separator).map_or((after, None), |(tail, next)| (tail, Some(next)));
            self.strict &= tail.trim().is_empty();
            self.push_str(tail);
            return next;
        }
        self.push_str(rest);
        None
    }
}

/// Splits at the first separator. Cells are short: looking at each byte is faster than a search that is made for long texts.
fn split(text: &str, separator: char) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| u32::from(byte) == u32::from(separator))?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Returns how many columns the line has by itself; an unclosed quote is a character like any other.
fn column_count(line: &str, separator: char) -> usize {
    let mut count = 1;
    let mut rest = line;
    loop {
        let quoted = rest.strip_prefix('"').and_then(|inner| {
            let mut inside = inner;
            loop {
                let (_, after) = inside.split_once('"')?;
                match after.strip_prefix('"') {
                    Some(after) => inside = after,
                    None => break Some(after),
                }
            }
        });
        match quoted.unwrap_or(rest).split_once(separator) {
            Some((_, after)) => {
                count += 1;
                rest = after;
            }
            None => return count,
        }
    }
}
