//! What runs beside the requests: delivering mail, and housekeeping.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{
    app::App,
    features::{account, mails},
};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(60);

/// How often what is over is deleted.
const EACH: SignedDuration = SignedDuration::from_hours(1);

/// Delivers mail and keeps house until it is told to stop.
pub(super) async fn run(app: App, stop: watch::Receiver<bool>) {
    tokio::join!(mails::run(app.clone(), stop.clone()), keep_house(app, stop));
}

/// Deletes what is over: at once, and then every hour of the portal's clock.
async fn keep_house(app: App, mut stop: watch::Receiver<bool>) {
    let mut clock = interval(LOOK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut done: Option<Timestamp> = None;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = clock.tick() => {}
        }
        let now = app.clock.now();
        if done.is_some_and(|done| now.duration_since(done).abs() < EACH) {
            continue;
        }
        match account::tidy(&app).await {
            Ok(tidied) => tracing::debug!("housekeeping: {tidied:?}"),
            Err(error) => tracing::error!("what is over can not be deleted: {error:#}"),
        }
        done = Some(now);
    }
}
