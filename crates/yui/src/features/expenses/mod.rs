//! 医療費情報: what a household's care cost and who bore it. Files become rows ([`ExpenseImport`]), rows become the
//! overview, the statement of a month, a year or a span, and its PDF. Every total shown anywhere is added up from the
//! rows of one query.

mod arrival;
mod chart;
mod download;
mod files;
mod import;
mod leading;
mod line;
mod news;
mod overview;
mod queries;
mod read;
mod rules;
mod span;
mod statement;

pub(crate) use arrival::Arrival;
pub(crate) use download::{Printed, print};
pub use files::ExpenseFiles;
pub use import::ExpenseImport;
pub(crate) use leading::{LeadingYear, leading_year_of};
pub(crate) use line::Line;
pub(crate) use queries::{arrival, lines, lines_of_person};
pub(crate) use rules::{Totals, VisibleMonths, leading_year};
pub(crate) use statement::{not_before, sample_arrival, sample_lines};

use crate::{
    app::App,
    features::societies::Service::Expenses,
    router::{Permission::Service, Routes},
    scope::InSociety,
};

/// Returns how many rows the society has, published or not, every version counted.
///
/// # Errors
/// Where the database does not answer.
pub async fn count(app: &App, scope: &impl InSociety) -> Result<i64, yui_db::DbError> {
    queries::count(&app.db, scope).await
}

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/expenses", Service(Expenses), overview::show)
        .get("/expenses/statement", Service(Expenses), statement::show)
        .get("/expenses/statement.pdf", Service(Expenses), download::pdf)
}
