//! A row of a register file: what it says of one person in one span of coverage.

use jiff::civil::Date;
use kenpo_formats::{
    Fault,
    register_csv::{RegisterRow, Relationship},
};
use serde::{Deserialize, Serialize};

use super::person::{holder_key, sex_word};

/// A row, as it is sorted, worked in, and kept where staff have to be asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) insurer_number: String,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: Option<String>,
    pub(super) person_key: Option<String>,
    pub(super) name: String,
    pub(super) kana: String,
    /// `male` or `female`.
    pub(super) sex: String,
    pub(super) birth_date: Date,
    pub(super) insured: bool,
    pub(super) from: Date,
    pub(super) to: Option<Date>,
    pub(super) email: Option<String>,
}

impl From<RegisterRow> for Row {
    fn from(row: RegisterRow) -> Self {
        Self {
            line: row.line,
            insurer_number: row.insurer_number.as_str().to_owned(),
            symbol: row.symbol,
            number: row.number,
            branch: row.branch,
            person_key: row.person_key,
            name: row.name,
            kana: row.kana,
            sex: sex_word(row.sex).to_owned(),
            birth_date: row.birth_date,
            insured: row.relationship == Relationship::Insured,
            from: row.from,
            to: row.to,
            email: row.email,
        }
    }
}

impl Row {
    /// Returns a fault or notice of the row, with the person whom it is about.
    pub(super) fn finding(&self, column: &str, reason: impl Into<String>) -> Fault {
        Fault::new(self.line, column, reason).with_person(&numbers(&self.symbol, &self.number), &self.name)
    }

    /// Returns what identifies the household's numbers.
    pub(super) fn holder_key(&self) -> String {
        holder_key(&self.insurer_number, &self.symbol, &self.number)
    }

    /// Returns the place of the row among those of its family: insured persons before dependents, coverage that ended before coverage
    /// that begins, then by date. Two rows of one place say the same.
    fn place(&self) -> impl Ord + '_ {
        let span = (!self.insured, self.to.is_none(), self.from, self.to);
        let who = (&self.branch, self.birth_date, &self.sex, &self.kana, &self.name);
        (span, who, &self.person_key, &self.email)
    }
}

/// Returns 記号-番号, as they are written.
pub(super) fn numbers(symbol: &str, number: &str) -> String {
    if symbol.is_empty() { number.to_owned() } else { format!("{symbol}-{number}") }
}

/// The rows of a file under one insurer number, symbol and number, in the order in which they are worked in.
#[derive(Debug)]
pub struct Family {
    pub(super) holder_key: String,
    pub(super) rows: Vec<Row>,
}

impl Family {
    pub(super) fn new(holder_key: String, mut rows: Vec<Row>) -> Self {
        rows.sort_by(|one, other| one.place().cmp(&other.place()).then(one.line.cmp(&other.line)));
        Self { holder_key, rows }
    }
}
