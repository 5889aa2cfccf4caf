//! What a file states about itself, against what was read of it.

/// Claims and points of a file: what was read, and what its GO records state. Of home nursing the points are yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Claims read, broken ones too.
    pub claims: i64,
    /// Points read.
    pub points: i64,
    /// The sum of what the GO records state; none without a GO that states it.
    pub stated_claims: Option<i64>,
    /// The sum of what the GO records state; none without a GO that states it.
    pub stated_points: Option<i64>,
    /// How many GO records state another number of claims or points than was read since the one before.
    pub differing: u64,
}

/// Whether a file is whole, as far as it tells. An importer should go on only with [`Integrity::Agrees`] and
/// [`Integrity::Unstated`] unless staff say that they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// It ends as it should, and its GO records state what was read.
    Agrees,
    /// It ends as it should and states no totals: what payers receive has none.
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

/// What a GO record states.
pub(super) struct Stated {
    pub(super) line: u64,
    pub(super) claims: Option<i64>,
    pub(super) points: Option<i64>,
}

impl Totals {
    /// Adds what was read between two GO records and what the second states.
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
