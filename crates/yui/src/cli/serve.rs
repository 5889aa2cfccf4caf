//! `yui serve`.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use super::background;
use crate::{app::App, config::Config, router};

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_environment()?;
    let listener = listen(&config).await?;
    let app = App::start(config, None).await?;
    app.keys()?;
    let address = listener.local_addr()?;
    serve(&app, listener, &format!("http://{address}/")).await
}

/// Opens the configured address.
pub(super) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.http.listen;
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Serves until it is told to stop (SIGINT or SIGTERM), then finishes the requests that are under way.
pub(super) async fn serve(app: &App, listener: TcpListener, address: &str) -> anyhow::Result<()> {
    let (router, _) = router::portal(app);
    let (stop, stopped) = watch::channel(false);
    let worker = app.config.mail.worker.then(|| tokio::spawn(background::run(app.clone(), stopped)));
    println!("ready: {address}");
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(told_to_stop()).await?;
    stop.send_replace(true);
    if let Some(worker) = worker {
        ended(worker).await;
    }
    app.db.close().await;
    Ok(())
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
