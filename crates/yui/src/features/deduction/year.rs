//! A year's expenses as the tax return takes them, with the downloads.

use askama::Template;
use axum::extract::{Path, State};
use kenpo_formats::{TreatmentMonth, tax_xml::Profile};

use super::years;
use crate::{
    app::App,
    error::AppError,
    features::{
        expenses::{Line, Totals, VisibleMonths, last_published_month, lines, sample_lines},
        register::{Household, household},
        societies,
    },
    scope::{InSociety, MemberScope},
    ui::{
        Page, Shell,
        format::{self, month_long, month_short, yen},
        pages,
    },
};

#[derive(Template)]
#[template(path = "features/deduction/year.html")]
struct YearPage {
    page: Page,
    heading: String,
    year: i16,
    insured_name: String,
    rows: Vec<Row>,
    total: String,
    patients: Vec<(i64, String)>,
    pending: Option<String>,
    today: String,
    any_blank_provider: bool,
    signed: bool,
    checked_against_schema: bool,
    some_hidden: bool,
}

struct Row {
    month: String,
    patient: String,
    provider: String,
    paid: String,
}

/// Returns the lines of a year that the member may choose, or nothing for any other year.
pub(super) async fn year_lines(app: &App, scope: &MemberScope, year: i16) -> Result<Vec<Line>, AppError> {
    let window = VisibleMonths::of(app.clock.today(), scope.society().policy.expenses_visible_years);
    if !years(window).contains(&year) {
        return Err(AppError::NotFound);
    }
    let (Some(first), Some(last)) = (TreatmentMonth::new(year, 1), TreatmentMonth::new(year, 12)) else {
        return Err(AppError::NotFound);
    };
    let months = window.clip(first, last).ok_or(AppError::NotFound)?;
    Ok(lines(&app.db, scope, months.first, months.last).await?)
}

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    scope: MemberScope,
    Path(year): Path<String>,
) -> Result<impl axum::response::IntoResponse, AppError> {
    let year = year.parse().map_err(|_| AppError::NotFound)?;
    let lines = year_lines(&app, &scope, year).await?;
    let published = last_published_month(&app.db, &scope).await?;
    let signed = societies::signing_key::newest(&app, &scope).await?.is_some();
    let today = app.clock.today();
    let Household { some_hidden, .. } = household(&app.db, &scope).await?;
    Ok(YearPage { some_hidden, ..page(&shell, &scope.name, year, &lines, published, today, signed) })
}

fn page(
    shell: &Shell,
    insured_name: &str,
    year: i16,
    lines: &[Line],
    published: Option<TreatmentMonth>,
    today: jiff::civil::Date,
    signed: bool,
) -> YearPage {
    let lang = shell.lang;
    let heading = lang.tf("{0}分の医療費通知データ", [format::year(lang, year)]);
    let mut patients: Vec<(i64, String)> = Vec::new();
    for line in lines {
        if !patients.iter().any(|(id, _)| *id == line.member_id) {
            patients.push((line.member_id, line.patient.clone()));
        }
    }
    let complete =
        published.is_some_and(|published| TreatmentMonth::new(year, 12).is_some_and(|last| published >= last));
    let pending = (!complete).then(|| match published.filter(|published| published.year() == year) {
        Some(published) => lang.tf(
            "いま掲載しているのは{0}診療分までです。以降の月は、掲載後にあらためて受け取るか、領収書から申告してください。",
            [month_long(lang, published)],
        ),
        None => lang.t("この年の診療分は、まだ掲載していない月があります。").to_owned(),
    });
    let row = |line: &Line| Row {
        month: month_short(line.month),
        patient: line.patient.clone(),
        provider: line.provider_name.clone(),
        paid: yen(line.self_pay),
    };
    YearPage {
        page: shell.page_titled(heading.clone()),
        heading,
        year,
        insured_name: insured_name.to_owned(),
        rows: lines.iter().map(row).collect(),
        total: yen(Totals::of(lines).self_pay),
        patients,
        pending,
        today: format::date(lang, today),
        any_blank_provider: lines.iter().any(|line| line.provider_name.is_empty()),
        signed,
        checked_against_schema: Profile::provisional().checked_against_schema,
        some_hidden: false,
    }
}

pages! {
    YearPage => |shell| {
        let published = TreatmentMonth::new(2025, 3);
        let today = jiff::civil::date(2025, 6, 30);
        Self { some_hidden: true, ..page(shell, "テスト タロウ", 2025, &sample_lines(), published, today, true) }
    },
}
