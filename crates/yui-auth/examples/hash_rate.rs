//! Password hashes a second and nothing else: what a login cannot be faster than.
//!
//! `cargo run --release -p yui-auth --example hash_rate [THREADS] [SECONDS] [fast|plain]`

use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use yui_auth::password::{Engine, engine};

const PASSWORD: &[u8] = b"Kumo-no-ue-2026";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let threads: u32 = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let hash_until = match arguments.next().as_deref() {
        Some("fast") => fast_until,
        Some("plain") => plain_until,
        _ if engine() == Engine::Fast => fast_until,
        _ => plain_until,
    };
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..threads).map(|_| thread::spawn(move || hash_until(end))).collect();
    let mut hashes = 0;
    for worker in workers {
        hashes += worker.join().map_err(|_| "a thread was given up")??;
    }
    println!("{:.2}", f64::from(hashes) / start.elapsed().as_secs_f64());
    Ok(())
}

/// Hashes until then, in the same memory; returns how often.
fn fast_until(end: Instant) -> Result<u32, String> {
    let memory = argon2_rust::params::Memory::kib(19_456);
    let params = argon2_rust::Params::builder().memory(memory).passes(2).build().map_err(|error| error.to_string())?;
    let (algorithm, version) = (argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13);
    let mut hasher = argon2_rust::Argon2::new(algorithm, version, params).hasher();
    repeat(end, |salt, output| hasher.hash_into(PASSWORD, salt, output).map_err(|error| error.to_string()))
}

/// The same with the other engine.
fn plain_until(end: Instant) -> Result<u32, String> {
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(|error| error.to_string())?;
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    repeat(end, |salt, output| {
        argon2.hash_password_into_with_memory(PASSWORD, salt, output, &mut memory).map_err(|error| error.to_string())
    })
}

fn repeat(end: Instant, mut hash: impl FnMut(&[u8], &mut [u8]) -> Result<(), String>) -> Result<u32, String> {
    let (mut output, mut hashes) = ([0; 32], 0_u32);
    while Instant::now() < end {
        hash(&u128::from(hashes).to_be_bytes(), &mut output)?;
        hashes += 1;
    }
    Ok(hashes)
}
