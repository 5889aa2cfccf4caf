//! Codes, passwords and user IDs that the portal makes up and people type.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::digits;

/// The characters of recovery codes: Crockford's Base32, which has no I, L, O and U.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The number of characters of a recovery code without its hyphens: 80 bits.
const RECOVERY_LEN: usize = 16;

/// The characters of credentials posted on paper: no 0 o O, 1 l i I, q (a 9), u (a v), and one case only.
const PAPER: &[u8; 29] = b"abcdefghjkmnprstvwxyz23456789";

/// The number of letters in [`PAPER`].
const PAPER_LETTERS: usize = 21;

/// The number of characters of a temporary password: 68 bits.
const PASSWORD_LEN: usize = 14;

/// The number of characters of a temporary user ID.
const USER_ID_LEN: usize = 10;

/// A code of six digits to be mailed.
///
/// 2⁶⁴ is no multiple of a million: some codes come up more often than others by one part in 18 million million.
#[must_use]
pub fn mail_code(random: [u8; 8]) -> String {
    digits::of_number(u64::from_be_bytes(random) % 1_000_000).map(char::from).iter().collect()
}

/// Returns whether the code typed is the one expected, compared in constant time; spaces and full-width digits are read
/// too.
#[must_use]
pub fn code_matches(given: &str, expected: &str) -> bool {
    match (digits::six(given), digits::six(expected)) {
        (Some(given), Some(expected)) => given.ct_eq(&expected).into(),
        _ => false,
    }
}

/// Returns whether the recovery code typed is the one expected, compared in constant time, however it is spaced and
/// cased.
#[must_use]
pub fn recovery_code_matches(given: &str, expected: &str) -> bool {
    recovery_code_fold(given).as_bytes().ct_eq(recovery_code_fold(expected).as_bytes()).into()
}

/// A code for logging in when all else is lost: never shown by Debug, wiped when dropped.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// The code to show and print: `XXXX-XXXX-XXXX-XXXX`.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(RECOVERY_LEN + 3);
        for (place, character) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(character);
        }
        Zeroizing::new(text)
    }

    /// Returns the text to hash and store: the result of [`recovery_code_fold`] for the typed code.
    ///
    /// Below 112 bits a stored secret needs a password hash (OWASP ASVS 5.0 6.5.2). With one salt for the ten codes of a
    /// person, one hash of what was typed is enough to compare it with all of them.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(***)")
    }
}

/// Ten recovery codes of 80 bits each.
#[must_use]
pub fn recovery_codes(random: [u8; 100]) -> [RecoveryCode; 10] {
    let random = Zeroizing::new(random);
    std::array::from_fn(|code| {
        let bits = random[code * 10..][..10].iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let places = (0..RECOVERY_LEN).rev();
        let text = places.map(|place| char::from(CROCKFORD[(bits >> (5 * place)) as usize % 32]));
        RecoveryCode(Zeroizing::new(text.collect()))
    })
}

/// Returns the typed recovery code in the form in which it was stored: in capitals, without spaces and hyphens, O read
/// as 0, I and L as 1, U as V.
///
/// Full-width letters and digits are read too. A text that is no recovery code gives one that equals no stored code.
#[must_use]
pub fn recovery_code_fold(given: &str) -> Zeroizing<String> {
    let folded = given.chars().filter_map(|c| {
        let c = half_width(c).to_ascii_uppercase();
        match c {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            'U' => Some('V'),
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff70}' => None,
            c if c.is_whitespace() => None,
            c => Some(c),
        }
    });
    // One more than a code has, so that a longer text is never taken for one.
    Zeroizing::new(folded.take(RECOVERY_LEN + 1).collect())
}

/// Returns whether a text has the form of [`temporary_password`].
#[must_use]
pub fn looks_temporary(text: &str) -> bool {
    text.len() == PASSWORD_LEN && text.bytes().all(|byte| PAPER.contains(&byte))
}

/// A password to be posted, for the first login only: 14 small letters and digits, at least one of each, 67 bits.
#[must_use]
pub fn temporary_password(random: [u8; 16]) -> Zeroizing<String> {
    let mut rest = u128::from_be_bytes(random);
    let mut draw = |below: usize| draw(&mut rest, below);
    let mut places: [usize; PASSWORD_LEN] = std::array::from_fn(|_| draw(PAPER.len()));
    let at = draw(PASSWORD_LEN);
    if places.iter().all(|place| *place < PAPER_LETTERS) {
        places[at] = PAPER_LETTERS + draw(PAPER.len() - PAPER_LETTERS);
    } else if places.iter().all(|place| *place >= PAPER_LETTERS) {
        places[at] = draw(PAPER_LETTERS);
    }
    Zeroizing::new(on_paper(&places))
}

/// A user ID to be posted, until its owner chooses another: 10 small letters and digits, the first a letter.
#[must_use]
pub fn temporary_user_id(random: [u8; 16]) -> String {
    let mut rest = u128::from_be_bytes(random);
    let mut places: [usize; USER_ID_LEN] = std::array::from_fn(|_| draw(&mut rest, PAPER.len()));
    places[0] = draw(&mut rest, PAPER_LETTERS);
    on_paper(&places)
}

/// Draws a number below this one from the random ones, which become fewer; of 128 bits the bias of the remainder is
/// negligible.
fn draw(rest: &mut u128, below: usize) -> usize {
    let drawn = *rest % below as u128;
    *rest /= below as u128;
    drawn as usize
}

fn on_paper(places: &[usize]) -> String {
    places.iter().map(|place| char::from(PAPER[*place])).collect()
}

/// Returns the character of half width for one of full width (U+FF01 to U+FF5E).
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::{
        PAPER, code_matches, mail_code, recovery_code_fold, recovery_codes, temporary_password, temporary_user_id,
    };

    #[test]
    fn a_mailed_code_has_six_digits_and_is_read_as_people_type_it() {
        assert_eq!(mail_code([0; 8]), "000000");
        assert_eq!(mail_code([0xff; 8]), "551615");
        for given in ["551615", "551 615", "５５１６１５"] {
            assert!(code_matches(given, "551615"), "{given}");
        }
        for given in ["", "551614", "55161", "5516155", "551615x"] {
            assert!(!code_matches(given, "551615"), "{given}");
        }
        assert!(!code_matches("", ""));
    }

    #[test]
    fn mailed_codes_are_spread_evenly() {
        let mut counts = [0_u32; 10];
        for n in 0..100_000_u64 {
            let random = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            counts[usize::from(mail_code(random).as_bytes()[0] - b'0')] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }

    #[test]
    fn recovery_codes_are_written_in_groups_and_read_without() {
        let random = std::array::from_fn(|place| u8::try_from(place).expect("small") ^ 0x5a);
        let codes = recovery_codes(random);
        assert_eq!(*codes[0].text(), "B9DN-GPAY-BXE5-TMJK");
        assert_eq!(codes[0].folded(), "B9DNGPAYBXE5TMJK");
        assert_eq!(codes.iter().map(|code| code.folded().to_owned()).collect::<HashSet<_>>().len(), 10);
        for given in ["b9dn gpay bxe5 tmjk", "Ｂ９ＤＮ－ＧＰＡＹ－ＢＸＥ５－ＴＭＪＫ", "B9DN–GPAYーBXE5‐TMJK\n"]
        {
            assert_eq!(*recovery_code_fold(given), codes[0].folded(), "{given}");
        }
        assert_eq!(*recovery_code_fold("oOiIlLuU-0000-0000"), "001111VV00000000");
        assert_ne!(*recovery_code_fold("B9DN-GPAY-BXE5-TMJK0"), codes[0].folded());
        assert_eq!(format!("{:?}", codes[0]), "RecoveryCode(***)");
    }

    #[test]
    fn paper_shows_nothing_that_two_characters_could_be() {
        for confusing in b"0oO1lIiqu" {
            assert!(!PAPER.contains(confusing), "{}", char::from(*confusing));
        }
        assert!(14.0 * (PAPER.len() as f64).log2() > 67.0);
    }

    #[test]
    fn a_password_of_one_kind_gets_the_other() {
        // All draws of the first character, or of the last.
        let last = (0..14).fold(0_u128, |rest, _| rest * 29 + 28);
        for random in [[0; 16], last.to_be_bytes()] {
            let password = temporary_password(random);
            assert!(password.chars().any(|c| c.is_ascii_digit()), "{}", *password);
            assert!(password.chars().any(|c| c.is_ascii_lowercase()), "{}", *password);
        }
    }

    proptest! {
        #[test]
        fn a_recovery_code_typed_is_the_code_stored(random in prop::array::uniform32(any::<u8>())) {
            let codes = recovery_codes(std::array::from_fn(|place| random[place % 32] ^ (place / 32) as u8));
            for code in &codes {
                prop_assert_eq!(&*recovery_code_fold(&code.text()), code.folded());
                prop_assert_eq!(&*recovery_code_fold(&code.text().to_lowercase()), code.folded());
                prop_assert_eq!(code.folded().len(), 16);
            }
        }

        #[test]
        fn any_text_folds(text: String) {
            prop_assert!(recovery_code_fold(&text).chars().count() <= 17);
            prop_assert!(!code_matches(&text, "not a code"));
        }

        #[test]
        fn temporary_passwords_and_ids_can_be_typed_from_paper(random: [u8; 16]) {
            let password = temporary_password(random);
            prop_assert_eq!(password.len(), 14);
            prop_assert!(password.bytes().all(|c| PAPER.contains(&c)));
            prop_assert!(password.bytes().any(|c| c.is_ascii_digit()));
            prop_assert!(password.bytes().any(|c| c.is_ascii_lowercase()));
            let user_id = temporary_user_id(random);
            prop_assert_eq!(user_id.len(), 10);
            prop_assert!(user_id.bytes().all(|c| PAPER.contains(&c)));
            prop_assert!(user_id.as_bytes()[0].is_ascii_lowercase());
        }

        #[test]
        fn different_bytes_are_different_passwords(a: [u8; 16], b: [u8; 16]) {
            prop_assume!(a != b);
            prop_assert_ne!(temporary_password(a), temporary_password(b));
            prop_assert_ne!(temporary_user_id(a), temporary_user_id(b));
        }
    }
}
