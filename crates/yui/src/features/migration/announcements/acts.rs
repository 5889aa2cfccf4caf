//! The audit entries of announcements.

use crate::core::audit::Subject;

crate::core::audit::acts! {
    /// Announcements were ordered.
    ANNOUNCEMENTS_ORDERED = "announcements.ordered" / "移行の案内メールの送信を指示";
    /// They are written, and wait for their time.
    ANNOUNCEMENTS_WRITTEN = "announcements.written" / "移行の案内メールを用意";
    /// The withdrawal of those that wait was ordered.
    ANNOUNCEMENTS_BACK_ORDERED = "announcements.take_back_ordered" / "移行の案内メールの取消しを指示";
    /// Those that waited were withdrawn.
    ANNOUNCEMENTS_TAKEN_BACK = "announcements.taken_back" / "移行の案内メールを取消し";
}

/// The id of the announcements in approvals: there is one for the whole society.
pub(crate) const ALL: i64 = 0;

/// Returns the announcements as a subject of the log and the approvals.
pub(crate) fn subject() -> Subject {
    Subject::new("announcements", ALL, "移行の案内メール")
}
