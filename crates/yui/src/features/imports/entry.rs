//! The changes that a file would make, for the preview and its CSV.

use std::io::{self, Write};

use kenpo_formats::TableCsv;
use serde::{Deserialize, Serialize};

/// The changes to one person or record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Entry {
    /// The list of its kind that it belongs to, as in [`super::FileKind::lists`].
    #[serde(skip)]
    pub list: &'static str,
    /// The name of the person.
    pub who: String,
    /// 記号-番号.
    pub numbers: String,
    /// The changed values; for a new person, their first values.
    pub changes: Vec<Change>,
    /// The ground for the match, as "個人コードが一致"; may be empty.
    pub why: String,
}

/// One value before and after.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Change {
    /// The name of the value, for staff.
    pub what: String,
    /// The value before; empty if there was none.
    pub old: String,
    /// The value after; empty if there is none.
    pub new: String,
}

impl Change {
    /// Returns a change: `Change::new("枝番", "01", "02")`.
    pub fn new(what: &str, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self { what: what.to_owned(), old: old.into(), new: new.into() }
    }
}

/// The data of a person, in words for staff; dates as 2025-04-01.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Facts {
    /// 氏名
    pub name: String,
    /// カナ氏名
    pub kana: String,
    /// 生年月日
    pub birth_date: String,
    /// 男 or 女.
    pub sex: String,
    /// 記号-番号.
    pub numbers: String,
    /// 本人 or 家族.
    pub role: String,
    /// 資格取得日
    pub from: String,
    /// 資格喪失日; empty if there is none.
    pub to: String,
}

/// A question to staff: is the person of this row one of these registered members?
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RowQuestion {
    /// The line of the row.
    pub line: u64,
    /// The data in the row.
    pub row: Facts,
    /// The candidates; empty if the row waits for another row's answer.
    pub candidates: Vec<Candidate>,
}

/// A registered member who may be the person of a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Candidate {
    /// The member.
    pub member_id: i64,
    /// The data in the register.
    pub facts: Facts,
    /// Whether there is an account.
    pub account: bool,
    /// The number of lines of expenses.
    pub expenses: i64,
}

/// A change of one record that staff made by hand, as they see it.
#[derive(Clone, Debug)]
pub struct HandChange {
    /// The record's page.
    pub path: String,
    /// The kind of change.
    pub act: &'static str,
    /// The name of the person.
    pub who: String,
    /// The month, the care and the provider.
    pub care: String,
    /// The claim's amounts before the change, and with it: yen of the total and of the self-pay.
    pub amounts: String,
    /// The reason.
    pub reason: String,
    /// The name of the author.
    pub by: String,
    /// The time.
    pub at: String,
}

/// The list of all entries as a CSV: a row for each change of an entry.
#[derive(Debug)]
pub(super) struct EntriesCsv<W: Write>(TableCsv<W>);

impl<W: Write> EntriesCsv<W> {
    /// Returns a list with its heading written.
    pub(super) fn new(out: W) -> io::Result<Self> {
        TableCsv::new(out, &["区分", "加入者", "記号・番号", "項目", "旧", "新", "理由"]).map(Self)
    }

    /// Writes one entry of the list with this label.
    pub(super) fn write(&mut self, label: &str, entry: &Entry) -> io::Result<()> {
        let Entry { who, numbers, changes, why, .. } = entry;
        changes
            .iter()
            .try_for_each(|Change { what, old, new }| self.0.write(&[label, who, numbers, what, old, new, why]))
    }

    /// Returns the writer, with everything written to it.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}
