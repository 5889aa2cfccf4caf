//! The changes that a file makes to existing claims, for the preview.

use kenpo_formats::{Fault, amounts::Amounts};

use crate::{
    features::{
        expenses::{import::ExpenseImport, incoming::Record, names::SAME_VISIT, queries::ClaimVersion},
        imports::{Applied, Change, Entry},
    },
    ui::format,
};

/// The lists of a preview.
pub(in super::super) const LISTS: &[(&str, &str)] = &[
    (CORRECTED, "訂正"),
    (TAKEN_BACK, "取消"),
    (BILLED_AGAIN, "再請求（前の請求と入れ替え）"),
    (SAME_VISIT, "別の形式で取込済みの診療"),
];
const CORRECTED: &str = "corrected";
const TAKEN_BACK: &str = "taken_back";
pub(super) const BILLED_AGAIN: &str = "billed_again";

impl ExpenseImport {
    /// Compares a record with the existing versions of its claim.
    pub(super) fn compare(
        &mut self,
        versions: &[&ClaimVersion],
        record: &Record,
        is_check: bool,
        applied: &mut Applied,
    ) {
        // A file that was withdrawn comes back to its old place among the versions.
        let own = self.version_order.unwrap_or(i64::MAX);
        let Some(shown) = versions.iter().max_by_key(|version| version.version_order) else { return };
        if shown.version_order > own {
            return;
        }
        let says = (record.cancelled, record.amounts);
        let of = |version: &ClaimVersion| (version.cancelled, version.amounts());
        if of(shown) == (says.0, Some(says.1)) {
            return;
        }
        self.counts.over_hand += i64::from(shown.by_hand);
        let is_old = |version: &&&ClaimVersion| version.version_order < shown.version_order;
        let comes_back = versions.iter().filter(is_old).any(|version| of(version) == (says.0, Some(says.1)));
        self.counts.back_to_old += i64::from(comes_back);
        if is_check && let Some(old) = shown.amounts() {
            applied.entries.push(changed(shown.cancelled, old, record));
        }
    }

    /// Returns the findings so far that staff have to confirm.
    pub(in super::super) fn to_confirm(&self) -> Vec<Fault> {
        let told = |count: i64, reason: &str| {
            (count > 0).then(|| Fault::new(0, "訂正", format!("{count}件の請求は、{reason}")))
        };
        let old = "いまより前に取り込んだ内容に戻ります。古いファイルではないか確かめてください。";
        let hand = "職員が手作業で変更した内容を、このファイルの内容に置き換えます。";
        told(self.counts.back_to_old, old).into_iter().chain(told(self.counts.over_hand, hand)).collect()
    }
}

pub(super) fn other_form(record: &Record) -> Entry {
    Entry {
        list: SAME_VISIT,
        who: record.who(),
        numbers: record.numbers.clone(),
        changes: vec![Change::new("医療費総額", yen(record.amounts.total), yen(record.amounts.total))],
        why: record.care(),
    }
}

/// Returns the change of a claim from these amounts to those of the record.
pub(super) fn changed(was_cancelled: bool, old: Amounts, record: &Record) -> Entry {
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
    format!("{}円", format::yen(amount))
}
