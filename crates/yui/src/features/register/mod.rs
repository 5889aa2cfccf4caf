//! The register: households, members and from when to when each is covered under which symbol and number. A person and
//! a household keep their identity when the numbers change.

mod import;
mod matching;
mod queries;
mod revert;

pub use import::RegisterImport;
pub(crate) use matching::{Hint, matched};
pub(crate) use queries::{Coverage, HouseholdMember, candidates, insured_by_holder, members_of_household};
pub(crate) use revert::changes_revert;

use kenpo_formats::{Sex, text::holder_key_part};

/// Returns what identifies a household's numbers for comparison: insurer number, symbol and number, folded.
pub fn holder_key(insurer_number: &str, symbol: &str, number: &str) -> String {
    format!("{insurer_number}:{}:{}", holder_key_part(symbol), holder_key_part(number))
}

/// Returns the word for a sex in the database.
pub(crate) fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}
