//! Events that keep a page of work under way up to date, for `widgets/progress`.

use std::{convert::Infallible, time::Duration};

use axum::response::sse::{Event, Sse};
use futures::stream::{Stream, unfold};
use tokio::time::interval;

/// How often a browser is told.
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// After how many times a stream ends; the browser comes again by itself.
const TIMES: u32 = 25;

/// How far work is.
#[derive(Debug)]
pub(crate) enum Progress {
    /// So many percent, and in words.
    Going(i64, String),
    /// Over: the page has something else to show.
    Over,
}

/// Tells each second what `look` returns, and ends when the work is over or nothing is returned.
pub(crate) fn progress<L, F>(look: L) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    L: Fn() -> F + Send + 'static,
    F: Future<Output = Option<Progress>> + Send,
{
    Sse::new(unfold(Some((look, interval(RELOAD_INTERVAL), TIMES)), |state| async move {
        let (look, mut clock, left) = state?;
        let left = left.checked_sub(1)?;
        clock.tick().await;
        Some(match look().await? {
            Progress::Going(percent, words) => {
                let said = serde_json::json!({ "percent": percent, "words": words });
                (Ok(Event::default().data(said.to_string())), Some((look, clock, left)))
            }
            // A browser hears of no event without data.
            Progress::Over => (Ok(Event::default().event("done").data("over")), None),
        })
    }))
}

/// Returns how much of the whole is done, in percent.
pub(crate) fn percent(done: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { (done.saturating_mul(100) / whole).clamp(0, 100) }
}
