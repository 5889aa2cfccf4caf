//! The stored form of a hash: a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::SALT_LEN;
use super::engine::Memory;
use super::hasher::HashError;

const LANES: u32 = 1;
const OUTPUT_LEN: usize = 32;

/// The cost of a hash, and so of guessing the password of a stolen one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cost {
    /// 19 MiB of memory and two passes (OWASP Password Storage Cheat Sheet, argon2id).
    #[default]
    Today,
    /// The least that argon2 allows: for a demo, whose passwords everybody knows.
    Least,
}

impl Cost {
    /// Returns KiB of memory, and passes.
    fn memory_and_passes(self) -> (u32, u32) {
        match self {
            Self::Today => (19_456, 2),
            Self::Least => (8, 1),
        }
    }
}

/// A stored hash taken apart: the parameters for hashing a candidate, and the expected output.
pub(super) struct Stored {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Stored {
    /// Returns the dummy hash for unknown accounts: parameters of this cost, and an output that matches no password.
    ///
    /// # Errors
    /// The parameters' own, which are constant.
    pub(super) fn of_nobody(cost: Cost, salt: [u8; SALT_LEN]) -> argon2::Result<Self> {
        let (memory, passes) = cost.memory_and_passes();
        Ok(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: Params::new(memory, passes, LANES, Some(OUTPUT_LEN))?,
            salt: salt.to_vec(),
            output: vec![0; OUTPUT_LEN],
        })
    }

    /// Returns the hash in this PHC string, `None` if it is not one of argon2.
    pub(super) fn parse(phc: &str) -> Option<Self> {
        let hash = PasswordHash::new(phc).ok()?;
        let version = match hash.version {
            Some(version) => Version::try_from(version).ok()?,
            None => Version::V0x10,
        };
        Some(Self {
            algorithm: Algorithm::try_from(hash.algorithm.as_str()).ok()?,
            version,
            params: Params::try_from(&hash).ok()?,
            salt: hash.salt.as_ref()?.to_vec(),
            output: hash.hash.as_ref()?.as_bytes().to_vec(),
        })
    }

    /// Returns the hash of the password with this salt and these parameters; `memory` grows to the size they need.
    ///
    /// # Errors
    /// [`HashError::Failed`] for lengths that cannot occur.
    pub(super) fn hash(&self, password: &[u8], memory: &mut Memory) -> Result<Zeroizing<Vec<u8>>, HashError> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        memory.hash(self, password, &mut output)?;
        Ok(output)
    }

    /// Returns whether the output is the stored one, compared in constant time.
    pub(super) fn matches(&self, output: &[u8]) -> bool {
        self.output.ct_eq(output).into()
    }

    /// Returns the PHC string with this output.
    pub(super) fn to_phc(&self, output: &[u8]) -> String {
        let salt = STANDARD_NO_PAD.encode(&self.salt);
        let hash = STANDARD_NO_PAD.encode(output);
        let (memory, passes, lanes) = (self.params.m_cost(), self.params.t_cost(), self.params.p_cost());
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
    }

    /// Returns whether function, parameters and lengths are those of this cost.
    pub(super) fn is_of(&self, cost: Cost) -> bool {
        let (memory, passes) = cost.memory_and_passes();
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && (self.params.m_cost(), self.params.t_cost(), self.params.p_cost()) == (memory, passes, LANES)
            && self.output.len() == OUTPUT_LEN
            && self.salt.len() >= SALT_LEN
    }
}

/// Returns whether the hash was made with other parameters than today's, so that the next login should replace it.
///
/// True for a text that is no argon2 hash.
#[must_use]
pub fn needs_rehash(phc: &str) -> bool {
    Stored::parse(phc).is_none_or(|stored| !stored.is_of(Cost::Today))
}
