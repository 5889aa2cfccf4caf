//! The span of a statement: one month, one year, or a filtered span.

use kenpo_formats::TreatmentMonth;
use serde::Deserialize;

use super::VisibleMonths;
use crate::ui::{
    FormState, Lang,
    format::{month_long, year},
};

/// The query of a statement's address.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct StatementQuery {
    #[serde(default)]
    pub(crate) month: String,
    #[serde(default)]
    pub(crate) year: String,
    #[serde(default)]
    pub(crate) from: String,
    #[serde(default)]
    pub(crate) to: String,
    #[serde(default)]
    pub(crate) member: String,
    #[serde(default)]
    pub(crate) page: usize,
}

/// The months and the person that a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatementSpan {
    pub(crate) of: Period,
    pub(crate) months: VisibleMonths,
    pub(crate) member_id: Option<i64>,
}

/// The way in which the months were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Month(TreatmentMonth),
    Year(i16),
    Months(TreatmentMonth, TreatmentMonth),
}

impl StatementSpan {
    /// Returns the requested span, within the visible months.
    ///
    /// # Errors
    /// The mistakes of the filter form, in the page's language.
    pub(crate) fn of(asked: &StatementQuery, window: VisibleMonths, lang: Lang) -> Result<Self, FormState> {
        let mut form = FormState::default();
        let mut month = |field: &'static str, text: &str, default: TreatmentMonth| {
            if text.trim().is_empty() {
                return default;
            }
            text.trim().parse().unwrap_or_else(|_| {
                form.error(field, lang.t("年月は 2025-01 のように入力してください。"));
                default
            })
        };
        let of = if !asked.month.is_empty() {
            Period::Month(month("month", &asked.month, window.last))
        } else if !asked.year.is_empty() {
            Period::Year(asked.year.parse().unwrap_or(NO_YEAR))
        } else {
            let (from, to) = (month("from", &asked.from, window.first), month("to", &asked.to, window.last));
            if from > to {
                form.error("from", lang.t("はじめの年月が、おわりの年月より後になっています。"));
            }
            Period::Months(from, to)
        };
        let (first, last) = match of {
            Period::Month(month) => (month, month),
            Period::Year(year) => match (TreatmentMonth::new(year, 1), TreatmentMonth::new(year, 12)) {
                (Some(first), Some(last)) => (first, last),
                _ => (window.last.plus_months(1), window.last.plus_months(1)),
            },
            Period::Months(from, to) => (from, to),
        };
        let clipped = window.clip(first, last);
        if clipped.is_none() && !form.has_errors() {
            let shown = [month_long(lang, window.first), month_long(lang, window.last)];
            form.error("from", &lang.tf("ご覧いただけるのは、{0}から{1}までの診療分です。", shown));
        }
        let member_id = (!asked.member.is_empty()).then(|| asked.member.parse().unwrap_or(NOBODY));
        match clipped {
            Some(months) if !form.has_errors() => Ok(Self { of, months, member_id }),
            _ => Err(form),
        }
    }

    /// Returns whether it begins later than requested.
    pub(crate) fn is_cut(self) -> bool {
        matches!(self.of, Period::Months(from, _) if from < self.months.first)
    }

    /// Returns the heading: `2025年3月の医療費明細`.
    pub(crate) fn title(self, lang: Lang) -> String {
        match self.of {
            Period::Month(month) => lang.tf("{0}の医療費明細", [month_long(lang, month)]),
            Period::Year(number) => lang.tf("{0}の医療費明細", [year(lang, number)]),
            Period::Months(from, to) => {
                lang.tf("{0}から{1}までの医療費明細", [month_long(lang, from), month_long(lang, to)])
            }
        }
    }

    /// Returns the address's query, without `?`, for the page of this number.
    pub(crate) fn query(self, page: usize) -> String {
        let months = match self.of {
            Period::Month(month) => format!("month={month}"),
            Period::Year(year) => format!("year={year}"),
            Period::Months(from, to) => format!("from={from}&to={to}"),
        };
        let member = self.member_id.map(|id| format!("&member={id}")).unwrap_or_default();
        let page = if page > 1 { format!("&page={page}") } else { String::new() };
        format!("{months}{member}{page}")
    }
}

/// A year that is never visible, for an address with an invalid year.
const NO_YEAR: i16 = 0;

/// An id that no person has, for an address with an invalid id.
const NOBODY: i64 = -1;

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn asked(month: &str, year: &str, from: &str, to: &str) -> StatementQuery {
        let text = ToOwned::to_owned;
        StatementQuery {
            month: text(month),
            year: text(year),
            from: text(from),
            to: text(to),
            ..StatementQuery::default()
        }
    }

    fn span(asked: &StatementQuery) -> Result<StatementSpan, FormState> {
        StatementSpan::of(asked, VisibleMonths::of(date(2026, 11, 20), 2), Lang::Ja)
    }

    #[test]
    fn a_month_a_year_and_a_span_have_their_headings() {
        assert_eq!(span(&asked("2026-03", "", "", "")).unwrap().title(Lang::Ja), "2026年3月の医療費明細");
        assert_eq!(span(&asked("", "2026", "", "")).unwrap().title(Lang::Ja), "2026年の医療費明細");
        let some = span(&asked("", "", "2026-01", "2026年2月")).unwrap();
        assert_eq!(some.title(Lang::En), "Medical expenses from January 2026 to February 2026");
        assert_eq!(some.query(2), "from=2026-01&to=2026-02&page=2");
    }

    #[test]
    fn what_may_not_be_seen_is_said_and_not_shown() {
        for outside in [
            asked("2023-12", "", "", ""),
            asked("", "2023", "", ""),
            asked("", "99999", "", ""),
            asked("2027-01", "", "", ""),
        ] {
            let form = span(&outside).unwrap_err();
            assert_eq!(form.of("from"), Some("ご覧いただけるのは、2024年1月から2026年11月までの診療分です。"));
        }
        let year = span(&asked("", "2024", "", "")).unwrap();
        assert_eq!((year.months.first.number(), year.months.last.number()), (202_401, 202_412));
        assert!(!year.is_cut() && span(&asked("", "", "2023-01", "2024-03")).unwrap().is_cut());
    }

    #[test]
    fn mistakes_are_named_at_their_field() {
        let form = span(&asked("", "", "2026-13", "")).unwrap_err();
        assert_eq!(form.of("from"), Some("年月は 2025-01 のように入力してください。"));
        let form = span(&asked("", "", "2026-05", "2026-04")).unwrap_err();
        assert_eq!(form.of("from"), Some("はじめの年月が、おわりの年月より後になっています。"));
    }
}
