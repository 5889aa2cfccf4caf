//! Pictures of expenses, each with the same values in words or in a table.

use kenpo_formats::TreatmentMonth;

use super::{Arrival, ExpenseLine, Totals, VisibleMonths, arrival::span, rules};
use crate::ui::{
    Lang,
    format::{care_kind, month_long, month_of_year, yen},
    widgets::{
        chart::{Columns, Ranking},
        split::Split,
    },
};

/// Returns self-pay by month as columns; the newest month with a value is stressed, and those that have not arrived are said to be missing.
pub(super) fn by_month(lang: Lang, months: &[(TreatmentMonth, i64)], arrival: Arrival) -> Columns {
    let values: Vec<_> = months.iter().map(|(month, paid)| (month_of_year(lang, *month), *paid)).collect();
    let paid = |(month, paid): &(TreatmentMonth, i64)| lang.tf("{0} {1}円", [month_long(lang, *month), yen(*paid)]);
    let newest = months.iter().rev().find(|(_, paid)| *paid != 0).map(|(month, _)| month.next());
    let after = newest.or(months.first().map(|(month, _)| *month)).zip(months.last().map(|(month, _)| *month));
    let missing = after.and_then(|(first, last)| arrival.missing(VisibleMonths { first, last }));
    let missing = missing.map(|months| lang.tf("{0} 未着", [span(lang, months)]));
    let said: Vec<_> = months.iter().filter(|(_, paid)| *paid != 0).map(paid).chain(missing).collect();
    let summary = format!("{}: {}", lang.t("月ごとの自己負担額"), said.join(lang.t("、")));
    let is_missing = |(month, paid): &(TreatmentMonth, i64)| !arrival.has(*month) && *paid == 0;
    let missing: Vec<_> = months.iter().map(is_missing).collect();
    Columns::new(summary, &values, months.iter().rposition(|(_, paid)| *paid > 0)).missing(&missing, lang.t("未着"))
}

/// Returns self-pay by patient.
pub(super) fn by_patient(lang: Lang, lines: &[ExpenseLine]) -> Ranking {
    let values = rules::self_pay_by_patient(lines).into_iter().map(|(name, paid)| (name.to_owned(), paid)).collect();
    ranking(lang, lang.t("受診者ごとの自己負担額"), values)
}

/// Returns self-pay by kind of care.
pub(super) fn by_kind(lang: Lang, lines: &[ExpenseLine]) -> Ranking {
    let label = |(kind, paid)| (care_kind(lang, kind).to_owned(), paid);
    ranking(lang, lang.t("診療区分ごとの自己負担額"), rules::self_pay_by_kind(lines).into_iter().map(label).collect())
}

fn ranking(lang: Lang, heading: &str, mut values: Vec<(String, i64)>) -> Ranking {
    values.sort_by_key(|(_, paid)| std::cmp::Reverse(*paid));
    let said: Vec<_> = values.iter().map(|(label, paid)| lang.tf("{0} {1}円", [label.clone(), yen(*paid)])).collect();
    Ranking::new(format!("{heading}: {}", said.join(lang.t("、"))), &values, lang.t("円"))
}

/// Returns who bore how much.
pub(super) fn split(lang: Lang, totals: &Totals) -> Split {
    let parts = [yen(totals.total), yen(totals.insurer), yen(totals.public), yen(totals.self_pay)];
    let said = lang.tf("医療費総額{0}円の内訳: 保険者負担額{1}円、公費負担額{2}円、自己負担額{3}円", parts);
    Split::new(said, totals.insurer, totals.public, totals.self_pay)
}
