//! Decides which records of a chunk are taken, and what they correct.

use std::collections::{HashMap, HashSet};

use kenpo_formats::{CareKind, Fault, TreatmentMonth, amounts::Amounts, text::search_key};
use yui_db::{Param, Tx};

use super::{
    files::SAME_VISIT,
    import::ExpenseImport,
    incoming::Record,
    placing::{Person, Placed, Unplaced},
    queries::{self, Version, Visit},
};
use crate::features::imports::{Applied, Change, ChunkFault, Entry, FaultKind, Newest};

/// The column or record that a fault about the person is shown at.
pub(super) const PERSON: &str = "記号・番号";

/// The records of a chunk that are taken.
pub(super) struct Judged<'r> {
    pub(super) applied: Applied,
    pub(super) rows: Vec<JudgedRow<'r>>,
    /// Claims of nobody in the register: the key, the record and why.
    pub(super) unmatched: Vec<(Vec<u8>, &'r Record, &'static str)>,
}

/// A record with its key and its person.
pub(super) struct JudgedRow<'r> {
    pub(super) key: Vec<u8>,
    pub(super) person: Person,
    pub(super) record: &'r Record,
    /// Whether another batch has this claim already.
    pub(super) corrects: bool,
    /// Whether the row only takes the claim back, whose care the record bills again under another number.
    pub(super) replaces: bool,
}

/// Another form in which the care of a record has come already.
enum SameVisit<'v> {
    /// Billed in an earlier month: the record replaces it.
    BilledAgain(&'v Visit),
    /// Billed in a later month: the record is out of date.
    BilledLater(TreatmentMonth),
    /// An electronic claim beside a row of a CSV.
    OtherForm,
}

/// What a person's care at one provider in one month is known by.
type VisitKey = (i64, i32, &'static str);

/// The claims that electronic files have of one visit, by what the visit is known by.
pub(super) type VisitsSeen = Newest<(i64, i32, &'static str, String), TreatmentMonth>;

impl ExpenseImport {
    /// Returns which of the records are taken: by the batch of this number or, in a check, by none.
    pub(super) async fn judged<'r>(
        &mut self,
        tx: &mut Tx,
        batch_id: Option<i64>,
        placed: Vec<Placed>,
        records: impl Iterator<Item = &'r Record>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Judged<'r>> {
        let mut judged = Judged { applied: Applied::default(), rows: Vec::new(), unmatched: Vec::new() };
        let mut meant = Vec::with_capacity(placed.len());
        for (Placed { key, person }, record) in placed.into_iter().zip(records) {
            let (kind, column, reason) = match person {
                Ok(person) => {
                    meant.push((key, person, record));
                    continue;
                }
                Err(Unplaced::Unmatched(mismatch)) => {
                    judged.unmatched.push((key, record, mismatch.reason()));
                    (FaultKind::Unmatched, PERSON, mismatch.reason().to_owned())
                }
                Err(Unplaced::Fault(kind, column, reason)) => (kind, column, reason),
            };
            faults.push(ChunkFault { kind, fault: Fault::new(record.line, column, reason) });
        }
        let visits = self.visits(tx, &meant).await?;
        let keys: Vec<_> = meant.iter().map(|(key, ..)| key.clone()).collect();
        let there = queries::versions_of(tx, &self.scope, &keys).await?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = there.iter().partition(|claim| Some(claim.batch_id) == batch_id);
        let in_this_batch: HashSet<_> = here.into_iter().map(|claim| claim.claim_key.as_slice()).collect();
        let mut versions: HashMap<&[u8], Vec<&Version>> = HashMap::with_capacity(elsewhere.len());
        for version in elsewhere {
            versions.entry(&version.claim_key).or_default().push(version);
        }

        let mut seen = HashSet::new();
        judged.rows.reserve(meant.len());
        for (key, person, record) in meant {
            let mut refuse = |column: &str, reason: &str| {
                faults.push(ChunkFault {
                    kind: FaultKind::Rejected,
                    fault: Fault::new(record.line, column, reason.to_owned()),
                });
            };
            let mut replaced = None;
            if !versions.contains_key(key.as_slice()) {
                let known = visits.get(&visit_key(person, record)).map(Vec::as_slice).unwrap_or_default();
                match same_visit(known, &key, record) {
                    Some(SameVisit::BilledAgain(visit)) => {
                        replaced = Some(visit);
                    }
                    Some(SameVisit::BilledLater(month)) => {
                        refuse("請求年月", &format!("この診療は、{month}に再請求されたものを取り込み済みです。"));
                        continue;
                    }
                    Some(SameVisit::OtherForm) => {
                        self.counts.other_form += 1;
                        if let Some(entry) = batch_id.is_none().then(|| other_form(record)) {
                            judged.applied.entries.push(entry);
                        }
                        if !self.takes_other_form {
                            refuse("医療機関名", OTHER_FORM);
                            continue;
                        }
                    }
                    None => {}
                }
                if self.billed_in_this_file(person, record) {
                    refuse("請求年月", "同じ診療の請求が、このファイルの前の行にもあります（再請求）。");
                    continue;
                }
            }
            let before_in_file = in_this_batch.contains(key.as_slice()) || self.checked.get(&key).is_some();
            if before_in_file || !seen.insert(key.clone()) {
                refuse("請求番号", "同じ請求がこのファイルの前の行にもあります。");
                continue;
            }
            let known = versions.get(key.as_slice()).map(Vec::as_slice).unwrap_or_default();
            let other = |version: &&Version| {
                (version.member_id, version.treatment_month) != (person.member_id, record.hint.month.number())
            };
            if known.iter().any(|version| other(version)) {
                refuse("請求番号", "この請求番号は、別の人または別の月の請求で使われています。");
                continue;
            }
            if record.cancelled && known.is_empty() {
                refuse("請求番号", "取り消す請求が見つかりません。請求番号を確かめてください。");
                continue;
            }
            let applied = &mut judged.applied;
            applied.accepted += 1;
            let there = i64::from(!known.is_empty());
            if self.history {
                self.counts.elsewhere += there;
            } else {
                applied.corrections += there;
            }
            let month = record.hint.month;
            let (first, last) = applied.months.unwrap_or((month, month));
            applied.months = Some((first.min(month), last.max(month)));
            self.counts.derived += i64::from(record.derived);
            self.counts.cancelled += i64::from(record.cancelled);
            self.compare(known, record, batch_id.is_none(), applied);
            if let Some(visit) = replaced.filter(|visit| seen.insert(visit.version.claim_key.clone())) {
                self.counts.billed_again += 1;
                let reason = "前に取り込んだ請求の再請求です。前の請求と入れ替え、1件として数えます。";
                applied.notices.push(Fault::new(record.line, "請求年月", reason));
                if let Some(old) = visit.version.amounts().filter(|_| batch_id.is_none()) {
                    applied.entries.push(Entry { list: BILLED_AGAIN, ..changed(false, old, record) });
                }
                let key = visit.version.claim_key.clone();
                judged.rows.push(JudgedRow { key, person, record, corrects: true, replaces: true });
            }
            judged.rows.push(JudgedRow { key, person, record, corrects: !known.is_empty(), replaces: false });
        }
        Ok(judged)
    }

    /// Returns the care that is known of the records' persons, where it may be care that the records tell anew.
    async fn visits(
        &self,
        tx: &mut Tx,
        meant: &[(Vec<u8>, Person, &Record)],
    ) -> anyhow::Result<HashMap<VisitKey, Vec<Visit>>> {
        let mut known: HashMap<VisitKey, Vec<Visit>> = HashMap::new();
        let months = meant.iter().map(|(.., record)| record.hint.month);
        let Some((first, last)) = months.clone().min().zip(months.max()).filter(|_| self.other_files) else {
            return Ok(known);
        };
        let members: HashSet<_> = meant.iter().map(|(_, person, _)| person.member_id).collect();
        let members: Vec<_> = members.into_iter().map(Param::from).collect();
        for visit in queries::visits(tx, &self.scope, (first, last), &members).await? {
            if let Some(kind) = CareKind::from_code(&visit.care_kind) {
                let key = (visit.version.member_id, visit.version.treatment_month, kind.code());
                known.entry(key).or_default().push(visit);
            }
        }
        Ok(known)
    }

    /// Returns whether an earlier claim of this file was billed for the same visit in another month.
    fn billed_in_this_file(&mut self, person: Person, record: &Record) -> bool {
        let (Some(billed_in), Some(provider)) = (record.billed_in, &record.provider_code) else { return false };
        let key = (person.member_id, record.hint.month.number(), record.care_kind.code(), provider.clone());
        match self.visits_seen.get(&key) {
            Some(before) => *before != billed_in,
            None => {
                self.visits_seen.insert(key, billed_in);
                false
            }
        }
    }

    /// Compares a record with the versions of its claim that are there.
    fn compare(&mut self, versions: &[&Version], record: &Record, is_check: bool, applied: &mut Applied) {
        // A file that was withdrawn comes back to its old place among the versions.
        let own = self.version_order.unwrap_or(i64::MAX);
        let Some(shown) = versions.iter().max_by_key(|version| version.version_order) else { return };
        if shown.version_order > own {
            return;
        }
        let says = (record.cancelled, record.amounts);
        let of = |version: &Version| (version.cancelled, version.amounts());
        if of(shown) == (says.0, Some(says.1)) {
            return;
        }
        self.counts.over_hand += i64::from(shown.by_hand);
        let is_old = |version: &&&Version| version.version_order < shown.version_order;
        let comes_back = versions.iter().filter(is_old).any(|version| of(version) == (says.0, Some(says.1)));
        self.counts.back_to_old += i64::from(comes_back);
        if is_check && let Some(old) = shown.amounts() {
            applied.entries.push(changed(shown.cancelled, old, record));
        }
    }

    /// Returns what staff have to confirm of what was compared so far.
    pub(super) fn to_confirm(&self) -> Vec<Fault> {
        let told = |count: i64, reason: &str| {
            (count > 0).then(|| Fault::new(0, "訂正", format!("{count}件の請求は、{reason}")))
        };
        let old = "いまより前に取り込んだ内容に戻ります。古いファイルではないか確かめてください。";
        let hand = "職員が手作業で変更した内容を、このファイルの内容に置き換えます。";
        told(self.counts.back_to_old, old).into_iter().chain(told(self.counts.over_hand, hand)).collect()
    }
}

const OTHER_FORM: &str =
    "同じ診療が、別の形式（CSVまたは電子レセプト）のファイルで取り込み済みとみられるため、取り込みません。";

/// The lists of a preview.
pub(super) const LISTS: &[(&str, &str)] = &[
    (CORRECTED, "訂正"),
    (TAKEN_BACK, "取消"),
    (BILLED_AGAIN, "再請求（前の請求と入れ替え）"),
    (SAME_VISIT, "別の形式で取込済みの診療"),
];
const CORRECTED: &str = "corrected";
const TAKEN_BACK: &str = "taken_back";
const BILLED_AGAIN: &str = "billed_again";

fn visit_key(person: Person, record: &Record) -> VisitKey {
    (person.member_id, record.hint.month.number(), record.care_kind.code())
}

/// Returns how the record's care has come already under another key, if it has.
fn same_visit<'v>(known: &'v [Visit], key: &[u8], record: &Record) -> Option<SameVisit<'v>> {
    let others = || known.iter().filter(|visit| visit.version.claim_key != key);
    if let Some(billed_in) = record.billed_in {
        let of_provider = |visit: &&Visit| visit.provider_code == record.provider_code;
        let billed = |visit: &Visit| visit.billing_month.and_then(TreatmentMonth::from_number);
        let electronic = || others().filter(of_provider);
        if let Some(later) = electronic().filter_map(billed).find(|month| *month > billed_in) {
            return Some(SameVisit::BilledLater(later));
        }
        if let Some(visit) = electronic().find(|visit| billed(visit).is_some_and(|month| month < billed_in)) {
            return Some(SameVisit::BilledAgain(visit));
        }
    }
    let other_form = |visit: &Visit| {
        visit.billing_month.is_some() != record.billed_in.is_some()
            && visit.version.total == record.amounts.total
            && match (&visit.provider_code, &record.provider_code) {
                (Some(theirs), Some(ours)) => theirs == ours,
                _ => search_key(&visit.provider_name) == search_key(&record.provider_name),
            }
    };
    others().any(other_form).then_some(SameVisit::OtherForm)
}

fn other_form(record: &Record) -> Entry {
    Entry {
        list: SAME_VISIT,
        who: record.who(),
        numbers: record.numbers.clone(),
        changes: vec![Change::new("医療費総額", yen(record.amounts.total), yen(record.amounts.total))],
        why: record.care(),
    }
}

/// Returns the change of a claim from these amounts to those of the record.
fn changed(was_cancelled: bool, old: Amounts, record: &Record) -> Entry {
    let new = record.amounts;
    let mut changes = Vec::new();
    match (was_cancelled, record.cancelled) {
        (false, true) => changes.push(Change::new("医療費総額", yen(old.total), "取消")),
        (true, false) => changes.push(Change::new("医療費総額", "取消", yen(new.total))),
        _ => {
            let amounts = [
                ("医療費総額", old.total, new.total),
                ("保険者負担額", old.insurer, new.insurer),
                ("公費負担額", old.public, new.public),
                ("自己負担額", old.self_pay, new.self_pay),
            ];
            let differs = amounts.into_iter().filter(|(_, old, new)| old != new);
            changes.extend(differs.map(|(what, old, new)| Change::new(what, yen(old), yen(new))));
        }
    }
    Entry {
        list: if record.cancelled { TAKEN_BACK } else { CORRECTED },
        who: record.who(),
        numbers: record.numbers.clone(),
        changes,
        why: record.care(),
    }
}

fn yen(amount: i64) -> String {
    format!("{}円", crate::ui::format::yen(amount))
}

impl JudgedRow<'_> {
    /// Returns the row as [`queries::EXPENSES`] takes it.
    pub(super) fn values(&self, society_id: i64, batch_id: i64) -> [Param<'_>; 19] {
        let Self { key, person, record, corrects, replaces } = self;
        let days = record.days.and_then(|days| i32::try_from(days).ok());
        [
            Param::from(society_id),
            Param::from(person.household_id),
            Param::from(record.hint.month.number()),
            Param::from(key.as_slice()),
            Param::from(batch_id),
            Param::from(person.member_id),
            Param::from(record.provider_code.as_deref()),
            Param::from(&record.provider_name),
            Param::from(record.care_kind.code()),
            Param::from(days),
            Param::from(record.amounts.total),
            Param::from(record.amounts.insurer),
            Param::from(record.amounts.public),
            Param::from(record.amounts.self_pay),
            Param::from(record.derived),
            Param::from(&record.note),
            Param::from(record.cancelled || *replaces),
            Param::from(*corrects),
            Param::from(record.billed_in.map(TreatmentMonth::number)),
        ]
    }
}
