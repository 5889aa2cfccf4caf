//! Cells of tables that people open with a spreadsheet.

use std::borrow::Cow;

/// The characters that spreadsheets take for the beginning of a formula, in half and full width, and those that they
/// skip before one.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Returns the cell with an apostrophe in front where a spreadsheet would take it for a formula (OWASP: CSV injection).
///
/// ```
/// use kenpo_formats::text::harmless_cell;
///
/// assert_eq!(harmless_cell("＝HYPERLINK(A1)"), "'＝HYPERLINK(A1)");
/// assert_eq!(harmless_cell("テスト 太郎"), "テスト 太郎");
/// ```
pub fn harmless_cell(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Returns whether the cell begins as a formula does, after any apostrophes.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// Returns what [`harmless_cell`] was given.
pub(crate) fn plain_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cell_comes_back(cell in "['=＝@ab]{0,5}") {
            let harmless = harmless_cell(&cell);
            prop_assert!(!harmless.starts_with(FORMULA));
            prop_assert_eq!(plain_cell(&harmless), cell.as_str());
        }
    }
}
