//! A year's expenses as the tax return takes them, with the downloads.

use askama::Template;
use axum::extract::{Path, State};
use jiff::civil::Date;
use kenpo_formats::tax_xml::Profile;

use super::{download::notice, netting::netted, years::years};
use crate::{
    core::{app::App, error::AppError, scope::MemberScope},
    features::{
        expenses::{
            Arrival, ExpenseLine, Totals, VisibleMonths, arrival, lines, not_before, sample_arrival, sample_lines,
        },
        societies,
    },
    ui::{
        Page, PageContext,
        format::{self, month_short, yen},
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
    rows: Vec<YearRow>,
    total: String,
    patients: Vec<(i64, String)>,
    /// The sentence about months that have not arrived.
    pending: Option<String>,
    /// Whether the year is not over yet.
    is_present: bool,
    begins: Option<String>,
    today: String,
    any_blank_provider: bool,
    any_adjustment: bool,
    /// The part of the adjustments that is in none of the files for the tax return, formatted.
    adjustment_rest: Option<String>,
    signed: bool,
    checked_against_schema: bool,
    /// The texts that the XML can only hold in another form: the original, and the text in the file; empty if it is
    /// left out.
    fitted: Vec<(String, String)>,
}

struct YearRow {
    month: String,
    patient: String,
    provider: String,
    /// The kind of adjustment, if it is one.
    adjustment: Option<String>,
    paid: String,
}

/// Returns the lines of a year that the member may choose, or nothing for any other year.
pub(super) async fn year_lines(app: &App, scope: &MemberScope, year: i16) -> Result<Vec<ExpenseLine>, AppError> {
    let today = app.clock.today();
    if !years(today).contains(&year) {
        return Err(AppError::NotFound);
    }
    let months = VisibleMonths::of_year(year).ok_or(AppError::NotFound)?;
    Ok(lines(&app.db, scope, months, today).await?)
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: MemberScope,
    Path(year): Path<String>,
) -> Result<impl axum::response::IntoResponse, AppError> {
    let year = year.parse().map_err(|_| AppError::NotFound)?;
    let lines = year_lines(&app, &scope, year).await?;
    let arrival = arrival(&app.db, &scope).await?;
    let signed = societies::signing_key::newest(&app, &scope).await?.is_some();
    let (_, fitted) = notice(&app, &scope, lines.clone(), &Profile::provisional());
    let mut fitted: Vec<_> = fitted.into_iter().map(|one| (one.from, one.to)).collect();
    fitted.dedup();
    Ok(YearPage { fitted, ..page(&context, &scope.name, year, &lines, (arrival, app.clock.today()), signed) })
}

fn page(
    context: &PageContext,
    insured_name: &str,
    year: i16,
    lines: &[ExpenseLine],
    (arrival, today): (Arrival, Date),
    signed: bool,
) -> YearPage {
    let lang = context.lang;
    let heading = lang.tf("{0}分の医療費通知データ", [format::year(lang, year)]);
    let mut patients: Vec<(i64, String)> = Vec::new();
    for line in lines {
        if !patients.iter().any(|(id, _)| *id == line.member_id) {
            patients.push((line.member_id, line.patient.clone()));
        }
    }
    let newest = lines.iter().map(|line| line.month).max();
    let months = VisibleMonths::of_year(year);
    let is_present = year == today.year();
    let pending = if is_present {
        let words = "{0}は、まだ終わっていません。年が明けて、12月までの医療費がそろってから、申告にお使いください。";
        Some(lang.tf(words, [format::year(lang, year)]))
    } else {
        months.and_then(|months| arrival.told(lang, months, newest, today))
    };
    let begins = months.and_then(|months| not_before(lang, months, arrival));
    let rest = netted(lines.to_vec()).rest;
    let row = |line: &ExpenseLine| YearRow {
        month: month_short(line.month),
        patient: line.patient.clone(),
        provider: line.provider_name.clone(),
        adjustment: line.is_adjustment().then(|| line.care(lang)),
        paid: yen(line.self_pay),
    };
    YearPage {
        page: context.page_titled(heading.clone()),
        heading,
        year,
        insured_name: insured_name.to_owned(),
        rows: lines.iter().map(row).collect(),
        total: yen(Totals::of(lines).self_pay),
        patients,
        pending,
        is_present,
        begins,
        today: format::date(lang, today),
        any_blank_provider: lines.iter().any(|line| line.provider_name.is_empty()),
        any_adjustment: lines.iter().any(ExpenseLine::is_adjustment),
        adjustment_rest: (rest > 0).then(|| yen(rest)),
        signed,
        checked_against_schema: Profile::provisional().checked_against_schema,
        fitted: Vec::new(),
    }
}

pages! {
    YearPage => |context| {
        let now = (sample_arrival(), jiff::civil::date(2025, 6, 30));
        let mut lines = sample_lines();
        let refund = |line: &ExpenseLine| ExpenseLine { total: 0, insurer: 4_000, public: 0, self_pay: -4_000, ..line.clone() };
        lines.extend(sample_lines().last().map(refund));
        let fitted = vec![("サンプルクリニック\u{e000}".to_owned(), "サンプルクリニック〓".to_owned())];
        Self { fitted, ..page(context, "テスト タロウ", 2025, &lines, now, true) }
    },
}
