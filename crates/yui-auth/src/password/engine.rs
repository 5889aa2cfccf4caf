//! Two implementations of argon2: a fast one for today's hashes, and one to prove it against.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::SALT_LEN;
use super::hasher::HashError;
use super::phc::{Cost, Stored};

/// Which implementation computes today's hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `argon2-rust`, which uses the vector instructions of this processor: two to three times as fast.
    Fast,
    /// `argon2`, because the other gave another hash on this processor. Say so in the log: logins are slower than planned.
    Plain,
}

/// The engine of this process: the fast one if it is proved here, which takes two hashes' time at the first call.
///
/// Call it when the program starts; else the first login waits for it.
#[must_use]
pub fn engine() -> Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let proof = catch_unwind(AssertUnwindSafe(is_proved));
        if proof.unwrap_or(false) { Engine::Fast } else { Engine::Plain }
    });
    *ENGINE
}

/// The memory of one hash at a time: empty at first, then as large as the largest hash so far.
#[derive(Default)]
pub(super) struct Memory {
    plain: Vec<Block>,
    fast: Option<argon2_rust::Hasher>,
    hashes: u64,
}

impl Memory {
    /// Hashes into `output`, with the fast engine if it is proved and the parameters are those it was proved with.
    pub(super) fn hash(&mut self, stored: &Stored, password: &[u8], output: &mut [u8]) -> Result<(), HashError> {
        self.hashes += 1;
        if stored.is_of(Cost::Today) && engine() == Engine::Fast {
            self.hash_fast(stored, password, output)
        } else {
            self.hash_plain(stored, password, output)
        }
    }

    /// How many hashes were computed since this was asked.
    pub(super) fn hashes_since(&mut self) -> u64 {
        std::mem::take(&mut self.hashes)
    }

    fn hash_plain(&mut self, stored: &Stored, password: &[u8], output: &mut [u8]) -> Result<(), HashError> {
        self.plain.resize(stored.params.block_count().max(self.plain.len()), Block::new());
        let argon2 = Argon2::new(stored.algorithm, stored.version, stored.params.clone());
        Ok(argon2.hash_password_into_with_memory(password, &stored.salt, output, self.plain.as_mut_slice())?)
    }

    /// The same for argon2id of version 1.3 with one lane.
    fn hash_fast(&mut self, stored: &Stored, password: &[u8], output: &mut [u8]) -> Result<(), HashError> {
        let failed = |error: argon2_rust::Error| HashError::Failed(error.to_string());
        let memory = argon2_rust::params::Memory::kib(stored.params.m_cost().into());
        let params = argon2_rust::Params::builder().memory(memory).passes(stored.params.t_cost());
        let params = params.lanes(1).build().map_err(failed)?;
        let argon2 = argon2_rust::Argon2::new(argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13, params);
        let hasher = self.fast.get_or_insert_with(|| argon2.hasher());
        hasher.set_argon2(argon2);
        hasher.hash_into(password, &stored.salt, output).map_err(failed)
    }
}

/// Whether both engines agree on passwords of many lengths in little memory, and on one with today's parameters.
fn is_proved() -> bool {
    let long = [0x5a; 300];
    let lengths = [0, 1, 8, 63, 64, 65, 127, 128, 129, 300];
    let small = small(b"a salt of sixteen", 2);
    let is_small_equal = small.is_ok_and(|small| lengths.iter().all(|length| is_equal(&small, &long[..*length])));
    is_small_equal
        && Stored::of_nobody(Cost::Today, [0xa5; SALT_LEN])
            .is_ok_and(|today| is_equal(&today, "ひみつの言葉".as_bytes()))
}

/// Whether both engines give one hash, in memory used before.
pub(super) fn is_equal(stored: &Stored, password: &[u8]) -> bool {
    let (mut plain, mut another, mut fast) = ([0; 32], [1; 32], [2; 32]);
    let mut memory = Memory::default();
    let hashed = Memory::default()
        .hash_plain(stored, password, &mut plain)
        .and_then(|()| memory.hash_fast(stored, b"another password", &mut another))
        .and_then(|()| memory.hash_fast(stored, password, &mut fast));
    hashed.is_ok() && fast == plain && fast != another
}

/// Parameters that take no time.
pub(super) fn small(salt: &[u8], passes: u32) -> Result<Stored, HashError> {
    Ok(Stored {
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        params: Params::new(64, passes, 1, Some(32))?,
        salt: salt.to_vec(),
        output: vec![0; 32],
    })
}
