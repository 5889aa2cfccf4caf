//! Any bytes as an archive: no panic, and no more comes out than may.
#![no_main]

use kenpo_formats::archive::{Unpacked, unpack};
use libfuzzer_sys::fuzz_target;

const LIMIT: u64 = 1 << 20;

#[derive(Default)]
struct Counted(u64);

impl Unpacked for Counted {
    fn bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0 += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, _: String) -> Result<(), String> {
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut counted = Counted::default();
    let _ = unpack(std::io::Cursor::new(bytes), LIMIT, &mut counted);
    assert!(counted.0 <= LIMIT);
});
