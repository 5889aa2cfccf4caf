//! The persons that the check of a register file has seen in it; none of them is in the database.

use std::collections::BTreeSet;

use super::{
    queries::{Person, PersonFilter},
    similarity::lookup_key,
};
use crate::features::imports::Newest;

/// The number of persons that are remembered. If the rows of a family are further apart, a check counts some persons
/// twice.
const KEPT: usize = 40_000;

/// The persons of the rows so far, as the rows change them.
#[derive(Debug)]
pub(super) struct Seen {
    persons: Newest<i64, Person>,
    /// The persons with this key or likeness, or covered under this holder key.
    under: Newest<String, BTreeSet<i64>>,
    next_id: i64,
}

impl Default for Seen {
    fn default() -> Self {
        Self { persons: Newest::new(KEPT), under: Newest::new(KEPT), next_id: FIRST_ID }
    }
}

/// The first id of members and households that come from the file: the database has no such ids.
const FIRST_ID: i64 = i64::MAX / 2;

/// Returns a key that is no holder key.
fn of_key(key: &str) -> String {
    format!("key {key}")
}

impl Seen {
    /// Returns the first id of a range for members, and of one for households, each of this length.
    pub(super) fn ids(&mut self, count: i64) -> (i64, i64) {
        let first = self.next_id;
        self.next_id += 2 * count;
        (first, first + count)
    }

    /// Returns whether the member came with the file.
    pub(super) fn is_new(&self, member_id: i64) -> bool {
        member_id >= FIRST_ID
    }

    /// Changes the persons found in the database to their state after the file's rows so far, and adds those that the
    /// file created.
    pub(super) fn complete(&self, persons: &mut Vec<Person>, person_filter: &PersonFilter) {
        for person in persons.iter_mut() {
            if let Some(seen) = self.persons.get(&person.member_id) {
                *person = seen.clone();
            }
        }
        let known: BTreeSet<_> = persons.iter().map(|person| person.member_id).collect();
        let PersonFilter { person_keys, holder_keys, lookup_keys } = person_filter;
        let names = person_keys.iter().map(|key| of_key(key)).chain(holder_keys.union(lookup_keys).cloned());
        let ids: BTreeSet<_> = names.filter_map(|name| self.under.get(&name)).flatten().copied().collect();
        persons.extend(ids.difference(&known).filter_map(|id| self.persons.get(id)).cloned());
    }

    /// Remembers a person as a row has changed them.
    pub(super) fn put(&mut self, person: Person) {
        let holders = person.spans.iter().map(super::queries::Span::holder_key);
        let names = holders.chain(person.person_key.as_deref().map(of_key)).chain([lookup_key(
            person.birth_date,
            &person.sex,
            &person.kana,
        )]);
        for name in names.collect::<BTreeSet<_>>() {
            let mut ids = self.under.get(&name).cloned().unwrap_or_default();
            ids.insert(person.member_id);
            self.under.insert(name, ids);
        }
        self.persons.insert(person.member_id, person);
    }
}
