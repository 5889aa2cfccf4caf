//! Keys by name, the newest first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Bytes of a key: AES-256.
const KEY_LEN: usize = 32;

/// The longest name of a key.
const NAME_LEN: usize = 32;

/// The keys that secrets are sealed with: the first seals, all open.
///
/// To change the key, put a new one in front and keep the old until everything is sealed again.
pub struct KeyRing {
    newest: Key,
    older: Vec<Key>,
}

/// One key and its name.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) bytes: Zeroizing<[u8; KEY_LEN]>,
}

/// Why a text is no key ring. No message contains any part of a key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyRingError {
    /// No key was given.
    #[error("the key ring is empty: give at least one key as NAME:BASE64")]
    Empty,
    /// An entry has no name, or one with other characters than a-z, 0-9, `-` and `_`, or one over 32 characters.
    #[error("entry {entry} of the key ring must be NAME:BASE64, with a name of at most 32 of a-z, 0-9, - and _")]
    Name {
        /// The place in the ring, from 1.
        entry: usize,
    },
    /// A key is not 32 bytes in Base64.
    #[error("the key {id:?} must be 32 bytes in Base64 (44 characters)")]
    Key {
        /// The key's name.
        id: String,
    },
    /// Two keys have one name.
    #[error("two keys are named {id:?}")]
    Twice {
        /// The name.
        id: String,
    },
}

impl KeyRing {
    /// The ring of these entries `NAME:BASE64`, separated by spaces, line ends or commas; the first is the newest.
    ///
    /// # Errors
    /// [`KeyRingError`] says which entry is wrong and how.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys: Vec<Key> = Vec::new();
        let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        for (entry, number) in entries.zip(1..) {
            let key = Key::parse(entry, number)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeyRingError::Twice { id: key.id });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(KeyRingError::Empty)?;
        Ok(Self { newest, older: keys.collect() })
    }

    /// The keys' names, the newest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(|key| key.id.as_str())
    }

    pub(super) fn newest(&self) -> &Key {
        &self.newest
    }

    pub(super) fn named(&self, id: &str) -> Option<&Key> {
        self.keys().find(|key| key.id == id)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Key {
    fn parse(entry: &str, number: usize) -> Result<Self, KeyRingError> {
        let is_name = |id: &str| {
            (1..=NAME_LEN).contains(&id.len())
                && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        };
        let (id, encoded) =
            entry.split_once(':').filter(|(id, _)| is_name(id)).ok_or(KeyRingError::Name { entry: number })?;
        let wrong = || KeyRingError::Key { id: id.to_owned() };
        let decoded = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| wrong())?);
        let bytes = Zeroizing::new(decoded.as_slice().try_into().map_err(|_| wrong())?);
        Ok(Self { id: id.to_owned(), bytes })
    }
}
