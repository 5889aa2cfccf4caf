//! Secrets that are looked up: sessions, mailed links, steps of a login.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a token: 256 bits, which nobody guesses.
pub const TOKEN_LEN: usize = 32;

/// Characters of a token's text.
const TEXT_LEN: usize = 43;

/// A secret handed to a browser or sent by mail: never shown by Debug, never stored, wiped when dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; TOKEN_LEN]>);

impl Token {
    /// Returns the token of these bytes: fresh random ones.
    #[must_use]
    pub fn from_random(bytes: [u8; TOKEN_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the token with this text, `None` unless it is exactly a result of [`Token::text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LEN {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Returns the token as 43 characters that fit in a cookie and in an address (RFC 4648 5, no padding).
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// Returns the hash that is stored instead of the token, and looked up when the token comes back.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_slice()).into())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The SHA-256 of a [`Token`]: a reader of the database cannot sign in with it.
///
/// It is looked up by an index and compared byte by byte, not in constant time. The time could at most tell how much of a
/// stored hash some guess's hash shares; nobody can choose a token for its hash, so that leads no nearer to a token. No
/// salt and no slow hash either: a token has 256 random bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Returns the hash that was stored as these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for TokenHash {
    /// The first four bytes: enough to tell two apart in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenHash({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Token, TokenHash};

    #[test]
    fn a_token_is_hashed_with_sha_256() {
        // FIPS 180-4 of 32 zero bytes.
        let hash = Token::from_random([0; 32]).hash();
        assert_eq!(format!("{hash:?}"), "TokenHash(66687aad…)");
        assert_eq!(hash.as_bytes()[28..], [0x0d, 0x5f, 0x29, 0x25]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::from_random([7; 32]);
        assert_eq!(format!("{token:?}"), "Token(***)");
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same_token(bytes: [u8; 32]) {
            let token = Token::from_random(bytes);
            let text = token.text();
            prop_assert_eq!(text.len(), 43);
            prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            let back = Token::parse(&text).map(|token| token.hash());
            prop_assert_eq!(back, Some(token.hash()));
        }

        #[test]
        fn other_texts_are_no_tokens(text in "\\PC{0,60}") {
            if let Some(token) = Token::parse(&text) {
                prop_assert_eq!(&*token.text(), &text);
            }
        }

        #[test]
        fn different_tokens_have_different_hashes(a: [u8; 32], b: [u8; 32]) {
            prop_assume!(a != b);
            prop_assert_ne!(Token::from_random(a).hash(), Token::from_random(b).hash());
        }

        #[test]
        fn a_stored_hash_is_the_same_hash(bytes: [u8; 32]) {
            let hash = Token::from_random(bytes).hash();
            prop_assert_eq!(TokenHash::from_bytes(*hash.as_bytes()), hash);
        }
    }
}
