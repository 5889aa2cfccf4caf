//! Addresses and figures that several pages show.

use crate::{features::imports::totals::FileTotals, ui::format};

/// Returns where an upload is shown.
pub(crate) fn upload_path(upload_id: i64) -> String {
    format!("/console/imports/uploads/{upload_id}")
}

/// Returns where a batch is shown.
pub(crate) fn batch_path(batch_id: i64) -> String {
    format!("/console/imports/{batch_id}")
}

/// Returns bytes in words: `1.2 MB`.
pub(crate) fn size(bytes: i64) -> String {
    let bytes = bytes.max(0);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} KB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", format::yen(bytes / 1_000_000), bytes % 1_000_000 / 100_000),
    }
}

/// Returns what a batch adds up to, in words.
pub(crate) fn in_words(figures: FileTotals) -> Vec<(&'static str, String)> {
    let people = figures.people.map(|people| ("人数", format!("{}人", format::yen(people))));
    let amount = figures.amount.map(|amount| ("医療費総額", format!("{}円", format::yen(amount))));
    people.into_iter().chain(amount).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let written = [0, 999, 1_000, 123_456, 1_250_000, 1_073_741_824].map(size);
        assert_eq!(written, ["0 B", "999 B", "1.0 KB", "123.4 KB", "1.2 MB", "1,073.7 MB"]);
    }
}
