//! One file that came in.

/// What a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Households and members.
    Register,
    /// Medical expenses.
    Expenses,
    /// Users of an older system.
    OlderUsers,
}

/// In what form a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Our own table with a header row.
    Csv,
    /// An electronic claim file (UKE).
    Claims,
}

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
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Returns the word for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }

            /// Returns what the database's word means.
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words!(Kind {
    Register = "register" / "加入者台帳",
    Expenses = "expenses" / "医療費",
    OlderUsers = "older_users" / "旧システム利用者",
});
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
}
