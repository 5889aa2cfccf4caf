//! Secrets at rest: sealed with AES-256-GCM under a key ring, bound to the place they are stored in.
//!
//! A sealed value is `1`, the length of the key's name, the name, the nonce (12 bytes), the ciphertext and its tag (16
//! bytes). The place (society, table, column, row) and the key's name are authenticated with it (NIST SP 800-38D), so a
//! value copied to another place does not open.

mod ring;
#[cfg(test)]
mod tests;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use zeroize::Zeroizing;

pub use ring::{KeyRing, KeyRingError};

/// Bytes of a nonce.
pub const NONCE_LEN: usize = 12;

/// The first byte of every sealed value.
const FORMAT: u8 = 1;

/// The place where a sealed value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The society's id; empty for values that belong to none.
    pub society: &'a str,
    /// The table's name.
    pub table: &'a str,
    /// The column's name.
    pub column: &'a str,
    /// The rest of the row's primary key.
    pub row: &'a str,
}

/// The reason why a sealed value does not open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The bytes are not a sealed value.
    #[error("these bytes are not a sealed value")]
    Malformed,
    /// It was sealed with a key that the ring does not have.
    #[error("the key {id:?} is not in the key ring")]
    UnknownKey {
        /// The key's name.
        id: String,
    },
    /// It was changed, or sealed for another place or with another key of this name.
    #[error("the sealed value does not belong here, or was changed")]
    Refused,
    /// It is longer than the cipher can take (64 GiB).
    #[error("the value is too long to seal")]
    TooLong,
}

impl KeyRing {
    /// Returns the value sealed with the newest key, for this place.
    ///
    /// The nonce must be fresh random bytes each time; a key should seal at most 2³² values (NIST SP 800-38D 8.3).
    ///
    /// # Errors
    /// [`SealError::TooLong`] over 64 GiB.
    pub fn seal(&self, context: &Context<'_>, nonce: [u8; NONCE_LEN], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.newest();
        let mut sealed = beginning(&key.id)?;
        sealed.reserve(NONCE_LEN + plain.len() + 16);
        let aad = context.bytes(&key.id);
        let payload = Payload { msg: plain, aad: &aad };
        let ciphertext = Aes256Gcm::new(&(*key.bytes).into())
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| SealError::TooLong)?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Returns the value that was sealed for this place.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::UnknownKey`], or [`SealError::Refused`] for a value of another place.
    pub fn open(&self, context: &Context<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let parts = Parts::of(sealed)?;
        let key = self.named(parts.id).ok_or_else(|| SealError::UnknownKey { id: parts.id.to_owned() })?;
        let aad = context.bytes(parts.id);
        let payload = Payload { msg: parts.ciphertext, aad: &aad };
        Aes256Gcm::new(&(*key.bytes).into())
            .decrypt(&Nonce::from(parts.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealError::Refused)
    }

    /// Returns the first bytes of every value that was sealed with the newest key.
    ///
    /// # Errors
    /// [`SealError::Malformed`] for a name that no ring has.
    pub fn beginning(&self) -> Result<Vec<u8>, SealError> {
        beginning(&self.newest().id)
    }
}

/// The number of bytes of every sealed value before the name of its key.
pub const BEFORE_NAME: usize = 2;

/// Returns the first bytes of every value that was sealed with the key of this name.
///
/// # Errors
/// [`SealError::Malformed`] for a name that is too long for any.
pub fn beginning(id: &str) -> Result<Vec<u8>, SealError> {
    let mut bytes = vec![FORMAT, u8::try_from(id.len()).map_err(|_| SealError::Malformed)?];
    bytes.extend_from_slice(id.as_bytes());
    Ok(bytes)
}

/// Returns the name of the key that a value was sealed with; the beginning of the value is enough.
///
/// # Errors
/// [`SealError::Malformed`] if the bytes begin no sealed value.
pub fn key_of(sealed: &[u8]) -> Result<&str, SealError> {
    let name = || {
        let (&[FORMAT, length], rest) = sealed.split_first_chunk::<BEFORE_NAME>()? else { return None };
        std::str::from_utf8(rest.get(..length.into())?).ok()
    };
    name().ok_or(SealError::Malformed)
}

impl Context<'_> {
    /// Returns the authenticated bytes: each part behind its length, so that no two places give the same.
    fn bytes(&self, key_id: &str) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        for part in [key_id, self.society, self.table, self.column, self.row] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// A sealed value taken apart.
struct Parts<'a> {
    id: &'a str,
    nonce: [u8; NONCE_LEN],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Result<Self, SealError> {
        let take = || {
            let (&[FORMAT, length], rest) = sealed.split_first_chunk::<2>()? else { return None };
            let (id, rest) = rest.split_at_checked(length.into())?;
            let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>()?;
            Some(Self { id: std::str::from_utf8(id).ok()?, nonce: *nonce, ciphertext })
        };
        take().ok_or(SealError::Malformed)
    }
}
