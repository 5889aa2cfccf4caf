//! Working on uploads, publications and withdrawals. Any number of workers may run, in one process or many: an upload is taken before it
//! is worked on, and renewed by a heartbeat. When a worker is killed, another one continues where it stopped.

use std::{collections::BTreeSet, time::Duration};

use jiff::SignedDuration;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{
    UploadState, acting, kinds, news, publish,
    queries::{self, LeasedUpload},
    upload::Upload,
    withdraw, work,
};
use crate::core::{app::App, scope::SystemScope, society::InSociety};

/// The name of these workers in the log.
const WORKER: &str = "import worker";

/// The time that a worker holds an upload without a heartbeat.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// The interval of heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(8);

/// The interval at which it looks without being woken.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The number of tries without progress, whether the work fails or kills its worker, before staff have to look into it.
const TRIES: i32 = 5;

/// The pause after a failure, times the number of failures.
const PAUSE: SignedDuration = SignedDuration::from_secs(15);

/// Runs the workers until they are told to stop: on two files at a time, so that a large one does not keep a small one
/// waiting; and on orders beside them, which no file keeps waiting.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    tokio::join!(
        lane(app.clone(), stop.clone(), Lane::Files),
        lane(app.clone(), stop.clone(), Lane::Files),
        lane(app, stop, Lane::Orders)
    );
}

/// The kind of work of one of a process's workers.
#[derive(Clone, Copy, Debug)]
enum Lane {
    Files,
    Orders,
}

async fn lane(app: App, mut stop: watch::Receiver<bool>, lane: Lane) {
    let signal = match lane {
        Lane::Files => &app.imports.files,
        Lane::Orders => &app.imports.orders,
    };
    let mut clock = interval(POLL_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = signal.notified() => {}
            _ = clock.tick() => {}
        }
        let worked = match lane {
            Lane::Files => files(&app, &stop).await,
            Lane::Orders => orders(&app, &stop).await,
        };
        if let Err(error) = worked {
            tracing::error!("import worker failed: {error:#}");
        }
        if *stop.borrow() {
            return;
        }
    }
}

/// Does all work that is due; returns how many uploads were worked on.
///
/// # Errors
/// Where the database does not answer.
pub async fn work_due(app: &App) -> anyhow::Result<usize> {
    let (_, stop) = watch::channel(false);
    let mut count = 0;
    loop {
        let (files, orders) = (files(app, &stop).await?, orders(app, &stop).await?);
        count += files;
        if files + orders == 0 {
            return Ok(count);
        }
    }
}

/// Works on the uploads that are due, one of each society in turn; returns how many.
async fn files(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<usize> {
    let mut count = 0;
    while !*stop.borrow() {
        let due = queries::societies_with_work(&app.db, app.clock.now()).await?;
        let mut done = 0;
        for scope in SystemScope::of_these(app, &due, WORKER).await? {
            let until = app.clock.now().checked_add(LEASE)?;
            if let Some(upload) = queries::upload_take(&app.db, &scope, app.clock.now(), until).await? {
                work_on(app, &scope, &upload, stop.clone()).await?;
                done += 1;
            }
        }
        if done == 0 {
            break;
        }
        count += done;
    }
    Ok(count)
}

/// Performs due withdrawals and publications, deletes withdrawn rows, and mails members, of each society a part in
/// turn; returns the number of parts done.
async fn orders(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<usize> {
    let mut count = 0;
    while !*stop.borrow() {
        let mut due: BTreeSet<_> = queries::societies_due(&app.db, app.clock.now()).await?.into_iter().collect();
        for kind in kinds() {
            due.extend(kind.societies_to_catch_up(app).await?);
        }
        let due: Vec<_> = due.into_iter().collect();
        let mut done = 0;
        for scope in SystemScope::of_these(app, &due, WORKER).await? {
            match orders_of(app, &scope).await {
                Ok(some) => done += usize::from(some),
                Err(error) => {
                    tracing::error!(society = scope.society_id(), "import job failed: {error:#}");
                }
            }
        }
        // What fails stays due; it is looked at again some seconds later.
        if done == 0 {
            break;
        }
        count += done;
    }
    Ok(count)
}

/// Performs the next due part in the society; returns whether anything was done.
async fn orders_of(app: &App, scope: &SystemScope) -> anyhow::Result<bool> {
    let withdrawn = withdraw::ordered(app, scope).await?;
    let published = publish_due(app, scope).await?;
    let more = withdraw::clear(app, scope).await?;
    let told = news::tell(app, scope).await?;
    let mut caught_up = false;
    for kind in kinds() {
        caught_up |= kind.catch_up(app, scope).await?;
    }
    Ok(withdrawn + published > 0 || told > 0 || more || caught_up)
}

/// Publishes the batches that are due, in the name of those who ordered it; returns their number.
async fn publish_due(app: &App, scope: &SystemScope) -> anyhow::Result<usize> {
    let mut published = 0;
    for batch in queries::to_publish(&app.db, scope, app.clock.now()).await? {
        let scope = acting::of(scope, batch.publish_acting.as_deref().unwrap_or_default());
        match publish::publish(app, &scope, batch.batch_id).await {
            Ok(()) => published += 1,
            // Another worker may have been faster.
            Err(error) => {
                tracing::error!(society = scope.society_id(), batch = batch.batch_id, "not published: {error:#}");
            }
        }
    }
    Ok(published)
}

async fn work_on(
    app: &App,
    worker: &SystemScope,
    upload: &Upload,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let (taken, scope) = (LeasedUpload(upload), acting::of(worker, &upload.acting));
    let (society, id) = (scope.society_id(), upload.upload_id);
    if upload.failures > TRIES {
        tracing::error!(society, upload = id, "upload given up: its lease expired {TRIES} times");
        return stopped(app, &scope, &taken, WORKERS_ENDED).await;
    }
    let worked = tokio::select! {
        worked = work::work(app, &scope, upload) => worked,
        () = kept(app, &scope, &taken) => {
            tracing::warn!(society, upload = id, "lease of the upload lost: taken by another worker, or dropped");
            return Ok(());
        }
        () = told_to_stop(&mut stop) => {
            taken.put_back(&app.db, &scope).await?;
            return Ok(());
        }
    };
    let Err(error) = worked else { return Ok(()) };
    if error.is::<work::NotOurs>() {
        return Ok(());
    }
    // Where it got further than ever before, this failure is the first.
    let now = queries::upload(&app.db, &scope, id).await?;
    let failures = now.map_or(upload.failures, |now| now.failures);
    tracing::error!(society, upload = id, failures, "upload failed: {error:#}");
    let trouble = format!("{error:#}");
    if failures < TRIES {
        let wait = PAUSE.checked_mul(failures).unwrap_or(PAUSE);
        taken.put_off(&app.db, &scope, app.clock.now().checked_add(wait)?, &trouble).await?;
        return Ok(());
    }
    stopped(app, &scope, &taken, &trouble).await
}

/// The message about a file whose workers were killed.
const WORKERS_ENDED: &str =
    "the process that worked on this file ended each time without a word: it may need more memory than there is";

/// Stops the work until staff resume it.
async fn stopped(app: &App, scope: &SystemScope, taken: &LeasedUpload<'_>, trouble: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    taken.settle(&mut tx, scope, UploadState::Stopped, Some(trouble), None).await?;
    tx.commit().await?;
    Ok(())
}

/// Sends heartbeats; returns when this worker has lost the lease.
async fn kept(app: &App, scope: &SystemScope, taken: &LeasedUpload<'_>) {
    let mut clock = interval(HEARTBEAT_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let Ok(until) = app.clock.now().checked_add(LEASE) else { return };
        match taken.hold(&app.db, scope, until).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!("heartbeat failed: {error}"),
        }
    }
}

async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can tell any more.
        std::future::pending::<()>().await;
    }
}
