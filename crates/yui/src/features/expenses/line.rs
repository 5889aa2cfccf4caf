//! The line of a statement: what one person had in one month at one provider, of one kind of care.

use std::collections::HashMap;

use jiff::Timestamp;
use kenpo_formats::{CareKind, TreatmentMonth};

use crate::ui::{
    Lang,
    format::{care, care_kind},
};

/// One line of the notice: one provider, one patient, one month, one kind of care; yen.
#[derive(Clone, Debug)]
pub(crate) struct ExpenseLine {
    pub(crate) month: TreatmentMonth,
    pub(crate) member_id: i64,
    pub(crate) patient: String,
    pub(crate) provider_name: String,
    pub(crate) care_kind: CareKind,
    pub(crate) days: Option<i32>,
    pub(crate) total: i64,
    pub(crate) insurer: i64,
    pub(crate) public: i64,
    pub(crate) self_pay: i64,
    pub(crate) derived: bool,
    pub(crate) note: String,
    pub(crate) published_at: Option<Timestamp>,
    /// The claims that it is the sum of, where they are several.
    pub(crate) parts: Vec<ExpenseLine>,
}

/// A line as one claim made it.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) provider_code: Option<String>,
    pub(super) line: ExpenseLine,
}

/// Returns these claims, those of the same month, patient, provider and kind of care joined into one line, where the first of them was.
/// A provider is the same where code and name are; of claims that have neither, nobody can tell. An adjustment stays a line of its own.
pub(super) fn joined(claims: Vec<Claimed>) -> Vec<ExpenseLine> {
    let mut lines: Vec<ExpenseLine> = Vec::with_capacity(claims.len());
    let mut at = HashMap::new();
    for Claimed { provider_code, line } in claims {
        let code = provider_code.unwrap_or_default();
        if line.is_adjustment() || code.is_empty() && line.provider_name.is_empty() {
            lines.push(line);
            continue;
        }
        let key = (line.month, line.member_id, line.care_kind, code, line.provider_name.clone());
        let place = *at.entry(key).or_insert(lines.len());
        match lines.get_mut(place) {
            Some(sum) => sum.add(line),
            None => lines.push(line),
        }
    }
    lines
}

impl ExpenseLine {
    /// Returns whether the line changes what other lines say: only then amounts are negative.
    pub(crate) fn is_adjustment(&self) -> bool {
        [self.total, self.insurer, self.public, self.self_pay].iter().any(|amount| *amount < 0)
    }

    /// Returns kind and days of care, or of which kind of care this is an adjustment: `通院／1日`, `調整（通院）`.
    pub(crate) fn care(&self, lang: Lang) -> String {
        match self.is_adjustment() {
            true => lang.tf("調整（{0}）", [care_kind(lang, self.care_kind)]),
            false => care(lang, self.care_kind, self.days),
        }
    }

    fn add(&mut self, part: Self) {
        if self.parts.is_empty() {
            self.parts.push(self.clone());
        }
        self.days = self.days.zip(part.days).map(|(days, more)| days + more);
        self.total += part.total;
        self.insurer += part.insurer;
        self.public += part.public;
        self.self_pay += part.self_pay;
        self.derived |= part.derived;
        self.published_at = self.published_at.max(part.published_at);
        let known = self.parts.iter().any(|other| other.note == part.note);
        if !part.note.is_empty() && !known {
            self.note = if self.note.is_empty() { part.note.clone() } else { format!("{}、{}", self.note, part.note) };
        }
        self.parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::features::expenses::Totals;

    fn claim(code: &str, name: &str, kind: CareKind, yen: i64, note: &str) -> Claimed {
        let line = ExpenseLine {
            month: TreatmentMonth::of(jiff::civil::date(2025, 1, 1)),
            member_id: 1,
            patient: "テスト タロウ".into(),
            provider_name: name.into(),
            care_kind: kind,
            days: Some(1),
            total: yen,
            insurer: 0,
            public: 0,
            self_pay: yen,
            derived: false,
            note: note.into(),
            published_at: None,
            parts: Vec::new(),
        };
        Claimed { provider_code: (!code.is_empty()).then(|| code.to_owned()), line }
    }

    #[test]
    fn claims_of_one_provider_are_one_line_with_its_parts() {
        use CareKind::{Inpatient, Outpatient};
        let lines = joined(vec![
            claim("", "みほん医院", Outpatient, 100, "甲"),
            claim("", "れいじ医院", Outpatient, 10, ""),
            claim("", "みほん医院", Outpatient, 200, "乙"),
            claim("", "みほん医院", Inpatient, 1_000, ""),
            claim("", "みほん医院", Outpatient, 300, "甲"),
        ]);
        let told: Vec<_> = lines.iter().map(|line| (line.total, line.days, line.note.as_str())).collect();
        assert_eq!(told, [(600, Some(3), "甲、乙"), (10, Some(1), ""), (1_000, Some(1), "")]);
        assert_eq!(lines.iter().map(|line| line.parts.len()).collect::<Vec<_>>(), [3, 0, 0]);
        assert_eq!(lines[0].parts.iter().map(|part| part.total).collect::<Vec<_>>(), [100, 200, 300]);
    }

    #[test]
    fn what_nobody_can_tell_apart_or_together_stays_apart() {
        use CareKind::Pharmacy;
        // Two shops of one name; two claims of which nobody knows the provider.
        let apart = [("1", "みほん薬局"), ("2", "みほん薬局"), ("", "みほん薬局"), ("", ""), ("", "")];
        assert_eq!(joined(apart.map(|(code, name)| claim(code, name, Pharmacy, 1, "")).into()).len(), 5);
        // A provider without a name that has its code is one.
        assert_eq!(
            joined([("7", ""), ("7", "")].map(|(code, name)| claim(code, name, Pharmacy, 1, "")).into()).len(),
            1
        );
        let unknown = |mut claim: Claimed| {
            claim.line.days = None;
            claim
        };
        let days = joined(vec![claim("7", "", Pharmacy, 1, ""), unknown(claim("7", "", Pharmacy, 1, ""))]);
        assert_eq!(days[0].days, None, "the sum of what is not known is not known");
    }

    #[test]
    fn an_adjustment_is_a_line_of_its_own() {
        let mut refund = claim("1", "みほん医院", CareKind::Outpatient, 0, "付加給付");
        (refund.line.insurer, refund.line.self_pay) = (5_000, -5_000);
        let lines = joined(vec![
            claim("1", "みほん医院", CareKind::Outpatient, 8_000, ""),
            refund.clone(),
            claim("1", "みほん医院", CareKind::Outpatient, 100, ""),
            refund,
        ]);
        assert_eq!(lines.iter().map(|line| line.self_pay).collect::<Vec<_>>(), [8_100, -5_000, -5_000]);
        let words = |lang| [lines[0].care(lang), lines[1].care(lang)];
        assert_eq!(words(Lang::Ja), ["通院／2日", "調整（通院）"]);
        assert_eq!(words(Lang::En), ["Outpatient / 2 days", "Adjustment (Outpatient)"]);
    }

    proptest! {
        #[test]
        fn joining_changes_no_total(rows in prop::collection::vec((0..3usize, 0..3usize, -5_000..10_000i64), 0..40)) {
            let names = ["", "みほん医院", "れいじ医院"];
            let codes = ["", "1", "2"];
            let claims: Vec<_> = rows
                .iter()
                .map(|(name, code, yen)| claim(codes[*code], names[*name], CareKind::Outpatient, *yen, ""))
                .collect();
            let before = Totals::of(claims.iter().map(|claim| &claim.line));
            let lines = joined(claims);
            prop_assert_eq!(Totals::of(&lines), before);
            for line in lines.iter().filter(|line| !line.parts.is_empty()) {
                prop_assert!(line.parts.iter().all(|part| !part.is_adjustment()));
                prop_assert_eq!(Totals::of(&line.parts), Totals::of([line]));
            }
        }
    }
}
