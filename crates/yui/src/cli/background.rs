//! What runs beside the requests: delivering mail, working on files, and housekeeping.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Notify, watch},
    time::{MissedTickBehavior, interval},
};

use crate::{
    core::app::App,
    features::{account, dashboard, imports, mails, members, register},
};

/// How often the clock is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// How often what is over is deleted.
const TIDY_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// Delivers mail, works on files and keeps house until it is told to stop.
pub(super) async fn run(app: App, stop: watch::Receiver<bool>) {
    tokio::join!(
        mails::run(app.clone(), stop.clone()),
        imports::work(app.clone(), stop.clone()),
        on_order(&app, stop.clone(), (&app.pairs, "temporary IDs"), |app| async move {
            account::migration::make_pairs_due(&app).await
        }),
        on_order(&app, stop.clone(), (&app.announcements, "announcements"), |app| async move {
            account::migration::announce_due(&app).await
        }),
        keep_house(app.clone(), stop.clone())
    );
}

/// Carries out what staff ordered: when they do, and every minute for what a killed worker left.
async fn on_order<F: Future<Output = anyhow::Result<usize>>>(
    app: &App,
    mut stop: watch::Receiver<bool>,
    (bell, what): (&Notify, &str),
    work: impl Fn(App) -> F,
) {
    let mut clock = interval(POLL_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = bell.notified() => {}
            _ = clock.tick() => {}
        }
        if let Err(error) = work(app.clone()).await {
            tracing::error!("{what} could not be made: {error:#}");
        }
    }
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
        match account::tidy(&app).await {
            Ok(tidied) => tracing::debug!("housekeeping: {tidied:?}"),
            Err(error) => tracing::error!("housekeeping failed: expired rows: {error:#}"),
        }
        if let Err(error) = account::migration::forget_old(&app).await {
            tracing::error!("housekeeping failed: old temporary passwords: {error:#}");
        }
        match imports::tidy(&app).await {
            Ok(removed) => tracing::debug!("housekeeping: files of {removed} uploads removed"),
            Err(error) => tracing::error!("housekeeping failed: unused files: {error:#}"),
        }
        if let Err(error) = members::end_over(&app).await {
            tracing::error!("housekeeping failed: expired flags: {error:#}");
        }
        if let Err(error) = dashboard::record_daily_totals(&app).await {
            tracing::error!("housekeeping failed: daily totals: {error:#}");
        }
        if let Err(error) = account::anchor_events(&app).await {
            tracing::error!("account events could not be anchored: {error:#}");
        }
        match register::backfill(&app).await {
            Ok(0) => {}
            Ok(members) => tracing::info!(members, "search keys complete"),
            Err(error) => tracing::error!("backfill of search keys failed: {error:#}"),
        }
        done = Some(now);
    }
}
