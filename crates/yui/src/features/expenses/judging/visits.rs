//! Care that has come already under another claim: billed again, or told in the other form.

use std::collections::{HashMap, HashSet};

use kenpo_formats::{CareKind, TreatmentMonth, text::search_key};
use yui_db::Tx;

use super::forms::ClaimForm;
use crate::features::{
    expenses::{
        import::ExpenseImport,
        incoming::Record,
        placing::MatchedPerson,
        queries::{self, Visit},
    },
    imports::Newest,
};

/// Another form in which the care of a record has come already.
pub(super) enum SameVisit<'v> {
    /// Billed in an earlier month: the record replaces it.
    BilledAgain(&'v Visit),
    /// One of several that were billed in an earlier month, of other totals: it is not known which.
    BilledAgainOneOf(usize),
    /// Billed in a later month: the record is out of date.
    BilledLater(TreatmentMonth),
    /// An electronic claim beside a row of a CSV.
    OtherForm,
}

/// The key of a person's care at one provider in one month.
pub(super) type VisitKey = (i64, i32, &'static str);

/// The claims that electronic files have of one visit, by the visit's key.
pub(in super::super) type VisitsSeen = Newest<(i64, i32, &'static str, String), TreatmentMonth>;

impl ExpenseImport {
    /// Returns the known care of the records' persons that the records may report again.
    pub(super) async fn visits(
        &self,
        tx: &mut Tx,
        meant: &[(Vec<u8>, MatchedPerson, &Record)],
    ) -> anyhow::Result<HashMap<VisitKey, Vec<Visit>>> {
        let mut known: HashMap<VisitKey, Vec<Visit>> = HashMap::new();
        let months = meant.iter().map(|(.., record)| record.hint.month);
        let Some((first, last)) = months.clone().min().zip(months.max()).filter(|_| self.other_files) else {
            return Ok(known);
        };
        let members: HashSet<_> = meant.iter().map(|(_, person, _)| person.member_id).collect();
        let members: Vec<_> = members.into_iter().collect();
        for visit in queries::visits(tx, &self.scope, (first, last), &members).await? {
            if let Some(kind) = CareKind::from_code(&visit.care_kind) {
                let key = (visit.version.member_id, visit.version.treatment_month, kind.code());
                known.entry(key).or_default().push(visit);
            }
        }
        Ok(known)
    }

    /// Returns the other month in which an earlier claim of this file was billed for the same visit.
    pub(super) fn billed_in_this_file(&mut self, person: MatchedPerson, record: &Record) -> Option<TreatmentMonth> {
        let (billed_in, provider) = (record.billed_in?, record.provider_code.as_ref()?);
        let key = (person.member_id, record.hint.month.number(), record.care_kind.code(), provider.clone());
        if let Some(before) = self.visits_seen.get(&key) {
            return (*before != billed_in).then_some(*before);
        }
        self.visits_seen.insert(key, billed_in);
        None
    }
}

pub(super) fn visit_key(person: MatchedPerson, record: &Record) -> VisitKey {
    (person.member_id, record.hint.month.number(), record.care_kind.code())
}

/// Returns the known care that is the same visit under another key, if any. Care that another record of the file has
/// replaced already is not replaced again, nor is care of this batch itself.
pub(super) fn same_visit<'v>(
    known: &'v [Visit],
    batch_id: Option<i64>,
    (key, record): (&[u8], &Record),
    is_replaced: impl Fn(&Vec<u8>) -> bool,
) -> Option<SameVisit<'v>> {
    let others = || known.iter().filter(|visit| visit.version.claim_key != key);
    if let Some(billed_in) = record.billed_in {
        let of_provider =
            |visit: &&Visit| visit.provider_code == record.provider_code && Some(visit.version.batch_id) != batch_id;
        let billed = |visit: &Visit| visit.billing_month.and_then(TreatmentMonth::from_number);
        let electronic = || others().filter(of_provider);
        if let Some(later) = electronic().filter_map(billed).find(|month| *month > billed_in) {
            return Some(SameVisit::BilledLater(later));
        }
        let is_earlier = |visit: &&Visit| billed(visit).is_some_and(|month| month < billed_in);
        let earlier: Vec<_> =
            electronic().filter(is_earlier).filter(|visit| !is_replaced(&visit.version.claim_key)).collect();
        let of_total = earlier.iter().find(|visit| visit.version.total == record.amounts.total);
        match (of_total, earlier.as_slice()) {
            (Some(visit), _) | (None, [visit]) => return Some(SameVisit::BilledAgain(visit)),
            (None, []) => {}
            (None, several) => return Some(SameVisit::BilledAgainOneOf(several.len())),
        }
    }
    let other_form = |visit: &Visit| {
        ClaimForm::of(visit.billing_month.and_then(TreatmentMonth::from_number)) != ClaimForm::of(record.billed_in)
            && visit.version.total == record.amounts.total
            && match (&visit.provider_code, &record.provider_code) {
                (Some(theirs), Some(ours)) => theirs == ours,
                _ => search_key(&visit.provider_name) == search_key(&record.provider_name),
            }
    };
    others().any(other_form).then_some(SameVisit::OtherForm)
}
