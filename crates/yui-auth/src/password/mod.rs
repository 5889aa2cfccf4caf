//! Passwords and their hashes: argon2id, one hash per attempt, and a waiting line that ends.

mod engine;
mod hasher;
mod phc;
#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

pub use engine::{Engine, engine};
pub use hasher::{HashError, Hasher, Verified};
pub use phc::{Cost, needs_rehash};

/// Bytes of a salt (RFC 9106 3.1).
pub const SALT_LEN: usize = 16;

/// A password as somebody typed it: never shown by Debug, wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The password, taken over without a copy.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(Zeroizing::new(typed))
    }

    /// The characters, for the rules on length and for the list of known passwords.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}
