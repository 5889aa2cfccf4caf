//! Full files (全件): finds the members that are in the register and not in the file.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;
use yui_db::{Db, DbError, Tx};

use super::{
    queries::{self, Person, Span},
    row::{Family, Row},
};
use crate::{features::imports::Finder, scope::SystemScope};

/// How many members are looked at in one transaction.
const PORTION: i64 = 2_000;

/// The persons in a file, as hashes of numbers, birth date and sex: eight bytes each.
#[derive(Clone, Debug, Default)]
pub struct FileMembers(Arc<Mutex<HashSet<u64>>>);

fn mark(holder_key: &str, birth_date: Date, sex: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (holder_key, birth_date.to_string(), sex).hash(&mut hasher);
    hasher.finish()
}

impl FileMembers {
    fn note(&self, family: &Family) {
        let mark = |row: &Row| mark(&family.holder_key, row.birth_date, &row.sex);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(family.rows.iter().map(mark));
    }

    /// Returns whether the file has a row for one of the member's open coverages.
    fn has(&self, person: &Person) -> bool {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |span: &&Span| span.to.is_none();
        let mark = |span: &Span| mark(&span.holder_key(), person.birth_date, &person.sex);
        person.spans.iter().filter(open).any(|span| marks.contains(&mark(span)))
    }
}

/// The finder sees every row, also those that an earlier run of the import has applied.
impl Finder<Family> for FileMembers {
    type Found = ();

    fn skip(&mut self, family: &Family) {
        self.note(family);
    }

    async fn find(&mut self, _: &Db, families: &[Family]) -> Result<(), DbError> {
        families.iter().for_each(|family| self.note(family));
        Ok(())
    }
}

/// Returns the next portion of members after this one who are covered on the day and whom the file does not contain, with the last
/// member that was looked at; none at the end.
pub(super) async fn missing(
    tx: &mut Tx,
    scope: &SystemScope,
    file_members: &FileMembers,
    as_of: Date,
    after: i64,
) -> anyhow::Result<Option<(Vec<Person>, i64)>> {
    let ids = queries::covered_after(tx, scope, after, PORTION).await?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let mut persons = queries::persons_by_id(tx, scope, &ids).await?;
    let began = |person: &Person| person.spans.iter().any(|span| span.to.is_none() && span.from < as_of);
    persons.retain(|person| !file_members.has(person) && began(person));
    persons.sort_by_key(|person| person.member_id);
    Ok(Some((persons, last)))
}

/// Returns the households of these persons.
pub(super) fn households<'p>(persons: impl IntoIterator<Item = &'p Person>) -> BTreeSet<i64> {
    persons.into_iter().flat_map(|person| &person.spans).map(|span| span.household_id).collect()
}

/// Returns whether the person is covered in one of these households.
pub(super) fn is_of(person: &Person, households: &BTreeSet<i64>) -> bool {
    person.spans.iter().any(|span| span.to.is_none() && households.contains(&span.household_id))
}
