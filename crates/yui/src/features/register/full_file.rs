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
    queries::{self, Person, PersonFilter, Span},
    row::{Family, Row},
};
use crate::{core::scope::SystemScope, features::imports::Finder};

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
        false => queries::persons(tx, scope, &PersonFilter { holder_keys, ..PersonFilter::default() }).await?,
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Number, birth day, kana and branch number: few of each, so that there are twins.
    type Who = (u8, i8, u8, Option<u8>);

    fn row((number, day, kana, branch): Who) -> Row {
        Row {
            line: 2,
            insurer_number: "06139018".into(),
            symbol: "1".into(),
            number: number.to_string(),
            branch: branch.map(|branch| format!("{branch:02}")),
            person_key: None,
            name: "見本 太郎".into(),
            kana: ["ミホン タロウ", "ミホン ジロウ", "ミホン サブロウ"][usize::from(kana)].into(),
            sex: "male".into(),
            birth_date: date(2015, 5, day + 1),
            insured: false,
            from: date(2015, 6, 1),
            to: None,
            email: None,
        }
    }

    fn person(member_id: i64, who: Who) -> Person {
        let Row { name, kana, sex, birth_date, insurer_number, symbol, number, branch, insured, from, to, .. } =
            row(who);
        let span = Span { from, to, household_id: 1, insurer_number, symbol, number, branch, insured };
        Person { member_id, person_key: None, name, kana, sex, birth_date, email: None, spans: vec![span] }
    }

    fn missing(register: &[Person], rows: Vec<Row>) -> Vec<i64> {
        let file = FileMembers::default();
        let mut families = std::collections::BTreeMap::<_, Vec<_>>::new();
        rows.into_iter().for_each(|row| families.entry(row.holder_key()).or_default().push(row));
        families.into_iter().for_each(|(holder_key, rows)| file.note(&Family::new(holder_key, rows)));
        let doubtful = file.doubtful(register);
        let of = |person: &&Person| open(person).any(|span| doubtful.contains(&span.holder_key()));
        let known: Vec<_> = register.iter().filter(of).cloned().collect();
        file.without(register.to_vec(), &known).into_iter().map(|person| person.member_id).collect()
    }

    proptest! {
        #[test]
        fn exactly_those_without_a_row_are_missing(
            people in proptest::collection::btree_map(
                (0..3_u8, 0..2_i8, 0..3_u8, proptest::option::of(0..2_u8)), any::<bool>(), 1..12
            ),
        ) {
            let register: Vec<_> = (0..).zip(people.keys()).map(|(id, who)| person(id, *who)).collect();
            let rows = people.iter().filter(|(_, has_row)| **has_row).map(|(who, _)| row(*who)).collect();
            let without: Vec<_> = (0..).zip(people.values()).filter(|(_, has_row)| !**has_row).map(|(id, _)| id).collect();
            prop_assert_eq!(missing(&register, rows), without);
        }
    }

    #[test]
    fn a_row_under_another_name_stands_for_somebody_without_a_twin() {
        let (one, twin) = ((1, 0, 0, Some(1)), (1, 0, 1, Some(2)));
        let renamed = row((1, 0, 2, None));
        assert_eq!(missing(&[person(1, one)], vec![renamed.clone()]), [0; 0]);
        assert_eq!(missing(&[person(1, one), person(2, twin)], vec![renamed, row(twin)]), [0; 0]);
        assert_eq!(missing(&[person(1, one), person(2, twin)], vec![row(twin)]), [1]);
    }
}
