//! How much one write transaction does. SQLite has one writer: a login waits until a transaction of an import ends, so it
//! may be only short, whatever the machine and the rows are.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use yui_db::Engine;

/// How long a write transaction is meant to take on SQLite.
const GOAL: Duration = Duration::from_millis(35);

/// How long where others were seen to write: somebody who logs in writes several times, and waits for half of this each time.
const GOAL_BESIDE_OTHERS: Duration = Duration::from_millis(10);

/// How many records or rows the next transaction has.
#[derive(Debug)]
pub(super) struct Pace {
    next: AtomicUsize,
    /// None where the number never changes.
    bounds: Option<(usize, usize)>,
}

impl Pace {
    /// Returns the pace of an import's transactions: of so many records on PostgreSQL, where they keep nobody waiting, and at the
    /// most so many on SQLite.
    pub(super) fn of(engine: Engine, most: usize) -> Self {
        match engine {
            Engine::Postgres => Self::fixed(most),
            Engine::Sqlite => Self { next: AtomicUsize::new(FIRST.min(most)), bounds: Some((LEAST.min(most), most)) },
        }
    }

    /// Returns a pace that never changes.
    pub(super) fn fixed(count: usize) -> Self {
        Self { next: AtomicUsize::new(count), bounds: None }
    }

    /// Returns how many the next transaction has.
    pub(super) fn next(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// Is told how long a transaction of so many took, and whether others wrote after it. Later ones are of as many as take [`GOAL`] or
    /// [`GOAL_BESIDE_OTHERS`], though at the most twice as many, or half as many, as before: a single slow one may have met a slow disk.
    pub(super) fn took(&self, count: usize, time: Duration, others: bool) {
        let Some((least, most)) = self.bounds.filter(|_| count > 0) else { return };
        let goal = if others { GOAL_BESIDE_OTHERS } else { GOAL };
        let wanted = count as f64 * goal.as_secs_f64() / time.as_secs_f64().max(1e-6);
        let before = self.next();
        let next = (wanted as usize).clamp(before / 2, before * 2).clamp(least, most);
        self.next.store(next, Ordering::Relaxed);
    }
}

/// How many the first transaction has on SQLite.
const FIRST: usize = 500;

/// How many it has at least, so that an import gets on where the disk is slow.
const LEAST: usize = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 16_000;

    proptest! {
        /// Whatever a transaction and each of its rows cost, soon none is much longer than it is meant to be, nor much shorter.
        #[test]
        fn transactions_come_to_take_their_time(each_ns in 100_u64..2_000_000, fixed_us in 0_u64..10_000) {
            let pace = Pace::of(Engine::Sqlite, MOST);
            let cost = |count: usize| {
                Duration::from_micros(fixed_us) + Duration::from_nanos(each_ns * count as u64)
            };
            // What is read ahead has the size of earlier times.
            let mut read_ahead = std::collections::VecDeque::from([pace.next(); 3]);
            for round in 0..60 {
                let count = read_ahead.pop_front().unwrap_or(FIRST);
                read_ahead.push_back(pace.next());
                let took = cost(count);
                pace.took(count, took, false);
                prop_assert!((LEAST..=MOST).contains(&pace.next()));
                if round > 40 {
                    prop_assert!(took <= 2 * GOAL || count == LEAST, "{count} take {took:?}");
                    prop_assert!(took >= GOAL / 2 || count == MOST, "{count} take {took:?}");
                }
            }
        }
    }

    #[test]
    fn one_slow_transaction_halves_the_next_at_the_most() {
        let pace = Pace::of(Engine::Sqlite, MOST);
        pace.took(500, GOAL * 100, false);
        assert_eq!(pace.next(), 250);
        pace.took(0, GOAL * 100, false);
        assert_eq!(pace.next(), 250);
    }

    #[test]
    fn postgresql_keeps_large_transactions() {
        let pace = Pace::of(Engine::Postgres, MOST);
        pace.took(MOST, GOAL * 100, true);
        assert_eq!(pace.next(), MOST);
    }
}
