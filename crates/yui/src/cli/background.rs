//! The workers and the housekeeping, which run beside the requests.

use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{
    core::app::App,
    wiring::{Chore, HOUSEKEEPING, WORKERS},
};

/// How often the clock is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// How often what is over is deleted.
const TIDY_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// Delivers mail, works on files and keeps house until it is told to stop.
pub(super) async fn run(app: App, stop: watch::Receiver<bool>) {
    let workers = join_all(WORKERS.iter().map(|worker| worker(app.clone(), stop.clone())));
    tokio::join!(workers, keep_house(app.clone(), stop.clone()));
}

/// Deletes what is over: at once, and then every hour of the portal's clock.
async fn keep_house(app: App, mut stop: watch::Receiver<bool>) {
    let mut clock = interval(POLL_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut done: Option<Timestamp> = None;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = clock.tick() => {}
        }
        let now = app.clock.now();
        if done.is_some_and(|done| now.duration_since(done).abs() < TIDY_INTERVAL) {
            continue;
        }
        for Chore(name, work) in HOUSEKEEPING {
            if let Err(error) = work(app.clone()).await {
                tracing::error!("housekeeping failed: {name}: {error:#}");
            }
        }
        done = Some(now);
    }
}
