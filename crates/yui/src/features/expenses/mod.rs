//! 医療費情報: what a household's care cost and who bore it. Files become rows ([`ExpenseImport`]), rows become the
//! overview, the statement of a month, a year or a span, and its PDF. Every total shown anywhere is added up from the
//! rows of one query.

mod chart;
mod download;
mod import;
mod newest;
mod overview;
mod queries;
mod rules;
mod span;
mod statement;

pub use import::ExpenseImport;
pub(crate) use overview::{YearSoFar, year_so_far};
pub(crate) use queries::{Line, batch_delete, last_published_month, lines, versions_settle};
pub(crate) use rules::{Totals, VisibleMonths};
pub(crate) use statement::sample_lines;

use crate::{
    features::societies::Service::Expenses,
    router::{Permission::Service, Routes},
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/expenses", Service(Expenses), overview::show)
        .get("/expenses/statement", Service(Expenses), statement::show)
        .get("/expenses/statement.pdf", Service(Expenses), download::pdf)
}
