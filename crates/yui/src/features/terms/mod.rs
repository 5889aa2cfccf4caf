//! 利用規約: versions with the date from which each counts, and who agreed to which. A new version asks everybody again.

mod acts;
mod console;
mod publish;
mod queries;

pub use publish::publish;
pub(crate) use queries::{Terms, agree, current, forget};
pub use queries::{TermsVersion, versions};

use jiff::Timestamp;
use yui_db::Tx;

use crate::core::{
    clock::japan,
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
};
use acts::TERMS_PUBLISHED;

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let (look, manage) = (Staff(Right::Manage), StaffFresh(Right::Manage));
    routes
        .get("/console/terms", look, console::list)
        .get("/console/terms/new", manage, console::new)
        .post("/console/terms/new", manage, console::rewrite)
        .post("/console/terms/check", manage, console::check)
        .post("/console/terms/publish", manage, console::publish)
        .get("/console/terms/{version}", look, console::one)
        .get("/console/terms/{version}/agreements.csv", look, console::agreements)
}

/// The terms that a new society begins with, for staff to replace by their own.
const FIRST: &str = include_str!("first.txt");

/// Gives a new society its first terms, which count from today's beginning in Japan.
pub(crate) async fn begin(tx: &mut Tx, society_id: i64, now: Timestamp) -> anyhow::Result<()> {
    let today = now.to_zoned(japan()).start_of_day()?.timestamp();
    Ok(queries::terms_insert(tx, society_id, 1, FIRST, (today, now)).await?)
}
