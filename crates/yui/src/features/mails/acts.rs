//! The audit log's acts of mails.

crate::core::audit::acts! {
    /// The list of mails that were given up was looked at.
    MAILS_FAILED_VIEWED = "mails.failed_viewed" / "届かなかったメールの一覧を表示";
    /// A mail that was given up is tried again.
    MAIL_RETRIED = "mails.retried" / "届かなかったメールを再送";
    /// All that are worth it are.
    MAILS_RETRIED = "mails.all_retried" / "届かなかったメールをまとめて再送";
}
