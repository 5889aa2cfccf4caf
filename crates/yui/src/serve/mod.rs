//! Accepting connections: their number, their time limits, and a shutdown within its limit.

mod connection;
mod crowd;
mod watch;

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync,
    time::{sleep, timeout},
};

use self::crowd::{ConnectionRefusal, Crowd};
use crate::core::{
    config::{ConnectionLimits, HttpConfig},
    stopping::Stopping,
};

/// The stage of the process's shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It accepts connections and answers requests.
    Serving,
    /// It accepts no new connections, and ends those that it has.
    Draining,
    /// Open connections are cut.
    Over,
}

/// A listening portal.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    crowd: Crowd,
}

/// The pause of accepting when the machine has no file handle left: the longest wait for a new client after one is
/// free.
const NO_HANDLE: Duration = Duration::from_millis(200);

/// The answer to a connection beyond the limit.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

impl Server {
    /// Returns a server that hands the requests at this address to the router.
    pub fn new(listener: TcpListener, router: Router, http: &HttpConfig, handles: Option<usize>) -> Self {
        let crowd = Crowd::new(room(http.limits.connections, handles), &http.limits, http.trusted_proxies.clone());
        Self { listener, router, limits: http.limits, crowd }
    }

    /// Serves until `told` is over, then ends: not ready for the drain delay, no new connections after it, and no connection at all
    /// after the stop time-out.
    pub async fn run(self, told: impl Future<Output = ()>, stopping: &Stopping) {
        let (stage, stages) = sync::watch::channel(Stage::Serving);
        tokio::select! {
            () = self.accept(&stages) => {}
            () = async {
                told.await;
                stopping.tell();
                tracing::info!(drain_delay = ?self.limits.drain_delay, "stop requested: /readyz answers 503");
                #[expect(clippy::disallowed_methods, reason = "the proxy in front tells nobody when it has noticed")]
                sleep(self.limits.drain_delay).await;
            } => {}
        }
        let Self { listener, limits, .. } = self;
        drop(listener);
        drop(stages);
        stage.send_replace(Stage::Draining);
        let open = stage.receiver_count();
        if open > 0 {
            tracing::info!(open, at_most = ?limits.stop, "no connection is accepted any more; waiting for those that are open");
        }
        // Each connection holds a receiver until it ends.
        if timeout(limits.stop, stage.closed()).await.is_err() {
            tracing::warn!(open = stage.receiver_count(), "connections that did not end in time are cut");
            stage.send_replace(Stage::Over);
            stage.closed().await;
        }
    }

    async fn accept(&self, stages: &sync::watch::Receiver<Stage>) {
        let mut without_handles = false;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    if std::mem::take(&mut without_handles) {
                        tracing::info!("connections are accepted again");
                    }
                    self.welcome(stream, peer, stages);
                }
                // The client was gone before it was its turn.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
                Err(error) => {
                    if !std::mem::replace(&mut without_handles, true) {
                        tracing::error!(
                            "no connection can be accepted (see LimitNOFILE in docs/operating.md): {error}"
                        );
                    }
                    #[expect(clippy::disallowed_methods, reason = "the system tells nobody when a handle is free")]
                    sleep(NO_HANDLE).await;
                }
            }
        }
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr, stages: &sync::watch::Receiver<Stage>) {
        match self.crowd.enter(peer.ip()) {
            Ok(place) => {
                let one = connection::serve(stream, peer, self.router.clone(), self.limits, stages.clone());
                tokio::spawn(async move {
                    one.await;
                    drop(place);
                });
            }
            Err(refused) => {
                if let Some(words) = self.crowd.first_time(refused) {
                    tracing::warn!(address = %peer.ip(), "{words}");
                }
                // Writes as much as goes out without waiting, then closes the connection.
                let _ = stream.try_write(FULL);
            }
        }
    }
}

/// The file handles reserved for the database, files and mail.
const OTHER_HANDLES: usize = 128;

/// Returns the number of connections to allow, given the number of files that the process may open.
pub(crate) fn room(wanted: usize, handles: Option<usize>) -> usize {
    let room = handles.map_or(wanted, |handles| handles.saturating_sub(OTHER_HANDLES).max(handles / 2).min(wanted));
    if room < wanted {
        tracing::warn!("{room} connections at once, not {wanted}: this process may open too few files (LimitNOFILE)");
    }
    room
}

/// Returns the number of files that this process may open, if the system tells.
pub fn handles() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl ConnectionRefusal {
    fn words(self) -> &'static str {
        match self {
            Self::Full => "a connection was refused: there are as many as YUI_CONNECTIONS and the machine allow",
            Self::OfAddress => {
                "a connection was refused: its address has as many as YUI_CONNECTIONS_PER_ADDRESS allows; a proxy belongs \
                 into YUI_TRUSTED_PROXIES"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_handles_for_the_rest() {
        assert_eq!(room(10_000, None), 10_000);
        assert_eq!(room(10_000, Some(65_536)), 10_000);
        assert_eq!(room(10_000, Some(1_024)), 896);
        assert_eq!(room(10_000, Some(64)), 32);
    }
}
