//! Decides which records of a chunk are taken, and what they correct.

use super::{
    import::ExpenseImport,
    incoming::Record,
    names::PERSON,
    placing::{MatchedPerson, PlacedClaim, Unplaced},
    queries::{self, ClaimVersion},
};
mod changes;
mod forms;
mod visits;

use std::collections::{HashMap, HashSet};

use kenpo_formats::TreatmentMonth;
use yui_db::{Tx, Values, push};

pub(super) use self::{changes::LISTS, forms::FormsSeen, visits::VisitsSeen};
use self::{
    changes::{BILLED_AGAIN, changed, other_form},
    visits::{SameVisit, same_visit, visit_key},
};
use crate::{
    core::scope::SystemScope,
    features::imports::{Applied, ChunkFault, Entry, FaultKind},
};

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
    pub(super) person: MatchedPerson,
    pub(super) record: &'r Record,
    /// Whether another batch has this claim already.
    pub(super) corrects: bool,
    /// Whether the row only takes the claim back, whose care the record bills again under another number.
    pub(super) replaces: bool,
}

impl ExpenseImport {
    /// Returns which of the records are taken: by the batch of this number or, in a check, by none.
    pub(super) async fn judged<'r>(
        &mut self,
        tx: &mut Tx,
        batch_id: Option<i64>,
        placed: Vec<PlacedClaim>,
        records: impl Iterator<Item = &'r Record>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Judged<'r>> {
        let mut judged = Judged { applied: Applied::default(), rows: Vec::new(), unmatched: Vec::new() };
        let mut meant = Vec::with_capacity(placed.len());
        for (PlacedClaim { key, person }, record) in placed.into_iter().zip(records) {
            let (kind, column, reason) = match person {
                Ok(person) => {
                    meant.push((key, person, record));
                    continue;
                }
                Err(Unplaced::Unmatched(mismatch)) => {
                    self.counts.waiting += 1;
                    judged.unmatched.push((key, record, mismatch.reason()));
                    (FaultKind::Unmatched, PERSON, mismatch.reason().to_owned())
                }
                Err(Unplaced::Fault(kind, column, reason)) => (kind, column, reason),
            };
            faults.push(ChunkFault { kind, fault: record.finding(column, reason) });
        }
        let visits = self.visits(tx, &meant).await?;
        let keys: Vec<_> = meant.iter().map(|(key, ..)| key.clone()).collect();
        let there = queries::versions_of(tx, &self.scope, &keys).await?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = there.iter().partition(|claim| Some(claim.batch_id) == batch_id);
        let in_this_batch: HashSet<_> = here.into_iter().map(|claim| claim.claim_key.as_slice()).collect();
        let mut versions: HashMap<&[u8], Vec<&ClaimVersion>> = HashMap::with_capacity(elsewhere.len());
        for version in elsewhere {
            versions.entry(&version.claim_key).or_default().push(version);
        }

        let mut seen = HashSet::new();
        judged.rows.reserve(meant.len());
        for (key, person, record) in meant {
            let mut refuse = |column: &str, reason: &str| {
                faults.push(ChunkFault { kind: FaultKind::Rejected, fault: record.finding(column, reason) });
            };
            let mut replaced = None;
            if !versions.contains_key(key.as_slice()) {
                let known = visits.get(&visit_key(person, record)).map(Vec::as_slice).unwrap_or_default();
                let is_replaced = |key: &Vec<u8>| seen.contains(key) || self.checked.get(key).is_some();
                let found = same_visit(known, batch_id, (&key, record), is_replaced);
                let in_these_files = self.other_form_in_these_files(person, record);
                match found.or_else(|| in_these_files.then_some(SameVisit::OtherForm)) {
                    Some(SameVisit::BilledAgain(visit)) => {
                        replaced = Some(visit);
                    }
                    Some(SameVisit::BilledLater(month)) => {
                        refuse("請求年月", &billed_later(month));
                        continue;
                    }
                    Some(SameVisit::BilledAgainOneOf(count)) => {
                        refuse("請求年月", &billed_again_one_of(count));
                        continue;
                    }
                    Some(SameVisit::OtherForm) if record.cancelled => {}
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
                if let Some(month) = self.billed_in_this_file(person, record) {
                    refuse("請求年月", &billed_in_this_file(month));
                    continue;
                }
            }
            let before_in_file = in_this_batch.contains(key.as_slice()) || self.checked.get(&key).is_some();
            if before_in_file || !seen.insert(key.clone()) {
                refuse("請求番号", "同じ請求がこのファイルの前の行にもあります。");
                continue;
            }
            let known = versions.get(key.as_slice()).map(Vec::as_slice).unwrap_or_default();
            if let Some(why) = why_no_version(known.iter().copied(), person, record) {
                refuse("請求番号", why);
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
                applied.notices.push(record.finding("請求年月", reason));
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
}

const OTHER_FORM: &str =
    "同じ診療が、別の形式（CSVまたは電子レセプト）のファイルで取り込み済みとみられるため、取り込みません。";

/// Returns why a claim, with its key and its person, is not taken by hand beside the claims that are there.
pub(super) async fn why_not_taken(
    tx: &mut Tx,
    scope: &SystemScope,
    meant: (Vec<u8>, MatchedPerson, &Record),
) -> anyhow::Result<Option<String>> {
    let (key, person, record) = &meant;
    let versions = queries::versions_of(tx, scope, std::slice::from_ref(key)).await?;
    if let Some(why) = why_no_version(&versions, *person, record) {
        return Ok(Some(why.to_owned()));
    }
    if !versions.is_empty() {
        return Ok(None);
    }
    let import = ExpenseImport::new(scope.clone(), Vec::new(), record.hint.month).among_all();
    let visits = import.visits(tx, std::slice::from_ref(&meant)).await?;
    let known = visits.get(&visit_key(*person, record)).map(Vec::as_slice).unwrap_or_default();
    Ok(same_visit(known, None, (key, record), |_| false).map(|visit| match visit {
        SameVisit::BilledAgainOneOf(count) => billed_again_one_of(count),
        SameVisit::BilledAgain(_) => BILLED_BEFORE.to_owned(),
        SameVisit::BilledLater(month) => billed_later(month),
        SameVisit::OtherForm => OTHER_FORM.to_owned(),
    }))
}

const BILLED_BEFORE: &str = "この診療の、前に請求されたものがすでにあります（再請求）。前の請求を1件ずつの画面で取り下げてから、割り当ててください。";

fn billed_again_one_of(count: usize) -> String {
    format!(
        "この診療の、前に請求されたものが{count}件あり、どれの再請求か決められません。前の請求を1件ずつの画面で取り下げてから、もう一度取り込んでください。"
    )
}

fn billed_later(month: TreatmentMonth) -> String {
    format!("この診療は、{month}に再請求されたものを取り込み済みです。")
}

fn billed_in_this_file(month: TreatmentMonth) -> String {
    format!(
        "同じ診療の{month}の請求が、このファイルの前の行、またはいっしょに選んだファイルにあります（再請求）。1件だけを取り込みます。"
    )
}

/// Returns why the record is not accepted as a version of its claim, which has these versions already.
fn why_no_version<'v>(
    versions: impl IntoIterator<Item = &'v ClaimVersion>,
    person: MatchedPerson,
    record: &Record,
) -> Option<&'static str> {
    let mut versions = versions.into_iter().peekable();
    if record.cancelled && versions.peek().is_none() {
        return Some("取り消す請求が見つかりません。請求番号を確かめてください。");
    }
    let own = (person.member_id, record.hint.month.number());
    versions
        .any(|version| (version.member_id, version.treatment_month) != own)
        .then_some("この請求番号は、別の人または別の月の請求で使われています。")
}

impl JudgedRow<'_> {
    /// Returns the row as [`queries::EXPENSES`] takes it.
    pub(super) fn push_to(&self, values: &mut Values, society_id: i64, batch_id: i64) {
        let Self { key, person, record, corrects, replaces } = self;
        let days = record.days.and_then(|days| i32::try_from(days).ok());
        push!(
            values;
            society_id,
            person.household_id,
            record.hint.month.number(),
            key.as_slice(),
            batch_id,
            person.member_id,
            record.provider_code.as_deref(),
            &record.provider_name,
            record.care_kind.code(),
            days,
            record.amounts.total,
            record.amounts.insurer,
            record.amounts.public,
            record.amounts.self_pay,
            record.derived,
            &record.note,
            record.cancelled || *replaces,
            *corrects,
            record.billed_in.map(TreatmentMonth::number),
        );
    }
}
