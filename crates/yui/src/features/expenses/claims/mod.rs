//! Single claims of a batch, for staff: the list, a claim with its versions, and its correction or withdrawal by hand.

mod claim;
mod list;
mod one;

pub(super) use list::{search, show as show_list};
pub(super) use one::{correct, show as show_one, undo, withdraw};

use axum::response::{IntoResponse, Redirect, Response};

use crate::core::audit::acts;

acts! {
    /// The claims of a batch were looked at.
    CLAIMS_SEEN = "expenses.claims_seen" / "取込の請求の一覧を表示";
    /// One claim was looked at.
    CLAIM_SEEN = "expenses.claim_seen" / "請求を表示";
    /// A claim's amounts were changed by hand.
    CORRECTED = "expenses.corrected" / "請求を手作業で訂正";
    /// A claim was taken back by hand.
    WITHDRAWN = "expenses.withdrawn" / "請求を手作業で取消";
    /// A change that waited for publication was given up.
    CHANGE_DROPPED = "expenses.change_dropped" / "手作業の変更をとりやめ";
}

/// Returns where the claims of a batch are shown.
pub(super) fn list_path(batch_id: i64) -> String {
    format!("/console/imports/{batch_id}/claims")
}

/// Returns where a claim of a batch is shown. The key names no person.
pub(super) fn path(batch_id: i64, key: &[u8]) -> String {
    format!("{}/{}", list_path(batch_id), hex(key))
}

fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the key that the hexadecimal digits mean.
fn key_of(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// Leads to the batch that collects the changes.
fn changed(batch_id: i64) -> Response {
    Redirect::to(&format!("/console/imports/{batch_id}?done=claim-changed")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_from_its_address() {
        let key = [0, 15, 16, 255, 128];
        assert_eq!(key_of(&hex(&key)).unwrap(), key);
        for wrong in ["", "0", "0g", "あい", "+1"] {
            assert_eq!(key_of(wrong), None, "{wrong}");
        }
    }
}
