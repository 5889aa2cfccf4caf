//! 医療費情報: the newest month, this year, and every year one may see.

use askama::Template;
use axum::extract::State;
use kenpo_formats::TreatmentMonth;

use super::{
    Line, Totals, VisibleMonths, chart, last_published_month, lines, rules,
    statement::{Filter, pending},
};
use crate::{
    app::App,
    error::AppError,
    features::register::{Household, household},
    scope::{InSociety, MemberScope},
    ui::{
        FormState, Page, Shell,
        format::{month_long, month_of_year, year, yen},
        pages,
        widgets::chart::Columns,
    },
};

#[derive(Template)]
#[template(path = "features/expenses/overview.html")]
pub(super) struct OverviewPage {
    page: Page,
    latest: Option<Latest>,
    this_year: String,
    this_year_number: i16,
    this_year_total: String,
    chart: Option<Columns>,
    pending: Option<String>,
    years: Vec<Year>,
    visible_years: u8,
    filter: Filter,
    form: FormState,
    some_hidden: bool,
}

struct Latest {
    label: String,
    month: TreatmentMonth,
    total: String,
}

struct Year {
    number: i16,
    label: String,
    total: String,
    months: Vec<Month>,
}

struct Month {
    label: String,
    month: TreatmentMonth,
    total: String,
}

pub(super) async fn show(State(app): State<App>, shell: Shell, scope: MemberScope) -> Result<OverviewPage, AppError> {
    let visible_years = scope.society().policy.expenses_visible_years;
    let window = VisibleMonths::of(app.clock.today(), visible_years);
    let lines = lines(&app.db, &scope, window.first, window.last).await?;
    let last_published = last_published_month(&app.db, &scope).await?;
    let Household { members, some_hidden } = household(&app.db, &scope).await?;
    let filter = Filter::new(&members, window, None);
    Ok(OverviewPage { some_hidden, ..page(&shell, &lines, last_published, window, visible_years, filter) })
}

fn page(
    shell: &Shell,
    lines: &[Line],
    last_published: Option<TreatmentMonth>,
    window: VisibleMonths,
    visible_years: u8,
    filter: Filter,
) -> OverviewPage {
    let lang = shell.lang;
    let paid =
        |months: &dyn Fn(TreatmentMonth) -> bool| Totals::of(lines.iter().filter(|line| months(line.month))).self_pay;
    let latest = lines.iter().map(|line| line.month).max().map(|month| Latest {
        label: month_long(lang, month),
        month,
        total: yen(paid(&|other| other == month)),
    });
    let this_year = window.last.year();
    let years = window
        .years()
        .filter(|number| lines.iter().any(|line| line.month.year() == *number))
        .map(|number| {
            let mut months: Vec<_> = lines.iter().map(|line| line.month).filter(|m| m.year() == number).collect();
            months.dedup();
            Year {
                number,
                label: year(lang, number),
                total: yen(paid(&|month| month.year() == number)),
                months: months
                    .into_iter()
                    .rev()
                    .map(|month| Month {
                        label: month_of_year(lang, month),
                        month,
                        total: yen(paid(&|other| other == month)),
                    })
                    .collect(),
            }
        })
        .collect();
    OverviewPage {
        page: shell.page("医療費情報"),
        latest,
        this_year: year(lang, this_year),
        this_year_number: this_year,
        this_year_total: yen(paid(&|month| month.year() == this_year)),
        chart: year_chart(shell, lines, this_year),
        pending: pending(lang, last_published, window.last),
        years,
        visible_years,
        filter,
        form: FormState::default(),
        some_hidden: false,
    }
}

/// Returns the columns of one year, where anything was paid in it.
fn year_chart(shell: &Shell, lines: &[Line], number: i16) -> Option<Columns> {
    let months = (1..=12).filter_map(|month| TreatmentMonth::new(number, month));
    let paid = rules::self_pay_by_month(lines, months);
    paid.iter().any(|(_, paid)| *paid > 0).then(|| chart::by_month(shell.lang, &paid))
}

/// What the first page tells of this year.
#[derive(Debug)]
pub(crate) struct YearSoFar {
    pub(crate) period: String,
    pub(crate) self_pay: String,
    pub(crate) chart: Columns,
    pub(crate) has_lines: bool,
    pub(crate) pending: Option<String>,
    pub(crate) some_hidden: bool,
}

/// Returns what the household paid this year as far as it is published.
pub(crate) async fn year_so_far(app: &App, shell: &Shell, scope: &MemberScope) -> Result<YearSoFar, AppError> {
    let this_month = TreatmentMonth::of(app.clock.today());
    let first = TreatmentMonth::new(this_month.year(), 1).unwrap_or(this_month);
    let lines = lines(&app.db, scope, first, this_month).await?;
    let last_published = last_published_month(&app.db, scope).await?;
    let Household { some_hidden, .. } = household(&app.db, scope).await?;
    Ok(YearSoFar { some_hidden, ..YearSoFar::of(shell, &lines, last_published, this_month) })
}

impl YearSoFar {
    fn of(shell: &Shell, lines: &[Line], published: Option<TreatmentMonth>, this_month: TreatmentMonth) -> Self {
        let months = (1..=12).filter_map(|month| TreatmentMonth::new(this_month.year(), month));
        let paid = rules::self_pay_by_month(lines, months);
        let until = published.filter(|month| month.year() == this_month.year());
        let period = match until {
            Some(until) if until.month() == 1 => shell.lang.tf("{0}診療分", [month_long(shell.lang, until)]),
            Some(until) => shell
                .lang
                .tf("{0}1月〜{1}診療分", [year(shell.lang, this_month.year()), month_of_year(shell.lang, until)]),
            None => year(shell.lang, this_month.year()),
        };
        Self {
            period,
            self_pay: yen(Totals::of(lines).self_pay),
            chart: chart::by_month(shell.lang, &paid),
            has_lines: !lines.is_empty(),
            pending: pending(shell.lang, published, this_month),
            some_hidden: false,
        }
    }

    /// Returns an invented year.
    pub(crate) fn sample(shell: &Shell) -> Self {
        let lines = super::statement::sample_lines();
        let month = |number| TreatmentMonth::new(2025, number);
        let year = Self::of(shell, &lines, month(3), month(6).unwrap_or(super::statement::sample_month()));
        Self { some_hidden: true, ..year }
    }
}

pages! {
    OverviewPage => |shell| {
        let window = super::statement::sample_window();
        let lines = super::statement::sample_lines();
        Self { some_hidden: true, ..page(shell, &lines, TreatmentMonth::new(2025, 3), window, 5, Filter::sample()) }
    },
}
