//! Counting different people in a file, whatever its size.

/// A set of members, one bit each: ids are given one after the other.
#[derive(Debug, Default)]
pub(crate) struct Members {
    bits: Vec<u64>,
    count: i64,
}

impl Members {
    /// Adds a member.
    pub(crate) fn insert(&mut self, member_id: i64) {
        let Ok(id) = usize::try_from(member_id) else { return };
        let (word, bit) = (id / 64, 1 << (id % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(word) = self.bits.get_mut(word)
            && *word & bit == 0
        {
            *word |= bit;
            self.count += 1;
        }
    }

    /// Returns how many different ones there are.
    pub(crate) fn count(&self) -> i64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::Members;

    #[test]
    fn everybody_counts_once() {
        let mut members = Members::default();
        [1, 64, 65, 1, 1_000_000, 64].into_iter().for_each(|id| members.insert(id));
        assert_eq!(members.count(), 4);
    }
}
