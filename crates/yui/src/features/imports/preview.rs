//! The preview: the result of a check, as it is kept for the page.

use std::collections::{BTreeMap, HashMap};

use kenpo_formats::{Fault, TreatmentMonth};
use serde::{Deserialize, Serialize};

use super::{Batch, Entry, Outcome, Report, RowQuestion, totals::FileTotals};

/// The number of mistakes, and of notices, on a page.
pub(super) const SHOWN: usize = 100;

/// The result of a check.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Preview {
    /// The batch that brought the same content before.
    pub(super) there_already: Option<i64>,
    pub(super) records: i64,
    pub(super) accepted: i64,
    pub(super) rejected: i64,
    pub(super) unmatched: i64,
    pub(super) corrections: i64,
    /// As 202501.
    pub(super) months: Option<(i32, i32)>,
    pub(super) figures: FileTotals,
    pub(super) details: Vec<(String, i64)>,
    /// The first mistakes, and their number in all.
    pub(super) faults: Vec<PreviewFinding>,
    pub(super) fault_count: u64,
    /// The most common reasons, each with its number of rows.
    #[serde(default)]
    pub(super) fault_groups: Vec<(String, u64)>,
    /// The first notices, and their number in all.
    pub(super) notices: Vec<PreviewFinding>,
    pub(super) notice_count: u64,
    /// The batch that it is compared with.
    pub(super) before: Option<Before>,
    /// The findings that have to be confirmed before the file is imported.
    #[serde(default)]
    pub(super) to_confirm: Vec<PreviewFinding>,
    /// The reason why the check was repeated: an earlier result was out of date.
    #[serde(default)]
    pub(super) outdated: Option<String>,
    /// The changes by list: the first of each.
    #[serde(default)]
    pub(super) lists: Vec<PreviewList>,
    /// The questions to staff: the first ones.
    #[serde(default)]
    pub(super) asked: Vec<RowQuestion>,
    /// The number of rows of the file that wait for an answer.
    #[serde(default)]
    pub(super) asked_count: u64,
}

/// One of the lists of a file's changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PreviewList {
    /// Its word in the kind's lists.
    pub(super) word: String,
    pub(super) count: u64,
    /// The first entries.
    pub(super) entries: Vec<Entry>,
}

/// Collects the faults of a file, or of several, during the check: the first ones by file and line, and their number by reason.
#[derive(Debug, Default)]
pub(super) struct FoundFaults {
    count: u64,
    kept: BTreeMap<(String, u64, u64), Fault>,
    /// By the reason without its values.
    by_reason: HashMap<String, FaultGroup>,
}

/// The faults of one reason.
#[derive(Debug)]
struct FaultGroup {
    /// The reason as staff read it.
    shown: String,
    count: u64,
}

/// The number of mistakes that are kept.
const KEPT: usize = 10_000;

/// The number of different reasons that are counted; later ones count only in the sum.
const REASONS: usize = 1_000;

/// The number of reasons on a page.
const GROUPS: usize = 10;

impl FoundFaults {
    /// Returns these faults.
    pub(super) fn of(faults: &[Fault]) -> Self {
        let mut found = Self::default();
        faults.iter().for_each(|fault| found.add(fault));
        found
    }

    pub(super) fn add(&mut self, fault: &Fault) {
        self.count += 1;
        self.kept.insert((fault.file.clone(), fault.line, self.count), fault.clone());
        if self.kept.len() > KEPT {
            self.kept.pop_last();
        }
        let reason = unquoted(fault);
        let key = without_numbers(&reason);
        if let Some(group) = self.by_reason.get_mut(&key) {
            group.count += 1;
            if group.shown != reason {
                group.shown = key;
            }
        } else if self.by_reason.len() < REASONS {
            self.by_reason.insert(key, FaultGroup { shown: reason, count: 1 });
        }
    }

    /// Returns the first ones, by file and line.
    pub(super) fn first(&self) -> impl Iterator<Item = &Fault> {
        self.kept.values()
    }

    /// Returns the most common reasons; none if every mistake is of its own kind.
    pub(super) fn groups(&self) -> Vec<(String, u64)> {
        let mut groups: Vec<_> = self.by_reason.values().map(|group| (group.shown.clone(), group.count)).collect();
        groups.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
        groups.truncate(GROUPS);
        if groups.first().is_some_and(|(_, count)| *count > 1) { groups } else { Vec::new() }
    }
}

/// Returns the text with `…` in place of each number.
fn without_numbers(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' if bare.ends_with('…') => {}
            '0'..='9' => bare.push('…'),
            other => bare.push(other),
        }
    }
    bare
}

/// Returns the column and the reason without the values that it quotes.
fn unquoted(fault: &Fault) -> String {
    let mut reason = String::new();
    let mut quoted = false;
    for character in fault.reason.chars() {
        quoted &= character != '」';
        if !quoted {
            reason.push(character);
        }
        quoted |= character == '「';
    }
    if fault.column.is_empty() { reason } else { format!("{}: {reason}", fault.column) }
}

/// A mistake or a notice.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PreviewFinding {
    /// The file's name, if several came as one.
    #[serde(default)]
    pub(super) file: String,
    pub(super) line: u64,
    /// 記号-番号 and name of the person that the line is about.
    #[serde(default)]
    pub(super) numbers: Box<str>,
    #[serde(default)]
    pub(super) name: Box<str>,
    pub(super) column: String,
    pub(super) reason: String,
}

impl From<&Fault> for PreviewFinding {
    fn from(fault: &Fault) -> Self {
        let Fault { file, line, numbers, name, column, reason } = fault.clone();
        Self { file, line, numbers, name, column, reason }
    }
}

impl PreviewFinding {
    /// Returns its place as the beginning of a sentence: the file, if several came as one, and the line.
    pub(super) fn place(&self) -> String {
        let file = if self.file.is_empty() { String::new() } else { format!("{} ", self.file) };
        match self.line {
            0 if file.is_empty() => String::new(),
            0 => format!("{}: ", self.file),
            line => format!("{file}{line}行目: "),
        }
    }
}

/// The batch that a new file is compared with.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Before {
    pub(super) batch_id: i64,
    pub(super) file_name: String,
    pub(super) accepted: i64,
    pub(super) figures: FileTotals,
    /// Whether it is of the same months a year ago.
    #[serde(default)]
    pub(super) last_year: bool,
}

impl Before {
    pub(super) fn of(batch: Batch, figures: FileTotals, last_year: bool) -> Self {
        let Batch { batch_id, file_name, accepted, .. } = batch;
        Self { batch_id, file_name, accepted, figures, last_year }
    }
}

impl Preview {
    /// Copies the results of the report.
    pub(super) fn take(&mut self, report: &Report) {
        self.there_already = report.batch_id.filter(|_| report.outcome == Outcome::AlreadyThere);
        self.records = report.records;
        self.accepted = report.accepted;
        self.rejected = report.rejected;
        self.unmatched = report.unmatched;
        self.corrections = report.corrections;
        self.months = report.months.map(|(first, last)| (first.number(), last.number()));
        self.figures = report.figures;
        self.details = report.details.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
    }

    /// Copies the mistakes that were found.
    pub(super) fn take_faults(&mut self, faults: &FoundFaults) {
        self.fault_count = faults.count;
        self.faults = faults.kept.values().take(SHOWN).map(PreviewFinding::from).collect();
        self.fault_groups = faults.groups();
    }

    pub(super) fn notice(&mut self, notice: &Fault) {
        self.notice_count += 1;
        if self.notices.len() < SHOWN {
            self.notices.push(notice.into());
        }
    }

    pub(super) fn entry(&mut self, entry: &Entry) {
        let at = self.lists.iter().position(|list| list.word == entry.list).unwrap_or_else(|| {
            self.lists.push(PreviewList { word: entry.list.to_owned(), count: 0, entries: Vec::new() });
            self.lists.len() - 1
        });
        let Some(list) = self.lists.get_mut(at) else { return };
        list.count += 1;
        if list.entries.len() < SHOWN {
            list.entries.push(entry.clone());
        }
    }

    pub(super) fn ask(&mut self, asked: &RowQuestion) {
        self.asked_count += 1;
        if self.asked.len() < SHOWN && !asked.candidates.is_empty() {
            self.asked.push(asked.clone());
        }
    }

    /// Returns the first and the last treatment month.
    pub(super) fn months(&self) -> Option<(TreatmentMonth, TreatmentMonth)> {
        let (first, last) = self.months?;
        TreatmentMonth::from_number(first).zip(TreatmentMonth::from_number(last))
    }

    /// Returns the number of records that are wrong or match nobody.
    pub(super) fn wrong(&self) -> i64 {
        self.rejected + self.unmatched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_one_reason_are_one_group_whatever_their_values() {
        let mut found = FoundFaults::default();
        for (line, column, reason) in [
            (9, "医療費総額", "123円ですが、内訳の合計(45)と合いません。"),
            (2, "医療費総額", "7円ですが、内訳の合計(8)と合いません。"),
            (3, "枝番", "「9x」は枝番ではありません。2桁の数字で入力してください。"),
            (4, "枝番", "「X」は枝番ではありません。2桁の数字で入力してください。"),
            (5, "枝番", "「Y」は枝番ではありません。2桁の数字で入力してください。"),
        ] {
            found.add(&Fault::new(line, column, reason));
        }
        let branch = "枝番: 「」は枝番ではありません。2桁の数字で入力してください。".to_owned();
        let total = "医療費総額: …円ですが、内訳の合計(…)と合いません。".to_owned();
        assert_eq!(found.groups(), [(branch, 3), (total, 2)]);
        let lines: Vec<_> = found.first().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 9]);
    }
}
