//! Which months have arrived, and what members are told of those that have not: what is not known is never shown as zero.

use jiff::civil::Date;
use kenpo_formats::TreatmentMonth;

use super::VisibleMonths;
use crate::ui::{
    Lang,
    format::{month_long, month_of_year},
};

/// Which months have arrived in a society.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The oldest of which anything is published.
    pub(crate) first: Option<TreatmentMonth>,
    /// The newest that has arrived whole, as the society says.
    pub(crate) through: Option<TreatmentMonth>,
    /// How many months after a month it is usually published.
    pub(crate) expected_after: u8,
}

impl Arrival {
    /// Returns whether the month has arrived whole.
    pub(crate) fn has(self, month: TreatmentMonth) -> bool {
        self.through.is_some_and(|through| month <= through)
    }

    /// Returns whether any of these months has arrived whole.
    pub(crate) fn has_any_of(self, months: VisibleMonths) -> bool {
        self.has(months.first) && self.first.is_some_and(|first| first <= months.last)
    }

    /// Returns those of these months that have not arrived.
    pub(crate) fn missing(self, months: VisibleMonths) -> Option<VisibleMonths> {
        let first = self.through.map_or(months.first, |through| months.first.max(through.next()));
        (first <= months.last).then_some(VisibleMonths { first, last: months.last })
    }

    /// Returns when a month is usually published, unless that is over.
    fn expected(self, month: TreatmentMonth, today: Date) -> Option<TreatmentMonth> {
        let expected = month.plus_months(i32::from(self.expected_after));
        (expected >= TreatmentMonth::of(today)).then_some(expected)
    }

    /// Returns what is said of those of these months that have not arrived, if there are any. `newest` is the newest month of which the
    /// household has a line.
    pub(crate) fn told(
        self,
        lang: Lang,
        months: VisibleMonths,
        newest: Option<TreatmentMonth>,
        today: Date,
    ) -> Option<String> {
        let missing = self.missing(months)?;
        let partly = newest.is_some_and(|newest| newest >= missing.first);
        if self.through.is_none() {
            let words = if partly {
                lang.t("請求がすべてそろった月は、まだありません。届いた請求だけを掲載しています。")
            } else {
                lang.t("医療費は、まだ届いていません。健康保険組合に届きしだい掲載します。")
            };
            return Some(words.to_owned());
        }
        let names = span(lang, missing);
        let what = if partly {
            lang.tf("{0}診療分は、まだそろっていません。届いた請求だけを掲載しています。", [names])
        } else {
            lang.tf("{0}診療分は、まだ届いていません。", [names])
        };
        let when = match self.expected(missing.first, today) {
            Some(expected) if missing.first == missing.last => {
                lang.tf("{0}ごろに掲載する見込みです。", [month_long(lang, expected)])
            }
            Some(expected) => lang.tf(
                "{0}分は、{1}ごろに掲載する見込みです。",
                [month_long(lang, missing.first), month_long(lang, expected)],
            ),
            None => lang.t("健康保険組合に届きしだい掲載します。").to_owned(),
        };
        Some([what, when].join(if lang == Lang::En { " " } else { "" }))
    }
}

/// Returns months in words: `2026年10月`, `2026年10月・11月`, `2026年10月〜12月`, `2026年10月〜2027年1月`.
pub(super) fn span(lang: Lang, VisibleMonths { first, last }: VisibleMonths) -> String {
    let one_year = first.year() == last.year();
    match lang {
        _ if first == last => month_long(lang, first),
        Lang::Ja if one_year && first.next() == last => {
            format!("{}・{}", month_long(lang, first), month_of_year(lang, last))
        }
        Lang::Ja if one_year => lang.tf("{0}〜{1}", [month_long(lang, first), month_of_year(lang, last)]),
        _ => lang.tf("{0}〜{1}", [month_long(lang, first), month_long(lang, last)]),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn month(number: i32) -> TreatmentMonth {
        TreatmentMonth::from_number(number).unwrap()
    }

    fn months(first: i32, last: i32) -> VisibleMonths {
        VisibleMonths { first: month(first), last: month(last) }
    }

    const SEPTEMBER: Arrival = Arrival { first: None, through: None, expected_after: 3 };

    fn arrived(through: i32) -> Arrival {
        Arrival { first: Some(month(202_104)), through: Some(month(through)), ..SEPTEMBER }
    }

    #[test]
    fn months_that_have_not_arrived_are_named_with_when_they_are_expected() {
        let told = |arrival: Arrival, newest: i32, day| {
            arrival.told(Lang::Ja, months(202_601, 202_612), TreatmentMonth::from_number(newest), day)
        };
        let (november, february, april) = (date(2026, 11, 20), date(2027, 2, 25), date(2027, 4, 2));
        for (arrival, newest, day, words) in [
            (arrived(202_612), 202_611, february, None),
            (
                arrived(202_609),
                202_608,
                november,
                Some(
                    "2026年10月〜12月診療分は、まだ届いていません。2026年10月分は、2027年1月ごろに掲載する見込みです。",
                ),
            ),
            (
                arrived(202_611),
                202_611,
                february,
                Some("2026年12月診療分は、まだ届いていません。2027年3月ごろに掲載する見込みです。"),
            ),
            (
                arrived(202_610),
                202_611,
                february,
                Some(
                    "2026年11月・12月診療分は、まだそろっていません。届いた請求だけを掲載しています。2026年11月分は、2027年2月ごろに掲載する見込みです。",
                ),
            ),
            // What is late is promised for no month.
            (
                arrived(202_611),
                202_611,
                april,
                Some("2026年12月診療分は、まだ届いていません。健康保険組合に届きしだい掲載します。"),
            ),
            (SEPTEMBER, 0, november, Some("医療費は、まだ届いていません。健康保険組合に届きしだい掲載します。")),
            (
                SEPTEMBER,
                202_601,
                november,
                Some("請求がすべてそろった月は、まだありません。届いた請求だけを掲載しています。"),
            ),
        ] {
            assert_eq!(told(arrival, newest, day).as_deref(), words);
        }
    }

    #[test]
    fn what_has_arrived_is_known() {
        let arrival = arrived(202_609);
        assert!(arrival.has(month(202_609)) && !arrival.has(month(202_610)));
        assert!(arrival.has_any_of(months(202_601, 202_612)) && !arrival.has_any_of(months(202_701, 202_712)));
        assert!(!arrival.has_any_of(months(202_001, 202_012)), "before anything was published");
        assert_eq!(arrival.missing(months(202_501, 202_512)), None);
        assert_eq!(span(Lang::En, months(202_610, 202_701)), "October 2026 to January 2027");
    }
}
