//! The register: households, members and from when to when each is covered under which symbol and number. A person and
//! a household keep their identity when the numbers change.

mod answered_by_file;
mod backfill;
mod change_counter;
mod changes;
mod families;
mod file_kind;
mod full_file;
mod import;
mod kind;
mod matching;
mod person;
mod queries;
mod question_pages;
mod questions;
#[cfg(test)]
mod random_histories;
mod revert;
mod row;
mod row_matcher;
mod search_keys;
mod seen;
mod similarity;

pub use backfill::backfill;
pub(crate) use change_counter::change_count;
pub(crate) use changes::MISSING;
pub use import::RegisterImport;
pub use kind::RegisterFiles;
pub(crate) use matching::{Hint, Mismatch, matched};
pub use person::holder_key;
pub(crate) use person::sex_word;
pub(crate) use queries::{Coverage, alike, candidates, coverages_of, insured_by_holder};
pub(crate) use search_keys::{SearchKey, is_telling, name_key};

use crate::core::{
    app::App,
    role::Right,
    routes::{Permission::Staff, Routes},
    society::InSociety,
};

/// Returns how many households and members the register has, whether or not covered today.
///
/// # Errors
/// Where the database does not answer.
pub async fn counts(app: &App, scope: &impl InSociety) -> Result<(i64, i64), yui_db::DbError> {
    queries::counts(&app.db, scope).await
}

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let data = Staff(Right::Data);
    routes
        .get("/console/imports/questions", data, question_pages::show)
        .post("/console/imports/questions/{id}", data, question_pages::answer)
        .post("/console/imports/questions/{id}/drop", data, question_pages::discard)
}
