//! The audit log's acts of runs.

use crate::core::audit::Subject;

crate::core::audit::acts! {
    /// A run was ordered.
    PAIRS_ORDERED = "temporary_ids.ordered" / "仮ID・仮パスワードの発行を指示";
    /// A run is ready.
    PAIRS_MADE = "temporary_ids.made" / "仮ID・仮パスワードを発行";
    /// A run was given up.
    PAIRS_STOPPED = "temporary_ids.stopped" / "仮ID・仮パスワードの発行を取りやめ";
    /// The postcards were taken.
    PAIRS_CARDS = "temporary_ids.postcards" / "仮IDのハガキをダウンロード";
    /// The printing house's list was taken.
    PAIRS_LIST = "temporary_ids.list" / "仮IDの印刷会社向け一覧をダウンロード";
    /// The list without passwords was taken.
    PAIRS_ADDRESSES = "temporary_ids.addresses" / "仮IDの宛名一覧をダウンロード";
    /// The passwords were forgotten.
    PAIRS_FORGOTTEN = "temporary_ids.forgotten" / "仮パスワードの控えを消去";
}

/// Returns a run as the log names it.
pub(crate) fn subject(run_id: i64) -> Subject {
    Subject::new("pair_run", run_id, format!("発行 {run_id}"))
}
