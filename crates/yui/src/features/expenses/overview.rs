//! 医療費情報: the newest month, the year that leads, and every year one may see.

use askama::Template;
use axum::extract::State;
use jiff::civil::Date;
use kenpo_formats::TreatmentMonth;

use super::{
    Arrival, ExpenseLine, LeadingYear, Totals, VisibleMonths,
    arrival::span,
    lines, queries,
    statement::{FilterForm, sample_arrival, sample_lines, sample_window},
};
use crate::{
    core::{app::App, error::AppError, scope::MemberScope, society::InSociety},
    features::expenses::arrival,
    ui::{
        FormState, Page, PageContext,
        format::{month_long, month_of_year, year, yen},
        pages,
    },
};

#[derive(Template)]
#[template(path = "features/expenses/overview.html")]
pub(super) struct OverviewPage {
    page: Page,
    latest: Option<Latest>,
    leading: LeadingYear,
    years: Vec<Year>,
    visible_years: u8,
    filter: FilterForm,
    form: FormState,
}

struct Latest {
    label: String,
    month: TreatmentMonth,
    total: String,
    /// Whether everything of it has arrived.
    whole: bool,
}

struct Year {
    number: i16,
    label: String,
    total: String,
    months: Vec<MonthTotals>,
    /// The months that have not arrived and of which there is no line, in words.
    missing: Option<String>,
}

struct MonthTotals {
    label: String,
    month: TreatmentMonth,
    total: String,
    /// Whether everything of it has arrived.
    whole: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: MemberScope,
) -> Result<OverviewPage, AppError> {
    let visible_years = scope.society().policy.expenses_visible_years;
    let today = app.clock.today();
    let window = VisibleMonths::of(today, visible_years);
    let lines = lines(&app.db, &scope, window, today).await?;
    let arrival = arrival(&app.db, &scope).await?;
    let filter = FilterForm::new(&queries::patients(&app.db, &scope, window, today).await?, window, None);
    Ok(page(&context, &lines, arrival, (today, visible_years), filter))
}

fn page(
    context: &PageContext,
    lines: &[ExpenseLine],
    arrival: Arrival,
    (today, visible_years): (Date, u8),
    filter: FilterForm,
) -> OverviewPage {
    let lang = context.lang;
    let window = VisibleMonths::of(today, visible_years);
    let paid =
        |months: &dyn Fn(TreatmentMonth) -> bool| Totals::of(lines.iter().filter(|line| months(line.month))).self_pay;
    let latest = lines.iter().map(|line| line.month).max().map(|month| Latest {
        label: month_long(lang, month),
        month,
        total: yen(paid(&|other| other == month)),
        whole: arrival.has(month),
    });
    let years = window
        .years()
        .filter(|number| lines.iter().any(|line| line.month.year() == *number))
        .map(|number| {
            let mut months: Vec<_> = lines.iter().map(|line| line.month).filter(|m| m.year() == number).collect();
            months.dedup();
            let missing = VisibleMonths::of_year(number)
                .and_then(|year| window.clip(year.first, year.last))
                .and_then(|year| {
                    let known = months.last().map_or(year.first, |month| month.next().max(year.first));
                    arrival.missing(VisibleMonths { first: known, ..year }).filter(|_| known <= year.last)
                })
                .map(|missing| span(lang, missing));
            Year {
                number,
                label: year(lang, number),
                total: yen(paid(&|month| month.year() == number)),
                missing,
                months: months
                    .into_iter()
                    .rev()
                    .map(|month| MonthTotals {
                        label: month_of_year(lang, month),
                        month,
                        total: yen(paid(&|other| other == month)),
                        whole: arrival.has(month),
                    })
                    .collect(),
            }
        })
        .collect();
    OverviewPage {
        page: context.page("医療費情報"),
        latest,
        leading: LeadingYear::of(lang, lines, arrival, today),
        years,
        visible_years,
        filter,
        form: FormState::default(),
    }
}

pages! {
    OverviewPage => |context| {
        let day = sample_window().last.last_day();
        page(context, &sample_lines(), sample_arrival(), (day, 5), FilterForm::sample())
    },
}
