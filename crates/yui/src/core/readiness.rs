//! Whether this process can serve: the answer of `/readyz`.

use std::time::{Duration, Instant};

use axum::{extract::State, http::StatusCode};
use tokio::sync::Mutex;
use yui_db::{in_request, statements};

use super::app::App;

statements! {
    fn probe(now: jiff::Timestamp) = "UPDATE readiness SET probed_at = $1 WHERE probe_id = 1";
}

/// The time that an answer is reused: probes cost nothing, however many there are.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The result of the last check, reused for a moment.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<ReadinessCheck>>);

#[derive(Clone, Copy, Debug)]
struct ReadinessCheck {
    at: Instant,
    writes: bool,
}

/// Answers whether the process can serve: it was not told to stop, and a write reaches the disk.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.stopping.is_told() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let mut found = app.readiness.0.lock().await;
    let known = found.filter(|found| found.at.elapsed() < GOOD_FOR);
    let writes = match known {
        Some(found) => found.writes,
        None => {
            let before = found.is_none_or(|found| found.writes);
            let writes = probe(&app, before).await;
            *found = Some(ReadinessCheck { at: Instant::now(), writes });
            writes
        }
    };
    match writes {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n"),
    }
}

/// Writes one row; logs when that begins to fail and when it works again.
async fn probe(app: &App, before: bool) -> bool {
    let written = in_request(app.patience(), app.db.execute(Sql::probe(app.clock.now()))).await;
    match (&written, before) {
        (Ok(_), false) => tracing::info!("ready again"),
        (Err(error), true) => tracing::warn!("not ready: {error}"),
        _ => {}
    }
    written.is_ok()
}
