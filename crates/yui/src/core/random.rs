//! The only source of randomness.

use anyhow::Context;
use yui_auth::token::Token;

/// The only source of randomness: the operating system's.
#[derive(Debug)]
pub struct Random;

impl Random {
    /// Returns fresh random bytes.
    ///
    /// # Errors
    /// Where the operating system has none to give, in which case nothing secret may be made.
    pub fn bytes<const N: usize>(&self) -> anyhow::Result<[u8; N]> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
        Ok(bytes)
    }

    /// Returns a fresh token.
    ///
    /// # Errors
    /// As [`Random::bytes`].
    pub fn token(&self) -> anyhow::Result<Token> {
        Ok(Token::from_random(self.bytes()?))
    }
}

/// Returns the bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
