//! Any bytes as another program's table: what is guessed of its header reads it without a panic, every fault with its line.
#![no_main]

use kenpo_formats::{
    csv_table::{Layout, first_line},
    expense_csv::{COLUMNS, ExpenseCsv},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(header) = first_line(bytes) else { return };
    let mut layout = Layout::guessed(&header, COLUMNS);
    for name in layout.missing(COLUMNS) {
        layout.constants.insert(name.to_owned(), String::new());
    }
    let Ok(rows) = ExpenseCsv::open_as(bytes, Some(&layout)) else { return };
    for faults in rows.filter_map(Result::err) {
        assert!(faults.iter().all(|fault| fault.line > 0 && !fault.reason.is_empty()));
    }
});
