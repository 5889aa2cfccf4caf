//! The changes that staff make to a single claim.

/// A change that staff made to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ClaimAction {
    /// They assigned it to a person.
    Assigned,
    /// They changed its amounts.
    Corrected,
    /// They withdrew it.
    Withdrawn,
}

impl ClaimAction {
    /// Returns the word in the database.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Returns the word for staff.
    pub(in super::super) fn label(self) -> &'static str {
        match self {
            Self::Assigned => "割当て",
            Self::Corrected => "訂正",
            Self::Withdrawn => "取消",
        }
    }

    /// Returns the change for the database's word.
    pub(in super::super) fn parse(word: &str) -> Option<Self> {
        [Self::Assigned, Self::Corrected, Self::Withdrawn].into_iter().find(|act| act.as_str() == word)
    }
}
