//! A memory of bounded size.

use std::{collections::HashMap, hash::Hash};

/// A map that keeps the newest entries: at least `kept` of them, at the most twice as many.
#[derive(Debug)]
pub(crate) struct Newest<K, V> {
    kept: usize,
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Newest<K, V> {
    /// Returns an empty map.
    pub(crate) fn new(kept: usize) -> Self {
        Self { kept, newer: HashMap::new(), older: HashMap::new() }
    }

    /// Returns what is remembered of this key.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.newer.get(key).or_else(|| self.older.get(key))
    }

    /// Remembers a value, and forgets the oldest ones where there are too many.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.newer.len() >= self.kept {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_the_oldest_forgotten() {
        let mut newest = Newest::new(10);
        (0..100).for_each(|number| newest.insert(number, number * 2));
        assert!((90..100).all(|number| newest.get(&number) == Some(&(number * 2))));
        assert_eq!((0..100).filter(|number| newest.get(number).is_some()).count(), 20);
    }
}
