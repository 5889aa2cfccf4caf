//! Work that staff order and a worker does, one order of each kind at a time in a society. A worker takes an order and
//! keeps it by heartbeats. When a worker is killed, another one continues where it stopped. A failed job is retried.

use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Notify, watch},
    time::{MissedTickBehavior, interval},
};
use yui_db::{Command, Query, Row};

use crate::{
    core::{app::App, audit::Actor, scope::SystemScope, society::InSociety},
    features::staff,
};

/// The time that a worker holds an order without a heartbeat.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// The interval of heartbeats, which also tell whether the order still stands.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// The pause of a failed order before the next try.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The SQL of a kind of orders.
pub(crate) struct Statements<O> {
    /// Returns the societies with an order that no worker holds now.
    pub(crate) societies: fn(Timestamp) -> Query<SocietyWithWork>,
    /// Takes the order of the society that no worker holds now until the end of the lease, the last parameter, and counts
    /// the try; returns it.
    pub(crate) take: fn(i64, Timestamp, Timestamp) -> Query<O>,
    /// Extends the lease of the society's order of this number and try until then, if it still stands.
    pub(crate) keep: fn(i64, i64, i32, Timestamp) -> Command,
    /// Records of the society's order of this number and try when it failed, and when it is due again.
    pub(crate) failed: fn(i64, i64, i32, Timestamp, Timestamp) -> Command,
}

/// An order that a worker has taken.
pub(crate) trait Order: Row + Sync {
    /// The name of the kind of order in the log.
    const WHAT: &'static str;

    /// Its SQL.
    const STATEMENTS: Statements<Self>;

    /// Returns its number, and the number of tries: only the worker of the last try may go on.
    fn taken(&self) -> (i64, i32);

    /// Returns the member of staff who ordered it, and the network address.
    fn ordered_by(&self) -> (i64, &str);

    /// Carries the order out, in the name of its author; returns false if it was stopped or another worker was faster.
    /// The work may be dropped at any point where it waits, when the order turns out not to stand any more.
    fn work(&self, app: &App, scope: &SystemScope) -> impl Future<Output = anyhow::Result<bool>> + Send;
}

/// A society with an order that waits.
#[derive(yui_db::Row)]
pub(crate) struct SocietyWithWork {
    society_id: i64,
}

/// The interval at which the clock is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// Carries out the orders of staff: when they are placed, and every minute for those that a killed worker left.
pub(super) async fn run<O: Order>(app: App, mut stop: watch::Receiver<bool>, signal: &Notify) {
    let mut clock = interval(POLL_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = signal.notified() => {}
            _ = clock.tick() => {}
        }
        if let Err(error) = work_due::<O>(&app).await {
            tracing::error!("{} could not be made: {error:#}", O::WHAT);
        }
    }
}

/// Carries out the orders; returns the number of those done.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn work_due<O: Order>(app: &App) -> anyhow::Result<usize> {
    let Statements { societies, take, failed, .. } = O::STATEMENTS;
    let due = app.db.all(societies(app.clock.now())).await?;
    let due: Vec<_> = due.into_iter().map(|row| row.society_id).collect();
    let mut done = 0;
    for scope in SystemScope::of_these(app, &due, O::WHAT).await? {
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let order = tx.optional(take(scope.society_id(), now, now.checked_add(LEASE)?)).await?;
        tx.commit().await?;
        let Some(order) = order else { continue };
        let worked = tokio::select! {
            // What is done is done, even where the order is found gone by that.
            biased;
            worked = in_the_name(app, &scope, &order) => worked,
            () = lost(app, &scope, &order) => Ok(false),
        };
        match worked {
            Ok(ready) => done += usize::from(ready),
            Err(error) => {
                let (id, tries) = order.taken();
                tracing::error!(society = scope.society_id(), order = id, "{} failed: {error:#}", O::WHAT);
                let now = app.clock.now();
                app.db.execute(failed(scope.society_id(), id, tries, now, now.checked_add(PAUSE)?)).await?;
            }
        }
    }
    Ok(done)
}

async fn in_the_name<O: Order>(app: &App, scope: &SystemScope, order: &O) -> anyhow::Result<bool> {
    let (staff_id, from) = order.ordered_by();
    let name = staff::name_of(app, scope, staff_id).await?.context("who ordered it")?;
    order.work(app, &scope.acting_for(Actor::staff(staff_id, &name, from))).await
}

/// Sends heartbeats; returns when the job was stopped or another worker holds it.
async fn lost<O: Order>(app: &App, scope: &SystemScope, order: &O) {
    let (id, tries) = order.taken();
    let mut clock = interval(HEARTBEAT_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // It was taken just now.
    clock.tick().await;
    loop {
        clock.tick().await;
        let Ok(until) = app.clock.now().checked_add(LEASE) else { return };
        match app.db.execute((O::STATEMENTS.keep)(scope.society_id(), id, tries, until)).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => tracing::warn!("heartbeat failed: {error}"),
        }
    }
}
