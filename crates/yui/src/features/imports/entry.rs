//! The changes that a file would make, for the preview and its CSV.

use std::io::{self, Write};

use kenpo_formats::TableCsv;
use serde::{Deserialize, Serialize};

/// The changes to one person or record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Entry {
    /// In which of its kind's lists it stands, as in [`super::FileKind::lists`].
    #[serde(skip)]
    pub list: &'static str,
    /// Whom it is about.
    pub who: String,
    /// 記号-番号.
    pub numbers: String,
    /// What changes; of somebody new, what they come with.
    pub changes: Vec<Change>,
    /// How staff can tell why, as "個人コードが一致"; may be empty.
    pub why: String,
}

/// One value before and after.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Change {
    /// What is changed, for staff.
    pub what: String,
    /// The value before; empty where there was none.
    pub old: String,
    /// The value after; empty where there is none.
    pub new: String,
}

impl Change {
    /// Returns a change: `Change::new("枝番", "01", "02")`.
    pub fn new(what: &str, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self { what: what.to_owned(), old: old.into(), new: new.into() }
    }
}

/// What is known of a person, in words for staff; dates as 2025-04-01.
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
    /// 資格喪失日; empty where there is none.
    pub to: String,
}

/// A question to staff: is the person of this row one of these registered members?
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RowQuestion {
    /// The line of the row.
    pub line: u64,
    /// What it says.
    pub row: Facts,
    /// The candidates; empty where the row waits for another row's answer.
    pub candidates: Vec<Candidate>,
}

/// A registered member who may be the person of a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Candidate {
    /// The member.
    pub member_id: i64,
    /// What the register knows.
    pub facts: Facts,
    /// Whether there is an account.
    pub account: bool,
    /// How many lines of expenses there are.
    pub expenses: i64,
}

/// A change of one record that staff made by hand, as they see it.
#[derive(Clone, Debug)]
pub struct HandChange {
    /// The record's page.
    pub path: String,
    /// What was done.
    pub act: &'static str,
    /// Whom it is about.
    pub who: String,
    /// The month, the care and the provider.
    pub care: String,
    /// What the claim said before, and says with the change: yen of the total and of the member's own share.
    pub amounts: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
}

/// The list of all entries as a CSV: a row for each change of an entry.
#[derive(Debug)]
pub(super) struct EntriesCsv<W: Write>(TableCsv<W>);

impl<W: Write> EntriesCsv<W> {
    /// Returns a list of which the heading is written.
    pub(super) fn new(out: W) -> io::Result<Self> {
        TableCsv::new(out, &["区分", "加入者", "記号・番号", "項目", "旧", "新", "理由"]).map(Self)
    }

    /// Writes one entry, which stands in the list of this label.
    pub(super) fn write(&mut self, label: &str, entry: &Entry) -> io::Result<()> {
        let Entry { who, numbers, changes, why, .. } = entry;
        changes
            .iter()
            .try_for_each(|Change { what, old, new }| self.0.write(&[label, who, numbers, what, old, new, why]))
    }

    /// Returns what it was written to, with everything in it.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}
