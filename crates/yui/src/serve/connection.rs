//! One connection.

use std::{convert::Infallible, net::SocketAddr, pin::pin};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{Response, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::watch::Receiver};
use tower::ServiceExt;

use super::{
    Stage,
    watch::{Activity, RequestBody, ResponseBody, WatchedConnection},
};
use crate::core::config::ConnectionLimits;

/// Answers the requests of one connection until the client or its limits end it.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    mut stages: Receiver<Stage>,
) {
    // Answers are written whole; the last piece of one shall not wait for the client's word on the piece before.
    let _ = stream.set_nodelay(true);
    let activity = Activity::new();
    let service = service_fn(|request| answer(request, peer, router.clone(), activity.clone()));
    let watched = TokioIo::new(WatchedConnection { stream, activity: activity.clone() });
    let mut connection = pin!(http1::Builder::new().serve_connection(watched, service));
    loop {
        let stage = *stages.borrow_and_update();
        match stage {
            Stage::Serving => {}
            Stage::Draining => {
                activity.stopping();
                connection.as_mut().graceful_shutdown();
            }
            Stage::Over => return,
        }
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, "a connection ended: {error}");
                }
                return;
            }
            () = activity.overdue(&limits) => {
                tracing::debug!(%peer, "connection closed: the client was too slow");
                return;
            }
            changed = stages.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    router: Router,
    activity: Activity,
) -> Result<Response<ResponseBody>, Infallible> {
    activity.answering();
    let mut request = request.map(|body| Body::new(RequestBody { body, activity: activity.clone() }));
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.oneshot(request).await?;
    let endless = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    Ok(response.map(|body| ResponseBody { body, activity, endless }))
}
