//! The import of expenses: claims and rows of a CSV.

use kenpo_formats::{Fault, TreatmentMonth};
use yui_db::{Tx, Values};

use super::{
    incoming::Incoming,
    judging::{FormsSeen, Judged, VisitsSeen},
    kind::ExpenseFiles,
    placing::{PlacedClaim, Placing},
    queries, read, unmatched,
};
use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::imports::{
        Applied, ChunkFault, FileTotals, Format, HISTORY, Importer, Kind, Members, Newest, Read, Source,
    },
};

/// The import of expenses for one society.
#[derive(Debug)]
pub struct ExpenseImport {
    pub(super) scope: SystemScope,
    insurer_numbers: Vec<String>,
    this_month: TreatmentMonth,
    /// Whether the file is the history of an older portal.
    pub(super) history: bool,
    pub(super) counts: ExpenseCounts,
    /// The claims that a check has seen: an import asks the database instead. If two equal claims are further apart
    /// than its memory reaches, only the import finds the second.
    pub(super) checked: Newest<Vec<u8>, ()>,
    pub(super) visits_seen: VisitsSeen,
    /// The visits of the file, if it consists of parts in both forms.
    pub(super) forms_seen: Option<FormsSeen>,
    amount: i64,
    people: Members,
    /// The file's order among the versions of claims, if it was imported before and withdrawn.
    pub(super) version_order: Option<i64>,
    /// Whether there are other files whose claims may be of the same visits.
    pub(super) other_files: bool,
    /// Whether care is accepted that has come in the other form already.
    pub(super) takes_other_form: bool,
    /// Whether the check's findings that need confirmation were reported.
    told: bool,
    /// Whether it was reported that not all unmatched claims are kept.
    told_left_out: bool,
}

/// The counts beside the number of records.
#[derive(Debug, Default)]
pub(super) struct ExpenseCounts {
    pub(super) derived: i64,
    pub(super) cancelled: i64,
    /// Of a history: the claims that another batch has, too.
    pub(super) elsewhere: i64,
    pub(super) billed_again: i64,
    pub(super) other_form: i64,
    /// Unmatched claims.
    pub(super) waiting: i64,
    /// Claims that staff changed by hand and the file changes again.
    pub(super) over_hand: i64,
    /// Claims that the file returns to the content of an earlier version.
    pub(super) back_to_old: i64,
}

const CHECKED_KEPT: usize = 300_000;

impl ExpenseImport {
    /// Returns an import for this society, which owns these insurer numbers.
    pub fn new(scope: SystemScope, insurer_numbers: Vec<String>, this_month: TreatmentMonth) -> Self {
        Self {
            scope,
            insurer_numbers,
            this_month,
            history: false,
            counts: ExpenseCounts::default(),
            checked: Newest::new(CHECKED_KEPT),
            visits_seen: Newest::new(CHECKED_KEPT),
            forms_seen: None,
            amount: 0,
            people: Members::default(),
            version_order: None,
            other_files: false,
            takes_other_form: true,
            told: false,
            told_left_out: false,
        }
    }

    /// Returns the import of an older portal's history, which supersedes no claim of another file.
    #[must_use]
    pub fn of_history(self) -> Self {
        Self { history: true, version_order: Some(i64::MIN), ..self }
    }

    /// Returns the import of a file beside others: their records of the same visits are looked for.
    pub(super) fn beside(self, queries::Beside { other_files, version_order }: queries::Beside) -> Self {
        Self { other_files, version_order, ..self }
    }

    /// Returns the import of a file whose parts may report one visit in both forms.
    pub(super) fn of_parts(self, source: &Source) -> Self {
        let has = |format| source.files().iter().any(|file| file.format == format);
        if !(has(Format::Csv) && has(Format::Claims)) {
            return self;
        }
        Self { other_files: true, forms_seen: Some(Newest::new(CHECKED_KEPT)), ..self }
    }

    /// Returns the import of claims among all existing ones: care that has come in the other form is left out.
    pub(super) fn among_all(self) -> Self {
        Self { other_files: true, takes_other_form: false, ..self }
    }

    /// Returns the import with the answer whether to accept care that has come in the other form already.
    pub(super) fn taking_other_form(self, takes_other_form: bool) -> Self {
        Self { takes_other_form, ..self }
    }
}

/// The name of the detail that counts care that has come in another form already.
pub(super) const OTHER_FORM: &str = "visits in another form";

/// The name of the detail that counts unmatched claims.
pub(super) const WAITING: &str = "claims that wait";

/// The name of the detail that counts the claims of a history that another batch has, too.
pub(super) const ELSEWHERE: &str = "claims of other batches";

impl Importer for ExpenseImport {
    type Record = Incoming;
    type Finder = Placing;

    fn kind(&self) -> Kind {
        &ExpenseFiles
    }

    fn finder(&self) -> Placing {
        Placing::new(self.scope.clone(), self.insurer_numbers.clone(), self.this_month)
    }

    fn read(source: &Source, mut each: impl FnMut(Read<Incoming>) -> bool) -> Result<(), Vec<Fault>> {
        read::read(source, &mut each)
    }

    fn to_confirm(source: &Source) -> anyhow::Result<Vec<Fault>> {
        read::to_confirm(source)
    }

    async fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<Incoming>,
        placed: Vec<PlacedClaim>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let records = records.iter().map(|incoming| &incoming.record);
        let judged = self.judged(tx, None, placed, records, faults).await?;
        for row in judged.rows {
            self.checked.insert(row.key, ());
            if !row.replaces && !row.record.cancelled {
                self.amount += row.record.amounts.total;
                self.people.insert(row.person.member_id);
            }
        }
        Ok(judged.applied)
    }

    async fn checked(&mut self, _tx: &mut Tx, _wrong: i64) -> anyhow::Result<Option<Applied>> {
        let to_confirm = if std::mem::replace(&mut self.told, true) { Vec::new() } else { self.to_confirm() };
        Ok((!to_confirm.is_empty()).then(|| Applied { to_confirm, ..Applied::default() }))
    }

    async fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<Incoming>,
        placed: Vec<PlacedClaim>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let records = records.iter().map(|incoming| &incoming.record);
        let Judged { applied, rows, unmatched } = self.judged(tx, Some(batch_id), placed, records, faults).await?;
        let mut values = Values::with_capacity(rows.len() * queries::EXPENSES.columns.len());
        for row in &rows {
            row.push_to(&mut values, self.scope.society_id(), batch_id);
        }
        tx.bulk_insert(&queries::EXPENSES, values).await?;
        let left_out = unmatched::keep(tx, &self.scope, batch_id, &unmatched).await?;
        let left_out = left_out.filter(|_| !std::mem::replace(&mut self.told_left_out, true));
        let notices = applied.notices.into_iter().chain(left_out).collect();
        Ok(Applied { to_confirm: self.to_confirm(), notices, ..applied })
    }

    fn is_history(&self) -> bool {
        self.history
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        let mut details = vec![
            ("shares worked out by rule", self.counts.derived),
            ("claims taken back", self.counts.cancelled),
            ("claims billed again", self.counts.billed_again),
            (OTHER_FORM, self.counts.other_form),
            (WAITING, self.counts.waiting),
        ];
        if self.history {
            details.extend([(ELSEWHERE, self.counts.elsewhere), (HISTORY, 1)]);
        }
        details
    }

    fn figures(&self) -> FileTotals {
        FileTotals { amount: Some(self.amount), people: Some(self.people.count()) }
    }
}
