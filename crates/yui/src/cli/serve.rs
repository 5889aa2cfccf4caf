//! `yui serve`.

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{app::App, config::Config, router};

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_environment()?;
    let listener = listen(&config).await?;
    let app = App::start(config, None).await?;
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
    println!("ready: {address}");
    axum::serve(listener, router).with_graceful_shutdown(told_to_stop()).await?;
    app.db.close().await;
    Ok(())
}

async fn told_to_stop() {
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
