//! The counts of an import.

use kenpo_formats::TreatmentMonth;

use super::{
    report::{Outcome, Report},
    totals::FileTotals,
};

/// The counts of a chunk, or of all.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) records: i64,
    pub(crate) accepted: i64,
    pub(crate) rejected: i64,
    pub(crate) unmatched: i64,
    pub(crate) corrections: i64,
    pub(crate) first_month: Option<i32>,
    pub(crate) last_month: Option<i32>,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.unmatched += other.unmatched;
        self.corrections += other.corrections;
        self.first_month = self.first_month.into_iter().chain(other.first_month).min();
        self.last_month = self.last_month.into_iter().chain(other.last_month).max();
    }

    pub(crate) fn report(&self, outcome: Outcome, batch_id: Option<i64>) -> Report {
        Report {
            outcome,
            batch_id,
            resumed_at: 0,
            records: self.records,
            accepted: self.accepted,
            rejected: self.rejected,
            unmatched: self.unmatched,
            corrections: self.corrections,
            months: months(self.first_month, self.last_month),
            figures: FileTotals::default(),
            details: Vec::new(),
        }
    }
}

impl Counts {
    pub(super) fn of(batch: &super::Batch) -> Self {
        Self {
            records: batch.position,
            accepted: batch.accepted,
            rejected: batch.rejected,
            unmatched: batch.unmatched,
            corrections: batch.corrections,
            first_month: batch.months.map(|(first, _)| first.number()),
            last_month: batch.months.map(|(_, last)| last.number()),
        }
    }
}

/// Returns the months for these numbers.
pub(crate) fn months(first: Option<i32>, last: Option<i32>) -> Option<(TreatmentMonth, TreatmentMonth)> {
    TreatmentMonth::from_number(first?).zip(TreatmentMonth::from_number(last?))
}
