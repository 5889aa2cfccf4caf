//! Matches a file's records with the persons of the register.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use kenpo_formats::TreatmentMonth;
use yui_db::{Db, DbError, Tx};

use super::{
    claim_key::claim_key,
    incoming::{Identity, Incoming, Record},
};
use crate::{
    core::scope::SystemScope,
    features::{
        imports::{FaultKind, Finder, Newest, Source},
        register::{Coverage, Mismatch, candidates, matched},
    },
};

/// The search for persons in an import of expenses.
#[derive(Debug)]
pub struct Placing {
    scope: SystemScope,
    insurer_numbers: Vec<String>,
    this_month: TreatmentMonth,
    /// The number of times that each row without a claim number came in this file, by its key; equal rows are as many
    /// expenses. Equal rows further apart than its memory reaches count as one and are reported as repeated.
    repeats: Newest<Vec<u8>, u32>,
    /// The persons who are or were covered under a symbol and number, by holder key.
    households: Newest<String, Arc<[Coverage]>>,
}

const REPEATS_KEPT: usize = 100_000;
const HOUSEHOLDS_KEPT: usize = 20_000;

/// The result of placing a record: its claim's key, and the person it is about.
#[derive(Debug)]
pub struct PlacedClaim {
    pub(super) key: Vec<u8>,
    pub(super) person: Result<MatchedPerson, Unplaced>,
}

/// The person a record is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct MatchedPerson {
    pub(super) member_id: i64,
    pub(super) household_id: i64,
}

/// The reason why a record has no person.
#[derive(Debug)]
pub(super) enum Unplaced {
    /// The claim is not the society's, or has no valid month: the kind of the fault, its column and its reason.
    Fault(FaultKind, &'static str, String),
    /// No person in the register matches yet.
    Unmatched(Mismatch),
}

impl Finder<Incoming> for Placing {
    type Found = Vec<PlacedClaim>;

    fn skip(&mut self, incoming: &Incoming) {
        self.key(incoming);
    }

    async fn find(&mut self, db: &Db, records: &[Incoming]) -> Result<Vec<PlacedClaim>, DbError> {
        let known = self.known(db, records).await?;
        let placed = |incoming: &Incoming| PlacedClaim {
            key: self.key(incoming),
            person: self.person(&known, &incoming.record),
        };
        Ok(records.iter().map(placed).collect())
    }
}

impl Placing {
    /// Returns a search for the society, which owns these insurer numbers.
    pub(super) fn new(scope: SystemScope, insurer_numbers: Vec<String>, this_month: TreatmentMonth) -> Self {
        Self {
            scope,
            insurer_numbers,
            this_month,
            repeats: Newest::new(REPEATS_KEPT),
            households: Newest::new(HOUSEHOLDS_KEPT),
        }
    }

    /// Returns everybody who is or was covered under the records' symbols and numbers.
    async fn known(&mut self, db: &Db, records: &[Incoming]) -> Result<HashMap<String, Arc<[Coverage]>>, DbError> {
        let holders: BTreeSet<_> = records.iter().map(|incoming| incoming.record.hint.holder_key.as_str()).collect();
        let mut known = HashMap::with_capacity(holders.len());
        let mut unknown = Vec::new();
        for holder in holders {
            match self.households.get(holder) {
                Some(household) => drop(known.insert(holder.to_owned(), Arc::clone(household))),
                None => unknown.push(holder.to_owned()),
            }
        }
        let mut tx = db.begin_reading().await?;
        let mut read = households(&mut tx, &self.scope, &unknown).await?;
        for holder in unknown {
            let household: Arc<[_]> = read.remove(&holder).unwrap_or_default().into();
            self.households.insert(holder.clone(), Arc::clone(&household));
            known.insert(holder, household);
        }
        Ok(known)
    }

    /// Returns the person a record is about.
    fn person(&self, known: &HashMap<String, Arc<[Coverage]>>, record: &Record) -> Result<MatchedPerson, Unplaced> {
        let Some(number) = &record.insurer_number else {
            let reason = "医療保険の記載がない請求（公費単独）です。組合の医療費ではありません。".into();
            return Err(Unplaced::Fault(FaultKind::Unmatched, "HO", reason));
        };
        if !self.insurer_numbers.contains(number) {
            let reason = format!("保険者番号 {number} は、この組合のものではありません。");
            return Err(Unplaced::Fault(FaultKind::Unmatched, "保険者番号", reason));
        }
        if record.hint.month > self.this_month {
            let reason = format!("診療年月 {} は未来です。", record.hint.month);
            return Err(Unplaced::Fault(FaultKind::Rejected, "診療年月", reason));
        }
        let household = known.get(&record.hint.holder_key).map(AsRef::as_ref).unwrap_or_default();
        person_among(household, record).map_err(Unplaced::Unmatched)
    }

    fn key(&mut self, Incoming { identity, record }: &Incoming) -> Vec<u8> {
        match identity {
            Identity::Claim(identity) => claim_key(identity, 0),
            Identity::Content(content) => {
                // Equal rows of one file are as many expenses; those of two files are the same one, told twice.
                let mut in_file = claim_key(content, 1);
                in_file.extend(Source::file_of_line(record.line).to_be_bytes());
                let count = self.repeats.get(&in_file).map_or(1, |before| before + 1);
                self.repeats.insert(in_file, count);
                claim_key(content, count)
            }
        }
    }
}

/// Returns everybody who is or was covered under these holder keys, by holder key.
pub(super) async fn households(
    tx: &mut Tx,
    scope: &SystemScope,
    holder_keys: &[String],
) -> Result<HashMap<String, Vec<Coverage>>, DbError> {
    let mut known: HashMap<String, Vec<Coverage>> = HashMap::with_capacity(holder_keys.len());
    for coverage in candidates(tx, scope, holder_keys).await? {
        known.entry(coverage.holder_key.clone()).or_default().push(coverage);
    }
    Ok(known)
}

/// Returns the person of the household that a record is about.
///
/// # Errors
/// The reason why nobody matches.
pub(super) fn person_among(household: &[Coverage], record: &Record) -> Result<MatchedPerson, Mismatch> {
    let coverage = matched(household, &record.hint)?;
    Ok(MatchedPerson { member_id: coverage.member_id, household_id: coverage.household_id })
}
