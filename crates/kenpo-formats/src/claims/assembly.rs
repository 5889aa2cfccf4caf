//! Claims assembled from their records, from either kind of file.

use super::claim::Claim;
use super::draft::{Draft, Stay};
use super::institution::Institution;
use super::kind::Kind;
use super::record::Record;
use super::totals::{Stated, Totals};
use crate::fault::Fault;
use crate::month::TreatmentMonth;

/// The most notices that are kept.
const MAX_NOTICES: usize = 1000;

/// The open claim and block while records are read.
pub(super) struct Assembly {
    draft: Option<Draft>,
    /// The UK record of dental files.
    reception: Option<Institution>,
    institution: Option<Result<Institution, Fault>>,
    admin_number: Option<String>,
    /// Whether MN stood before the institution record that is still to come.
    announced: bool,
    /// Whether MN stood before the institution record: such claims have no GO behind them.
    administered: bool,
    /// Whether GO is still to come: until the first, and again after an institution or claim that follows one.
    open: bool,
    /// Claims and points since the last GO.
    claims: i64,
    points: i64,
    totals: Totals,
    stated: Option<Stated>,
    /// Whether the claims to come were corrected by the payer agency.
    pub(super) corrected: bool,
    corrections_not_applied: u64,
    reviews: u64,
    parts_of_summaries: u64,
    summary: Option<Stay>,
    notices: Vec<Fault>,
    pub(super) pending: Option<Fault>,
}

impl Assembly {
    pub(super) fn new() -> Self {
        Self {
            draft: None,
            reception: None,
            institution: None,
            admin_number: None,
            announced: false,
            administered: false,
            open: true,
            claims: 0,
            points: 0,
            totals: Totals::default(),
            stated: None,
            corrected: false,
            corrections_not_applied: 0,
            reviews: 0,
            parts_of_summaries: 0,
            summary: None,
            notices: Vec::new(),
            pending: None,
        }
    }

    pub(super) fn notices(&self) -> &[Fault] {
        &self.notices
    }

    pub(super) fn parts_of_summaries(&self) -> u64 {
        self.parts_of_summaries
    }

    pub(super) fn notice(&mut self, fault: Fault) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(fault);
        }
    }

    /// Makes the open claim a broken one; without one the fault stands alone.
    pub(super) fn spoil(&mut self, fault: Fault) {
        match &mut self.draft {
            Some(draft) => draft.spoil(fault),
            None => self.pending = Some(fault),
        }
    }

    /// Takes in one record, and returns the claim that it closes.
    #[inline]
    pub(super) fn take(&mut self, kind: Kind, record: &Record<'_>) -> Option<Result<Claim, Fault>> {
        let closed = self.open_or_close(kind, record);
        let item = closed.and_then(|draft| self.finish(draft));
        self.compare_totals();
        item
    }

    /// Counts a record that is needed for nothing else.
    pub(super) fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Correction => self.corrections_not_applied += 1,
            Kind::Review => self.reviews += 1,
            _ => {}
        }
    }

    /// Returns the month in which the claims of the institution were billed.
    pub(super) fn billing_month(&self) -> Option<TreatmentMonth> {
        self.institution.as_ref()?.as_ref().ok().map(|institution| institution.billing_month)
    }

    fn open_or_close(&mut self, kind: Kind, record: &Record<'_>) -> Option<Draft> {
        match kind {
            Kind::Part => {
                match &mut self.draft {
                    Some(draft) => draft.add(record),
                    None => {
                        self.pending =
                            Some(record.fault("", "レセプト共通(RE)より前にあります。この行は読み取れません。"));
                    }
                }
                None
            }
            Kind::Claim => {
                let admin_number = self.admin_number.take();
                let next = Draft::new(record.line(), record, self.institution.as_ref(), admin_number, self.corrected);
                self.open = true;
                self.draft.replace(next)
            }
            Kind::Institution => {
                let mut institution = Institution::read(record);
                if let (Ok(institution), Some(reception)) = (&mut institution, &self.reception)
                    && institution.provider.name.is_empty()
                    && institution.provider.code == reception.provider.code
                {
                    institution.provider.name.clone_from(&reception.provider.name);
                }
                self.institution = Some(institution);
                self.administered = std::mem::take(&mut self.announced);
                self.open = true;
                self.draft.take()
            }
            Kind::Reception => {
                self.reception = Institution::read(record).ok();
                self.draft.take()
            }
            Kind::Admin => {
                match record.optional(1, "レセプト管理番号") {
                    Ok(admin) => self.admin_number = admin,
                    Err(fault) => self.pending = Some(fault),
                }
                self.announced = true;
                self.draft.take()
            }
            Kind::Total => {
                let total = |index| record.number(index, "総数").ok().flatten();
                self.stated = Some(Stated { line: record.line(), claims: total(1), points: total(2) });
                self.open = false;
                self.institution = None;
                self.admin_number = None;
                self.announced = false;
                self.draft.take()
            }
            Kind::Correction | Kind::Review | Kind::PassedOver => None,
        }
    }

    /// Returns the claim of a draft; none where another claim has its points.
    #[inline]
    fn finish(&mut self, draft: Draft) -> Option<Result<Claim, Fault>> {
        if draft.is_part_of_summary() {
            self.parts_of_summaries += 1;
            if draft.stay() != self.summary {
                let reason =
                    "総括レセプトの内訳(総括区分2か3)ですが、その前に総括レセプト(1)がありません。点数は数えません。";
                self.notice(draft.notice("RE.総括区分", reason));
            }
            return None;
        }
        self.claims += 1;
        if draft.odd_order {
            let reason =
                "訪問看護のレコードの並びが記録条件仕様と違います。氏名、性別、生年月日だけを医科の並びで読みました。";
            self.notice(draft.notice("RE", reason));
        }
        if draft.is_summary() {
            self.summary = draft.stay();
        }
        Some(draft.finish().inspect(|claim| {
            let points = claim.coverage.as_ref().map(|coverage| coverage.points);
            let points = points.or_else(|| claim.public.first().and_then(|public| public.points)).unwrap_or(0);
            self.points = self.points.saturating_add(points);
            if claim.name.contains(is_private) || claim.provider.name.contains(is_private) {
                let reason = "氏名か医療機関名に外字があります。正しい文字を確認してください。";
                self.notice(claim.about(Fault::new(claim.line, "RE.氏名", reason)));
            }
        }))
    }

    /// Compares the totals in GO with the records read since the last one.
    fn compare_totals(&mut self) {
        let Some(stated) = self.stated.take() else { return };
        let (claims, points) = (std::mem::take(&mut self.claims), std::mem::take(&mut self.points));
        for (name, stated_total, total) in [("総件数", stated.claims, claims), ("総合計点数", stated.points, points)]
        {
            if let Some(stated_total) = stated_total.filter(|stated_total| *stated_total != total) {
                let reason = format!("{stated_total}と書かれていますが、読み取った合計は{total}です。");
                self.notice(Fault::new(stated.line, format!("GO.{name}"), reason));
            }
        }
        self.totals.add(claims, points, Some(&stated));
    }

    /// Returns the totals read so far and the totals stated.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = self.totals;
        totals.add(self.claims, self.points, None);
        totals
    }

    /// Ends the reading, and returns the last claim if no GO closed it. A claim that should have been closed by a GO is
    /// withheld; files of payers have none.
    pub(super) fn end(&mut self, of_payer: bool) -> Result<Option<Result<Claim, Fault>>, Cut> {
        if self.corrections_not_applied > 0 {
            let count = self.corrections_not_applied;
            let reason = format!(
                "審査による補正(JY)が{count}件ありますが、行番号のないファイルのため反映できません。点数は補正前です。"
            );
            self.notice(Fault::new(0, "JY", reason));
        }
        if self.reviews > 0 {
            let count = self.reviews;
            self.notice(Fault::new(0, "MK", format!("再審査の結果(MK)が{count}件あります。読み飛ばしました。")));
        }
        // What payers receive begins each claim with an MN: one without a claim behind it is all that was left of its claim.
        if of_payer && self.draft.is_none() && self.admin_number.is_some() {
            return Err(Cut { withheld: None });
        }
        if self.open && !self.administered && !of_payer {
            return Err(Cut { withheld: self.draft.take().map(|draft| draft.line) });
        }
        self.open = false;
        Ok(self.draft.take().and_then(|draft| self.finish(draft)))
    }
}

/// A file that ends in the middle.
pub(super) struct Cut {
    /// The line of the claim that was withheld.
    pub(super) withheld: Option<u64>,
}

/// Returns whether a character is of the private use area, where 外字 of Windows-31J come to lie.
fn is_private(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}')
}
