//! The text of documents: characters that cannot be drawn are marked and remembered, never dropped in silence.

use crate::Fonts;
use crate::fonts::is_variation_selector;

/// The mark for a character that no font has, as printers have always set it: 〓.
const GETA: char = '\u{3013}';

/// A run of Latin letters longer than this would not fit in a column, and may be broken anywhere.
const LONGEST_WORD: usize = 20;

/// The character at which a line may end within a word: a space of no width.
const BREAK: char = '\u{200B}';

/// Takes the texts of one document and keeps the characters that could not be drawn.
pub(crate) struct Words<'a> {
    fonts: &'a Fonts,
    missing: Vec<char>,
}

impl<'a> Words<'a> {
    pub(crate) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, missing: Vec::new() }
    }

    /// Returns the text as it can be drawn: 〓 for a character no font has, the plain form for one whose variant no font
    /// has, a space for a control character.
    pub(crate) fn set(&mut self, text: &str) -> String {
        let mut before = None;
        let mut letters = 0;
        let mut set = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_control() {
                set.push(' ');
            } else if self.fonts.has(before, c) {
                set.push(c);
            } else {
                if !self.missing.contains(&c) {
                    self.missing.push(c);
                }
                if !is_variation_selector(c) {
                    set.push(GETA);
                }
            }
            letters = if c.is_ascii_graphic() { letters + 1 } else { 0 };
            if letters > LONGEST_WORD {
                set.push(BREAK);
            }
            before = Some(c);
        }
        set
    }

    /// Returns the characters that could not be drawn, each once, in the order met.
    pub(crate) fn into_missing(self) -> Vec<char> {
        self.missing
    }
}

/// Returns an amount of yen with a comma between thousands: `−1,234,567`.
pub(crate) fn yen(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + '−'.len_utf8());
    if amount < 0 {
        grouped.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::yen;

    #[test]
    fn yen_separates_thousands() {
        let cases = [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1_000, "1,000"),
            (12_960, "12,960"),
            (-1_234_567, "−1,234,567"),
            (i64::MIN, "−9,223,372,036,854,775,808"),
        ];
        for (amount, text) in cases {
            assert_eq!(yen(amount), text);
        }
    }
}
