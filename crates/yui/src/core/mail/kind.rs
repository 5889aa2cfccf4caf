//! The kinds of mails, with a word for the database and one for people.

/// A kind of mails; each feature declares its own with [`mail_kinds!`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailKind {
    /// The word in the database, as in `email_verify`.
    pub word: &'static str,
    /// The (Japanese) words for staff.
    pub label: &'static str,
}

yui_db::inventory::collect!(MailKind);

impl MailKind {
    /// Returns every kind, by word.
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<_> = yui_db::inventory::iter::<Self>.into_iter().collect();
        all.sort_by_key(|kind| kind.word);
        all
    }

    /// Returns the kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::all().into_iter().find(|kind| kind.word == word).copied()
    }

    /// Returns what the database's word means to people.
    pub(crate) fn label_of(word: &str) -> &str {
        Self::parse(word).map_or(word, |kind| kind.label)
    }
}

/// Declares kinds of mails: `WELCOME = "welcome" / "初回登録の完了";`.
macro_rules! mail_kinds {
    ($($(#[$meta:meta])* $name:ident = $word:literal / $label:literal;)+) => {$(
        $(#[$meta])*
        pub(crate) const $name: $crate::core::mail::MailKind =
            $crate::core::mail::MailKind { word: $word, label: $label };
        yui_db::inventory::submit! { $name }
    )+};
}
pub(crate) use mail_kinds;
