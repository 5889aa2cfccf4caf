//! Any bytes as a file of the portal: no panic, and what was read is written and read again the same.
#![no_main]

use kenpo_formats::portal_csv::{read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = read(bytes) else { return };
    let mut written = Vec::new();
    if write(&mut written, &file).is_ok() {
        assert_eq!(read(&written[..]), Ok(file));
    }
});
