//! 概況: the console's first page. Its figures are counted by the housekeeping, once an hour, and kept by day.

mod overview;
mod queries;
mod totals;

pub use totals::record_daily_totals;

use crate::core::{
    role::Right,
    routes::{Permission::Staff, Routes},
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let look = Staff(Right::Look);
    routes.get("/console", look, overview::show).post("/console/figures", look, overview::count_again)
}
