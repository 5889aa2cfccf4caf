//! Persons of the register.

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
