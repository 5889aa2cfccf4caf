//! `yui serve`.

use std::time::Duration;

use anyhow::Context;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use super::background;
use crate::{
    core::{app::App, config::Config},
    features::keys,
    router,
    serve::{self, Server},
};

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_environment()?;
    let listener = listen(&config).await?;
    let app = App::start(config, None).await?;
    app.keys()?;
    app.files.prepare().with_context(|| format!("YUI_FILES: cannot write to {}", app.config.files.folder.display()))?;
    if app.config.http.https && app.config.http.trusted_proxies.is_empty() {
        tracing::warn!("{NO_PROXIES}");
    }
    warn_of_skew(&app).await;
    let looked = app.clone();
    let look = tokio::spawn(async move {
        if let Err(error) = keys::warn(&looked).await {
            tracing::warn!("check of the sealing keys failed: {error:#}");
        }
    });
    let address = listener.local_addr()?;
    let done = serve(&app, listener, &format!("http://{address}/")).await;
    look.abort();
    done
}

/// Warns where this machine's clock is not the database's.
pub(super) async fn warn_of_skew(app: &App) {
    if let Ok(Some(server)) = app.db.server().await
        && let Some(words) = server.skew(app.clock.now())
    {
        tracing::warn!("clock: {words}");
    }
}

/// The warning if members come by https and no proxy is trusted.
pub(super) const NO_PROXIES: &str = "YUI_TRUSTED_PROXIES is not set: behind a proxy all members seem to come from its address and share one \
                                     limit of wrong passwords";

/// Opens the configured address.
pub(super) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.http.listen;
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Serves until it is told to stop (SIGINT or SIGTERM), then finishes what is under way, as far as it ends in time.
pub(super) async fn serve(app: &App, listener: TcpListener, address: &str) -> anyhow::Result<()> {
    let (router, _) = router::portal(app);
    let (stop, stopped) = watch::channel(false);
    let worker = app.config.mail.worker.then(|| tokio::spawn(background::run(app.clone(), stopped)));
    say!("ready: {address}");
    let told = async {
        told_to_stop().await;
        stop.send_replace(true);
    };
    Server::new(listener, router, &app.config.http, serve::handles()).run(told, &app.stopping).await;
    if let Some(worker) = worker {
        ended(worker).await;
    }
    closed(app).await;
    Ok(())
}

/// How long connections to the database may take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// Closes the connections to the database; one that does not answer is left to itself.
pub(super) async fn closed(app: &App) {
    if timeout(CLOSING, app.db.close()).await.is_err() {
        tracing::warn!("stopped while the database did not answer");
    }
}

/// How long a mail that is being sent may take once the process was told to stop; after that it is another worker's.
const LAST_MAIL: Duration = Duration::from_secs(10);

/// Lets a worker that was told to stop end its mail.
pub(super) async fn ended(worker: JoinHandle<()>) {
    if timeout(LAST_MAIL, worker).await.is_err() {
        tracing::warn!("stopped while a mail was being sent: it is tried again");
    }
}

pub(super) async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = async { tokio::signal::ctrl_c().await.is_ok() };
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => {
            interrupted.await;
        }
    }
}
