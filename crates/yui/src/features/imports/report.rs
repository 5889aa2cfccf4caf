//! What an import did, in words.

use std::fmt;

use kenpo_formats::TreatmentMonth;

use super::totals::FileTotals;

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of the file is in the database.
    Done,
    /// The same content was there already; nothing changed.
    AlreadyThere,
    /// Only tried: nothing changed.
    DryRun,
    /// There were mistakes and all or nothing was asked for: nothing changed.
    Refused,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The batch, where there is one.
    pub batch_id: Option<i64>,
    /// Records of the file that an earlier, stopped run had done already.
    pub resumed_at: i64,
    /// Records in the file.
    pub records: i64,
    /// Records taken.
    pub accepted: i64,
    /// Records that are wrong.
    pub rejected: i64,
    /// Records that mean nobody in the register.
    pub unmatched: i64,
    /// Taken records whose claim an earlier batch has too.
    pub corrections: i64,
    /// The first and the last treatment month among them.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// What a check found the file to add up to.
    pub figures: FileTotals,
    /// What else is worth knowing, by name: new households, changed members, unknown records …
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
