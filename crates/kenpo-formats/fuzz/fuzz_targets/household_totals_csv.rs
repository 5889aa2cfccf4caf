//! Any bytes after a good header, and any bytes at all: no panic, every fault with its line.
#![no_main]

use kenpo_formats::household_totals_csv::{HouseholdTotalsCsv, template};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) {
    let Ok(rows) = HouseholdTotalsCsv::open(bytes) else { return };
    for faults in rows.filter_map(Result::err) {
        assert!(faults.iter().all(|fault| fault.line > 0 && !fault.reason.is_empty()));
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let header = template().lines().next().unwrap_or_default();
    read(&[header.as_bytes(), b"\r\n", bytes].concat());
});
