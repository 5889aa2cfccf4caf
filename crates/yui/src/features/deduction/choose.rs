//! Choosing the year.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use serde::Deserialize;

use super::years::years;
use crate::{
    core::{app::App, scope::MemberScope},
    ui::{Page, PageContext, format, pages},
};

#[derive(Template)]
#[template(path = "features/deduction/choose.html")]
struct ChoosePage {
    page: Page,
    insured_name: String,
    /// Each year with its words, and whether it is chosen already.
    years: Vec<(i16, String, bool)>,
}

/// The year chosen.
#[derive(Deserialize)]
pub(super) struct Chosen {
    year: Option<i16>,
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: MemberScope,
    Query(Chosen { year }): Query<Chosen>,
) -> Response {
    let today = app.clock.today();
    let years = years(today);
    match year.filter(|year| years.contains(year)) {
        Some(year) => Redirect::to(&format!("/deduction/{year}")).into_response(),
        None => page(&context, scope.name, &years, newest_ended(today)).into_response(),
    }
}

/// Returns the last completed year. A tax return for the current year is not possible yet.
fn newest_ended(today: Date) -> i16 {
    today.year() - 1
}

fn page(context: &PageContext, insured_name: String, years: &[i16], leading: i16) -> ChoosePage {
    let years = years.iter().map(|year| (*year, format::year(context.lang, *year), *year == leading)).collect();
    ChoosePage { page: context.page("医療費控除申告用データ"), insured_name, years }
}

pages! {
    ChoosePage => |context| page(context, "テスト タロウ".into(), &[2026, 2025, 2024, 2023, 2022, 2021], 2025),
}
