//! Care that files which came as one tell in both forms: a CSV and electronic claims.

use kenpo_formats::{TreatmentMonth, text::search_key};

use crate::features::{
    expenses::{import::ExpenseImport, incoming::Record, placing::MatchedPerson},
    imports::Newest,
};

/// The form in which a file tells of a visit.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(in super::super) enum ClaimForm {
    Csv,
    Electronic,
}

impl ClaimForm {
    pub(super) fn of(billed_in: Option<TreatmentMonth>) -> Self {
        if billed_in.is_some() { Self::Electronic } else { Self::Csv }
    }

    fn other(self) -> Self {
        match self {
            Self::Csv => Self::Electronic,
            Self::Electronic => Self::Csv,
        }
    }
}

/// The visits that files of both forms have, by what a visit is known by in the other form.
pub(in super::super) type FormsSeen = Newest<((i64, i32, &'static str, i64, String), ClaimForm), ()>;

impl ExpenseImport {
    /// Returns whether an earlier record of files that came as one has the same visit in the other form.
    pub(super) fn other_form_in_these_files(&mut self, person: MatchedPerson, record: &Record) -> bool {
        let Some(seen) = self.forms_seen.as_mut().filter(|_| !record.cancelled) else { return false };
        let form = ClaimForm::of(record.billed_in);
        let visit = |provider: String, form| {
            let (month, kind) = (record.hint.month.number(), record.care_kind.code());
            ((person.member_id, month, kind, record.amounts.total, provider), form)
        };
        let by_code = record.provider_code.clone();
        let by_name = search_key(&record.provider_name);
        let of_other_form = |provider: &String| seen.get(&visit(provider.clone(), form.other())).is_some();
        let there = by_code.iter().chain([&by_name]).any(of_other_form);
        by_code.into_iter().chain([by_name]).for_each(|provider| seen.insert(visit(provider, form), ()));
        there
    }
}
