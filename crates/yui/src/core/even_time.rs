//! Gives answers that must not tell what was found the same time. A few statements more or less, where there is an account and where
//! there is none, would show in an answer's time: it is sent at the next of fixed moments instead.

use std::time::{Duration, Instant};

/// The moments at which answers are sent, counted from the beginning of the work: more than the work takes.
const STEP: Duration = Duration::from_millis(100);

/// Does the work, and returns at the next multiple of [`STEP`].
pub(crate) async fn evenly<T>(work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let done = work.await;
    pause(begun).await;
    done
}

/// Waits for the next multiple of [`STEP`] since the work begun.
#[expect(clippy::disallowed_methods, reason = "the time itself is what this waits for")]
pub(crate) async fn pause(begun: Instant) {
    tokio::time::sleep(rest(begun.elapsed())).await;
}

/// Returns how long it is to the next multiple of [`STEP`].
fn rest(elapsed: Duration) -> Duration {
    let into_step = elapsed.as_nanos() % STEP.as_nanos();
    STEP.saturating_sub(Duration::from_nanos(u64::try_from(into_step).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_at_multiples_of_a_step() {
        for (elapsed, after) in [(0, 100), (1, 100), (99, 100), (100, 200), (250, 300)] {
            let elapsed = Duration::from_millis(elapsed);
            assert_eq!(elapsed + rest(elapsed), Duration::from_millis(after));
        }
    }
}
