//! The audit entries of terms.

crate::core::audit::acts! {
    /// A new version was published.
    TERMS_PUBLISHED = "terms.published" / "利用規約の新しい版を公開";
    /// The list of agreements was viewed.
    TERMS_AGREEMENTS_VIEWED = "terms.agreements_viewed" / "利用規約に同意した人を表示";
    /// The list of agreements was exported.
    TERMS_AGREEMENTS_EXPORTED = "terms.agreements_exported" / "利用規約の同意一覧を書き出し";
}
