//! The report of an import, in words.

use std::fmt;

use kenpo_formats::TreatmentMonth;

use super::totals::FileTotals;

/// The outcome of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of the file is in the database.
    Done,
    /// The same content was there already; nothing changed.
    AlreadyThere,
    /// Only a check: nothing changed.
    DryRun,
    /// There were mistakes and all or nothing was asked for: nothing changed.
    Refused,
}

/// The report of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The outcome.
    pub outcome: Outcome,
    /// The batch, if there is one.
    pub batch_id: Option<i64>,
    /// Records of the file that an earlier, stopped run had processed.
    pub resumed_at: i64,
    /// Records in the file.
    pub records: i64,
    /// Records accepted.
    pub accepted: i64,
    /// Records that are wrong.
    pub rejected: i64,
    /// Records that match nobody in the register.
    pub unmatched: i64,
    /// Accepted records whose claim an earlier batch has, too.
    pub corrections: i64,
    /// The first and the last treatment month among them.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// The totals of the file, if it was checked.
    pub figures: FileTotals,
    /// The other counts, by name: new households, changed members, unknown records …
    pub details: Vec<(&'static str, i64)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batch = self.batch_id.map(|id| format!("batch {id}")).unwrap_or_default();
        match self.outcome {
            Outcome::Done if self.resumed_at > 0 => write!(f, "{batch}: went on after record {}", self.resumed_at)?,
            Outcome::Done => write!(f, "{batch}: done")?,
            Outcome::AlreadyThere => write!(f, "{batch}: this file was imported before; nothing changed")?,
            Outcome::DryRun => write!(f, "dry run: nothing changed")?,
            Outcome::Refused => write!(f, "refused, because there are mistakes: nothing changed")?,
        }
        write!(
            f,
            "\n  accepted {}, rejected {}, not in the register {}",
            self.accepted, self.rejected, self.unmatched
        )?;
        if self.corrections > 0 {
            write!(f, ", corrections {}", self.corrections)?;
        }
        self.details.iter().try_for_each(|(name, count)| write!(f, "\n  {name} {count}"))
    }
}
