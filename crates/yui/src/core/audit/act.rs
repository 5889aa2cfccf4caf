//! The kinds of audit entries: each has a word for the database and a label for people.

/// A kind of audit entry; each feature declares its own with [`acts!`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditAction {
    /// The word in the database, as in `member.viewed`.
    pub word: &'static str,
    /// The (Japanese) words for people.
    pub label: &'static str,
}

yui_db::inventory::collect!(AuditAction);

impl AuditAction {
    /// Returns all acts, by word.
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<_> = yui_db::inventory::iter::<Self>.into_iter().collect();
        all.sort_by_key(|act| act.word);
        all
    }

    /// Returns the label for the database's word.
    pub fn label_of(word: &str) -> &str {
        let mut all = yui_db::inventory::iter::<Self>.into_iter();
        all.find(|act| act.word == word).map_or(word, |act| act.label)
    }
}

/// Declares acts: `MEMBER_VIEWED = "member.viewed" / "加入者の詳細を表示";`.
macro_rules! acts {
    ($($(#[$meta:meta])* $name:ident = $word:literal / $label:literal;)+) => {$(
        $(#[$meta])*
        pub(crate) const $name: $crate::core::audit::AuditAction = $crate::core::audit::AuditAction { word: $word, label: $label };
        yui_db::inventory::submit! { $name }
    )+};
}
pub(crate) use acts;
