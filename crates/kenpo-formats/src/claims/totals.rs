//! The totals that a file states, against those that were read.

/// Claims and points of a file: those read, and those that its GO records state. For home nursing the points are yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Claims read, broken ones too.
    pub claims: i64,
    /// Points read.
    pub points: i64,
    /// The sum of the claims in the GO records; none without a GO that states them.
    pub stated_claims: Option<i64>,
    /// The sum of the points in the GO records; none without a GO that states them.
    pub stated_points: Option<i64>,
    /// The number of GO records whose claims or points differ from those read since the one before.
    pub differing: u64,
}

/// Whether a file is whole, as far as it tells. An importer should go on only with [`Integrity::Agrees`] and
/// [`Integrity::Unstated`] unless staff say that they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// It ends as it should, and its GO records state the totals read.
    Agrees,
    /// It ends as it should and states no totals: files of payers have none.
    Unstated,
    /// It ends as it should, but a GO record states other totals ([`Totals`]).
    Differs,
    /// It ends in the middle.
    Truncated {
        /// Its last line, from 1.
        line: u64,
        /// The line of the claim that was not given out because the end may be missing; none if all were.
        withheld: Option<u64>,
    },
}

/// The totals that a GO record states.
pub(super) struct Stated {
    pub(super) line: u64,
    pub(super) claims: Option<i64>,
    pub(super) points: Option<i64>,
}

impl Totals {
    /// Adds the totals read between two GO records, and those that the second states.
    pub(super) fn add(&mut self, claims: i64, points: i64, stated: Option<&Stated>) {
        self.claims = self.claims.saturating_add(claims);
        self.points = self.points.saturating_add(points);
        let Some(stated) = stated else { return };
        let differs = |stated: Option<i64>, read: i64| stated.is_some_and(|stated| stated != read);
        self.differing += u64::from(differs(stated.claims, claims) || differs(stated.points, points));
        for (sum, stated) in [(&mut self.stated_claims, stated.claims), (&mut self.stated_points, stated.points)] {
            if let Some(stated) = stated {
                *sum = Some(sum.unwrap_or(0).saturating_add(stated));
            }
        }
    }
}
