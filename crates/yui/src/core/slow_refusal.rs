//! Delays refusals (429, 503). A client that repeats refused requests at once is limited to a few requests a second per connection, so
//! that a flood does not use up the processor.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::clock::Clock;

/// How long a refusal takes.
const HOLD: Duration = Duration::from_millis(400);

/// How many requests wait for theirs at once; the others are answered without a pause, so that waiting costs no memory without bound.
const AT_ONCE: usize = 2_000;

/// The pause before an answer that says "too many" (429), or "no place free" (503).
#[derive(Clone, Debug)]
pub struct SlowRefusal {
    hold: Duration,
    waiting: Arc<Semaphore>,
}

impl SlowRefusal {
    /// Returns the delay; none with the movable clock of tests and demo.
    pub(crate) fn new(clock: &Clock) -> Self {
        let hold = if matches!(clock, Clock::System) { HOLD } else { Duration::ZERO };
        Self { hold, waiting: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits before a refusal is sent.
    #[expect(clippy::disallowed_methods, reason = "the time itself is what this waits for")]
    pub(crate) async fn pause(&self) {
        if let Ok(_waiting) = self.waiting.try_acquire() {
            tokio::time::sleep(self.hold).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn refusals_wait_side_by_side_and_those_too_many_not_at_all() {
        let slow = SlowRefusal::new(&Clock::System);
        let begun = Instant::now();
        let all = join_all((0..AT_ONCE).map(|_| slow.pause()));
        let one_more = async {
            slow.pause().await;
            begun.elapsed()
        };
        let (_, one_more) = tokio::join!(all, one_more);
        assert!(one_more < begun.elapsed() && begun.elapsed() >= HOLD, "{one_more:?}");
        assert_eq!(slow.waiting.available_permits(), AT_ONCE, "nothing is kept");
    }
}
