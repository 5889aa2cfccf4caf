//! Milliseconds of one password hash, one after another: `cargo run -p yui-auth --example hash_speed`.

use std::time::Instant;

use yui_auth::{
    fair::Turn,
    password::{Hasher, Password},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hasher = Hasher::new(1, 1);
    let count = 40;
    let start = Instant::now();
    for _ in 0..count {
        hasher.verify(Turn { society: 1, network: 1, account: 0 }, Password::new("ひみつの言葉".into()), None).await?;
    }
    println!("{:.1} ms a hash", start.elapsed().as_secs_f64() * 1e3 / f64::from(count));
    Ok(())
}
