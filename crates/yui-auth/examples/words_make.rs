//! Writes a list of words as `strength` reads it; `data/README.md` says of what.
//!
//! `cargo run -p yui-auth --example words_make -- OUTPUT [--names] < WORDS`

use std::collections::BTreeSet;
use std::io::BufRead;

use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let output = arguments.next().ok_or("give the file to write")?;
    let are_names = arguments.next().as_deref() == Some("--names");
    let mut hashes = BTreeSet::new();
    for word in std::io::stdin().lock().lines() {
        let word = word?.trim().to_lowercase();
        let spellings = if are_names { spellings(&word) } else { vec![word] };
        for word in spellings.iter().filter(|word| word.chars().count() >= 3) {
            let hash = Sha256::digest(word.as_bytes());
            hashes.insert([hash[0], hash[1], hash[2], hash[3], hash[4]]);
        }
    }
    std::fs::write(&output, hashes.into_iter().flatten().collect::<Vec<u8>>())?;
    Ok(())
}

/// A name with its long vowels as people write them: `satou`, `sato`, `satoh`; `oota`, `ota`, `ohta`.
fn spellings(name: &str) -> Vec<String> {
    let name = name.replace('\'', "");
    let mut all = vec![name.clone()];
    for long in ["", "h"] {
        all.push(name.replace("ou", &format!("o{long}")).replace("oo", &format!("o{long}")).replace("uu", "u"));
    }
    all.push(name.replace("nb", "mb").replace("np", "mp").replace("nm", "mm"));
    all
}
