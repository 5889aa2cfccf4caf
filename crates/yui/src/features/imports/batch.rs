//! One file that came in.

use jiff::Timestamp;
use kenpo_formats::TreatmentMonth;

use super::{Kind, format::Format};

/// The state of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Not all of the file is read: it was stopped, or is being read just now.
    Reading,
    /// All read, not visible to members yet.
    Staged,
    /// Members see it; a register is in force.
    Published,
    /// Withdrawn as a whole.
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

            /// Returns the state for the database's word.
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
    /// The kind of file.
    pub kind: Kind,
    /// The name of the file.
    pub file_name: String,
    /// Its state.
    pub state: BatchState,
    /// Records of the file that are processed.
    pub position: i64,
    /// Records that were accepted.
    pub accepted: i64,
    /// Records that were refused as wrong.
    pub rejected: i64,
    /// Records of nobody in the register.
    pub unmatched: i64,
    /// Accepted records whose claim an earlier batch has, too.
    pub corrections: i64,
    /// The import's other counts, by name.
    pub details: Vec<(String, i64)>,
    /// The first and the last treatment month in it.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// The name of the person who uploaded it.
    pub imported_by: String,
    /// The time of the upload.
    pub created_at: Timestamp,
    /// The time for which its publication is ordered.
    pub publish_at: Option<Timestamp>,
    /// The time and author of its publication.
    pub published: Option<(Timestamp, String)>,
    /// The time and author of its withdrawal.
    pub withdrawn: Option<(Timestamp, String)>,
    /// Whether it is to be withdrawn.
    pub withdrawing: bool,
    /// The reason for its withdrawal, done or ordered.
    pub withdraw_reason: Option<String>,
    /// The month up to which everything has arrived with it, as the society stated.
    pub through: Option<TreatmentMonth>,
    /// The reason why the withdrawal that was ordered last was not done, in words for staff.
    pub withdraw_trouble: Option<String>,
    /// The number of accounts that its withdrawal kept, as they were in use.
    pub kept: i64,
    /// Whether rows of it are still to be deleted after its withdrawal. Nobody sees them.
    pub clearing: bool,
    /// Whether it holds changes that staff made by hand, and is no file.
    pub by_hand: bool,
    /// The number of members who were mailed about its publication.
    pub told: i64,
    /// Whether some are still to be mailed.
    pub telling: bool,
}

/// The name of the question, and of the detail of a batch, that mark a file as the history of an older portal: nobody
/// is mailed about its publication, it is compared with no other file, and a claim of any other file is newer.
pub(crate) const HISTORY: &str = "history";

impl Batch {
    /// Returns whether it is the history of an older portal.
    pub fn is_history(&self) -> bool {
        self.details.iter().any(|(word, count)| word == HISTORY && *count > 0)
    }

    /// Returns its state, for people.
    pub fn words(&self) -> &'static str {
        match self.state {
            _ if self.withdrawing => "取下げの処理中",
            // What is in force as soon as it is read is not published to anybody.
            BatchState::Published if self.kind.at_once() => "反映済み",
            state => state.label(),
        }
    }
}
