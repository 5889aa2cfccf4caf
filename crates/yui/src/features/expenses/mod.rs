//! 医療費情報: what a household's care cost and who bore it. Files become rows ([`ExpenseImport`]), rows become the
//! overview, the statement of a month, a year or a span, and its PDF. Every total shown anywhere is added up from the
//! rows of one query.

mod acts;
mod arrival;
mod by_hand;
mod chart;
mod claim_key;
mod claims;
mod download;
mod file_kind;
mod import;
mod incoming;
mod judging;
mod kind;
mod leading;
mod line;
mod names;
mod news;
mod overview;
mod placing;
mod queries;
mod read;
mod reconcile;
mod reconcile_page;
mod rules;
mod span;
mod statement;
mod unmatched;

pub(crate) use arrival::Arrival;
use axum::{extract::DefaultBodyLimit, handler::Handler};
pub(crate) use download::{Printed, print};
pub use import::ExpenseImport;
pub use kind::ExpenseFiles;
pub(crate) use leading::{LeadingYear, leading_year_of};
pub(crate) use line::ExpenseLine;
pub(crate) use queries::{arrival, lines, lines_of_person};
pub use reconcile::{DifferencesCsv, ReconciliationDifference, Summary, Sums, UnreadableTotals, reconcile};
pub(crate) use rules::{Totals, VisibleMonths, leading_year};
pub(crate) use statement::{Statement, month_of_household, not_before, sample_arrival, sample_lines, sample_statement};

use crate::core::{
    app::App,
    role::Right,
    routes::{
        Permission::{Service, Staff, StaffFresh},
        Routes,
    },
    society::{InSociety, Service::Expenses},
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
    let (data, fresh) = (Staff(Right::Data), StaffFresh(Right::Data));
    routes
        .get("/expenses", Service(Expenses), overview::show)
        .get("/expenses/statement", Service(Expenses), statement::show)
        .get("/expenses/statement.pdf", Service(Expenses), download::pdf)
        .get("/console/imports/unmatched", data, unmatched::show)
        .post("/console/imports/unmatched/refuse", data, unmatched::refuse_all)
        .post("/console/imports/unmatched/{id}/assign", fresh, unmatched::assign)
        .post("/console/imports/unmatched/{id}/refuse", data, unmatched::refuse)
        .post("/console/imports/unmatched/{id}/again", data, unmatched::wait_again)
        .get("/console/imports/{id}/claims", data, claims::show_list)
        .post("/console/imports/{id}/claims", data, claims::search)
        .get("/console/imports/{id}/claims/{key}", data, claims::show_one)
        .post("/console/imports/{id}/claims/{key}/correct", fresh, claims::correct)
        .post("/console/imports/{id}/claims/{key}/withdraw", fresh, claims::withdraw)
        .post("/console/imports/{id}/claims/{key}/undo", data, claims::undo)
        .get("/console/migration/reconcile", Staff(Right::Data), reconcile_page::show)
        // The handler has a limit of its own, and tells whose file is above it.
        .post(
            "/console/migration/reconcile",
            Staff(Right::Data),
            reconcile_page::submit.layer(DefaultBodyLimit::disable()),
        )
        .get("/console/migration/reconcile/template.csv", Staff(Right::Data), reconcile_page::template)
}
