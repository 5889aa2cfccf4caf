//! The audit log's acts of settings.

crate::core::audit::acts! {
    /// Values of the policy were changed.
    POLICY_CHANGED = "settings.policy" / "組合の設定を変更";
    /// Name, colour or sign were changed.
    BRANDING_CHANGED = "settings.branding" / "名称・色・ロゴを変更";
    /// A signing key was put in.
    SIGNING_KEY_KEPT = "settings.signing_key" / "電子署名の鍵を登録";
    /// The closing day of an older system was kept.
    OLDER_HOST_KEPT = "settings.older_host" / "以前のシステムの終了日を変更";
    /// A host name of an older system was forgotten.
    OLDER_HOST_DROPPED = "settings.older_host_dropped" / "以前のシステムの案内を終了";
}
