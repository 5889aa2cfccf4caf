//! Full files (全件): finds the members that are in the register and not in the file.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::civil::Date;
use kenpo_formats::text::search_key;
use yui_db::{Db, DbError, Tx};

use super::{
    queries::{self, LookedFor, Person, Span},
    row::{Family, Row},
};
use crate::{features::imports::Finder, scope::SystemScope};

/// How many members are looked at in one transaction.
const PORTION: i64 = 2_000;

/// The persons in a file, as hashes.
#[derive(Clone, Debug, Default)]
pub struct FileMembers(Arc<Mutex<Marks>>);

#[derive(Debug, Default)]
struct Marks {
    /// Holder key, birth date, sex, kana and branch number of each row.
    persons: HashSet<u64>,
    /// How many of these persons have one holder key, birth date and sex: more than one where there are twins.
    alike: HashMap<u64, u32>,
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn alike(holder_key: &str, birth_date: Date, sex: &str) -> u64 {
    hash((holder_key, birth_date.to_string(), sex))
}

impl Marks {
    fn note(&mut self, holder_key: &str, row: &Row) {
        let alike = alike(holder_key, row.birth_date, &row.sex);
        if self.persons.insert(hash((alike, search_key(&row.kana), &row.branch))) {
            *self.alike.entry(alike).or_default() += 1;
        }
    }

    /// Returns whether a row has what the register knows of the person under these numbers.
    fn has(&self, person: &Person, span: &Span) -> bool {
        let alike = alike(&span.holder_key(), person.birth_date, &person.sex);
        self.persons.contains(&hash((alike, search_key(&person.kana), &span.branch)))
    }
}

/// Returns the numbers under which the person is covered without an end.
fn open(person: &Person) -> impl Iterator<Item = &Span> {
    person.spans.iter().filter(|span| span.to.is_none())
}

impl FileMembers {
    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, family: &Family) {
        let mut marks = self.marks();
        family.rows.iter().for_each(|row| marks.note(&family.holder_key, row));
    }

    /// Returns those of the persons for whom the file has no row under any numbers of their open coverage. A row with the numbers,
    /// birth date and sex alone is about a person, unless it is about a twin; `known` is everybody under these numbers.
    fn without(&self, persons: Vec<Person>, known: &[Person]) -> Vec<Person> {
        let marks = self.marks();
        let is_there = |person: &Person, span: &Span| {
            let holder_key = span.holder_key();
            let alike = alike(&holder_key, person.birth_date, &person.sex);
            let rows = marks.alike.get(&alike).copied().unwrap_or_default();
            let twin = |other: &&Person| other.birth_date == person.birth_date && other.sex == person.sex;
            let has_row = |other: &&Person| {
                open(other).any(|theirs| theirs.holder_key() == holder_key && marks.has(other, theirs))
            };
            let others = known.iter().filter(twin).filter(has_row).count();
            marks.has(person, span) || usize::try_from(rows).is_ok_and(|rows| rows > others)
        };
        persons.into_iter().filter(|person| !open(person).any(|span| is_there(person, span))).collect()
    }

    /// Returns the holder keys under which the file has a row like the person, though not with the same name and branch number.
    fn doubtful(&self, persons: &[Person]) -> BTreeSet<String> {
        let marks = self.marks();
        let of = |person: &Person| {
            let like = |span: &&Span| {
                let alike = alike(&span.holder_key(), person.birth_date, &person.sex);
                marks.alike.contains_key(&alike) && !marks.has(person, span)
            };
            open(person).filter(like).map(Span::holder_key).collect::<Vec<_>>()
        };
        persons.iter().flat_map(of).collect()
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
    persons.retain(began);
    let holder_keys = file_members.doubtful(&persons);
    let known = match holder_keys.is_empty() {
        true => Vec::new(),
        false => queries::persons(tx, scope, &LookedFor { holder_keys, ..LookedFor::default() }).await?,
    };
    let mut persons = file_members.without(persons, &known);
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
