//! `yui worker`.

use tokio::sync::watch;

use super::{background, serve, start::configured};

/// Delivers mail and keeps house until it is told to stop (SIGINT or SIGTERM).
pub(super) async fn run() -> anyhow::Result<()> {
    let app = configured().await?;
    serve::warn_of_skew(&app).await;
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(background::run(app.clone(), stopped));
    say!("ready: delivering mail");
    serve::told_to_stop().await;
    stop.send_replace(true);
    serve::ended(worker).await;
    serve::closed(&app).await;
    Ok(())
}
