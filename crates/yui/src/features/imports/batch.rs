//! One file that came in.

use jiff::Timestamp;
use kenpo_formats::TreatmentMonth;

use super::{Kind, format::Format};

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Not all of the file is read: it was stopped, or is being read just now.
    Reading,
    /// All read, seen by nobody.
    Staged,
    /// Members see it; a register is in force.
    Published,
    /// Taken back whole.
    Withdrawn,
}

macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal / $label:literal),* $(,)? }) => {
        impl $type {
            /// Returns the word in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Returns the word for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }

            /// Returns what the database's word means.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words!(Format { Csv = "csv" / "CSV", Claims = "claims" / "レセプト電算" });
words!(BatchState {
    Reading = "reading" / "取込中",
    Staged = "staged" / "公開前",
    Published = "published" / "公開中",
    Withdrawn = "withdrawn" / "取下げ",
});

/// A batch with its counts.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its number within the society.
    pub batch_id: i64,
    /// What it is about.
    pub kind: Kind,
    /// The name of the file.
    pub file_name: String,
    /// How far it is.
    pub state: BatchState,
    /// Records of the file that are done.
    pub position: i64,
    /// Records that were taken.
    pub accepted: i64,
    /// Records that are wrong.
    pub rejected: i64,
    /// Records that mean nobody in the register.
    pub unmatched: i64,
    /// Taken records whose claim an earlier batch has too.
    pub corrections: i64,
    /// What the import counted besides, by name.
    pub details: Vec<(String, i64)>,
    /// The first and the last treatment month in it.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// Who brought it.
    pub imported_by: String,
    /// When that was.
    pub created_at: Timestamp,
    /// When it is to be published.
    pub publish_at: Option<Timestamp>,
    /// When and by whom it was published.
    pub published: Option<(Timestamp, String)>,
    /// When and by whom it was withdrawn.
    pub withdrawn: Option<(Timestamp, String)>,
    /// Whether it is to be withdrawn.
    pub withdrawing: bool,
    /// Why it was or is to be withdrawn.
    pub withdraw_reason: Option<String>,
    /// Up to which month everything has arrived with it, as the society said.
    pub through: Option<TreatmentMonth>,
    /// Why the withdrawal that was ordered last was not done, in words for staff.
    pub withdraw_trouble: Option<String>,
    /// How many accounts its withdrawal left, as they were in use.
    pub kept: i64,
    /// Whether rows of it are still to be deleted after its withdrawal. Nobody sees them.
    pub clearing: bool,
    /// Whether it holds what staff changed by hand, and is no file.
    pub by_hand: bool,
    /// How many members were mailed of its publication.
    pub told: i64,
    /// Whether some are still to be mailed.
    pub telling: bool,
}

/// The name of the question, and of the detail of a batch, by which a file is the history of an older portal: nobody is mailed of its
/// publication, it is compared with no other file, and a claim of any other file is newer.
pub(crate) const HISTORY: &str = "history";

impl Batch {
    /// Returns whether it is the history of an older portal.
    pub fn is_history(&self) -> bool {
        self.details.iter().any(|(word, count)| word == HISTORY && *count > 0)
    }

    /// Returns how far it is, for people.
    pub fn words(&self) -> &'static str {
        match self.state {
            _ if self.withdrawing => "取下げの処理中",
            // What is in force as soon as it is read is not published to anybody.
            BatchState::Published if self.kind.at_once() => "反映済み",
            state => state.label(),
        }
    }
}
