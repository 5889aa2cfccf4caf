//! Password hashes a second and nothing else: what a login cannot be faster than.
//!
//! `cargo run --release -p yui-auth --example hash_rate [THREADS] [SECONDS]`

use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let threads: u32 = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
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
fn hash_until(end: Instant) -> argon2::Result<u32> {
    let params = Params::new(19_456, 2, 1, Some(32))?;
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut output, mut hashes) = ([0; 32], 0_u32);
    while Instant::now() < end {
        let salt = u128::from(hashes).to_be_bytes();
        argon2.hash_password_into_with_memory(b"Kumo-no-ue-2026", &salt, &mut output, &mut memory)?;
        hashes += 1;
    }
    Ok(hashes)
}
