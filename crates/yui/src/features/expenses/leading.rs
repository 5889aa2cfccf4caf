//! The leading year of the pages: until the end of March the one whose tax return is filed, then the present one.

use jiff::civil::Date;
use kenpo_formats::TreatmentMonth;

use super::{Arrival, ExpenseLine, Totals, VisibleMonths, arrival::span, chart, leading_year, lines, rules};
use crate::{
    core::{app::App, error::AppError, scope::MemberScope},
    features::expenses::arrival,
    ui::{
        Lang, PageContext,
        format::{year, yen},
        widgets::chart::Columns,
    },
};

/// The household's payments in the leading year.
#[derive(Debug)]
pub(crate) struct LeadingYear {
    pub(crate) number: i16,
    pub(crate) heading: String,
    /// Whether its tax return is filed now; else it is the present year.
    pub(crate) is_filed: bool,
    /// The months of which everything has arrived, in words.
    pub(crate) period: String,
    /// Yen, formatted; none if nothing of the year has arrived: that is not zero.
    pub(crate) self_pay: Option<String>,
    pub(crate) chart: Option<Columns>,
    /// The sentences about months that have not arrived: of this year and, while it is filed, of the present one.
    pub(crate) pending: Vec<String>,
}

/// Returns the household's payments in the leading year, as far as they are published.
pub(crate) async fn leading_year_of(
    app: &App,
    context: &PageContext,
    scope: &MemberScope,
) -> Result<LeadingYear, AppError> {
    let today = app.clock.today();
    let months = VisibleMonths::of(today, u8::from(leading_year(today) < today.year()));
    let lines = lines(&app.db, scope, months, today).await?;
    Ok(LeadingYear::of(context.lang, &lines, arrival(&app.db, scope).await?, today))
}

impl LeadingYear {
    /// Returns the leading year on this day, of a household with these lines, of any months.
    pub(super) fn of(lang: Lang, lines: &[ExpenseLine], arrival: Arrival, today: Date) -> Self {
        let number = leading_year(today);
        let is_filed = number < today.year();
        let its: Vec<_> = lines.iter().filter(|line| line.month.year() == number).cloned().collect();
        let months = (1..=12).filter_map(|month| TreatmentMonth::new(number, month));
        let paid = rules::self_pay_by_month(&its, months);
        let whole = VisibleMonths::of_year(number);
        let arrived = whole.filter(|whole| arrival.has_any_of(*whole)).and_then(|whole| {
            let (first, through) = (arrival.first?.max(whole.first), arrival.through?.min(whole.last));
            (first <= through).then_some(VisibleMonths { first, last: through })
        });
        let this_month = TreatmentMonth::of(today);
        let so_far = whole.map(|whole| VisibleMonths { last: whole.last.min(this_month), ..whole });
        let present = VisibleMonths::of(today, 0);
        let told = |months: VisibleMonths| {
            let inside = |line: &&ExpenseLine| (months.first..=months.last).contains(&line.month);
            arrival.told(lang, months, lines.iter().filter(inside).map(|line| line.month).max(), today)
        };
        // Where nothing has arrived at all, once is enough.
        let present = (is_filed && arrival.through.is_some()).then_some(present);
        Self {
            number,
            heading: if is_filed {
                lang.tf("{0}の自己負担総額", [year(lang, number)])
            } else {
                lang.t("今年の自己負担総額").to_owned()
            },
            is_filed,
            period: match arrived {
                Some(arrived) if its.iter().any(|line| line.month > arrived.last) => {
                    lang.tf("{0}診療分と、そのあとに届いた請求", [span(lang, arrived)])
                }
                Some(arrived) => lang.tf("{0}診療分", [span(lang, arrived)]),
                None => year(lang, number),
            },
            self_pay: (arrived.is_some() || !its.is_empty()).then(|| yen(Totals::of(&its).self_pay)),
            chart: paid.iter().any(|(_, paid)| *paid > 0).then(|| chart::by_month(lang, &paid, arrival)),
            pending: so_far.into_iter().chain(present).filter_map(told).collect(),
        }
    }

    /// Returns an invented year.
    pub(crate) fn sample(context: &PageContext) -> Self {
        let lines = super::statement::sample_lines();
        Self::of(context.lang, &lines, super::statement::sample_arrival(), jiff::civil::date(2025, 6, 30))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::features::expenses::sample_lines;

    fn arrival(through: i32) -> Arrival {
        let month = |number| TreatmentMonth::from_number(number);
        Arrival { first: month(202_401), through: month(through), expected_after: 3 }
    }

    #[test]
    fn until_march_the_year_before_leads_and_then_nothing_is_zero_that_is_not_known() {
        let lines = sample_lines();
        let of = |through, day| LeadingYear::of(Lang::Ja, &lines, arrival(through), day);
        let filed = of(202_510, date(2026, 2, 25));
        assert_eq!((filed.number, filed.heading.as_str()), (2025, "2025年の自己負担総額"));
        assert_eq!((filed.period.as_str(), filed.self_pay.as_deref()), ("2025年1月〜10月診療分", Some("3,720")));
        assert_eq!(
            filed.pending,
            [
                "2025年11月・12月診療分は、まだ届いていません。2025年11月分は、2026年2月ごろに掲載する見込みです。",
                "2026年1月・2月診療分は、まだ届いていません。2026年1月分は、2026年4月ごろに掲載する見込みです。"
            ]
        );
        let partly = of(202_412, date(2025, 2, 25));
        assert_eq!((partly.number, partly.self_pay.as_deref()), (2024, Some("0")));
        let partly = LeadingYear::of(Lang::Ja, &lines, arrival(202_412), date(2025, 4, 25));
        assert_eq!(
            (partly.period.as_str(), partly.self_pay.as_deref()),
            ("2025年", Some("3,720")),
            "what has come early"
        );
        let april = of(202_512, date(2026, 4, 2));
        assert_eq!((april.number, april.self_pay), (2026, None), "not zero");
        assert!(april.chart.is_none() && april.pending[0].starts_with("2026年1月〜4月診療分は、まだ届いていません。"));
        // No expense in months that have arrived means zero.
        assert_eq!(of(202_601, date(2026, 5, 2)).self_pay.as_deref(), Some("0"));
        let new = LeadingYear::of(Lang::Ja, &[], Arrival::default(), date(2026, 2, 1));
        assert_eq!((new.self_pay, new.pending.len()), (None, 1));
    }
}
