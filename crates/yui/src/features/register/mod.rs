//! The register: households, members and from when to when each is covered under which symbol and number. A person and
//! a household keep their identity when the numbers change.

mod answered_by_file;
mod backfill;
mod changes;
mod families;
mod files;
mod full_file;
mod import;
mod matching;
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
pub(crate) use changes::MISSING;
pub use files::RegisterFiles;
pub use import::RegisterImport;
use kenpo_formats::{Sex, text::holder_key_part};
pub(crate) use matching::{Hint, Mismatch, matched};
pub(crate) use queries::{Coverage, alike, candidates, coverages_of, insured_by_holder};
pub(crate) use search_keys::{SearchKey, is_telling, name_key};
use yui_db::{DbError, Tx};

use crate::core::{
    app::App,
    role::Right,
    routes::{Permission::Staff, Routes},
    society::{self, InSociety, ids_take},
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let data = Staff(Right::Data);
    routes
        .get("/console/imports/questions", data, question_pages::show)
        .post("/console/imports/questions/{id}", data, question_pages::answer)
        .post("/console/imports/questions/{id}/drop", data, question_pages::discard)
}

/// Returns what identifies a household's numbers for comparison: insurer number, symbol and number, folded.
pub fn holder_key(insurer_number: &str, symbol: &str, number: &str) -> String {
    format!("{insurer_number}:{}:{}", holder_key_part(symbol), holder_key_part(number))
}

/// Returns how many households and members the register has, whether or not covered today.
///
/// # Errors
/// Where the database does not answer.
pub async fn counts(app: &App, scope: &impl InSociety) -> Result<(i64, i64), yui_db::DbError> {
    queries::counts(&app.db, scope).await
}

/// The counter of changes to the register.
const CHANGES: &str = "register change";

/// Counts a change: claims of nobody that the register knew are matched with it anew.
async fn changed(tx: &mut Tx, scope: &impl InSociety) -> Result<(), DbError> {
    ids_take(tx, scope, CHANGES, 1).await.map(drop)
}

/// Returns how many changes the register has had.
pub(crate) async fn change_count(tx: &mut Tx, scope: &impl InSociety) -> Result<i64, DbError> {
    society::ids_taken(tx, scope, CHANGES).await
}

/// Returns the word for a sex in the database.
pub(crate) fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}
