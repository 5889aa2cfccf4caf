//! The state of a connection: what it waits for, and since when.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, sleep_until},
};

use crate::core::config::ConnectionLimits;

/// The state of a connection, shared by its parts.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<ActivityState>>);

#[derive(Debug)]
struct ActivityState {
    phase: Phase,
    /// The time since when more of the request's body is awaited.
    wants_body: Option<Instant>,
    /// The time since when the client takes nothing of the answer.
    stalled: Option<Instant>,
    /// The time since when the process stops.
    stopping: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// No byte of the first request has come.
    New(Instant),
    /// No byte of the next request has come.
    Idle(Instant),
    /// The head of a request is coming.
    Head(Instant),
    /// A request is being answered.
    Answering,
}

/// The time that the server waits for a client's data once the process stops.
const HURRY: Duration = Duration::from_secs(2);

/// The same for a connection without a request under way: as long as one may be on the network.
const PARTING: Duration = Duration::from_millis(200);

impl Activity {
    /// Returns the state of a connection from which the head of a request is due.
    pub(super) fn new() -> Self {
        let phase = Phase::New(Instant::now());
        Self(Arc::new(Mutex::new(ActivityState { phase, wants_body: None, stalled: None, stopping: None })))
    }

    fn state(&self) -> MutexGuard<'_, ActivityState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answering(&self) {
        self.state().phase = Phase::Answering;
    }

    pub(super) fn stopping(&self) {
        self.state().stopping = Some(Instant::now());
    }

    /// Returns when the client has exceeded its time limit.
    pub(super) async fn overdue(&self, limits: &ConnectionLimits) {
        loop {
            let now = Instant::now();
            let (due, stopping) = {
                let state = self.state();
                (state.due(limits), state.stopping.is_some())
            };
            let shortest = if stopping { PARTING } else { limits.head.min(limits.body).min(limits.idle) };
            let due = due.unwrap_or(now + shortest);
            if due <= now {
                return;
            }
            // What is due may come forward in between, though never to less than the shortest from now.
            sleep_until(due.min(now + shortest)).await;
        }
    }
}

impl ActivityState {
    fn due(&self, limits: &ConnectionLimits) -> Option<Instant> {
        let (since, limit, hurry) = match self.phase {
            Phase::New(since) => (Some(since), limits.head, PARTING),
            Phase::Idle(since) => (Some(since), limits.idle, PARTING),
            Phase::Head(since) => (Some(since), limits.head, HURRY),
            Phase::Answering => (self.wants_body, limits.body, HURRY),
        };
        let due = |since: Instant, limit, hurry| {
            let hurried = self.stopping.map(|stopping| stopping.max(since) + hurry);
            hurried.into_iter().chain([since + limit]).min()
        };
        let waited = since.and_then(|since| due(since, limit, hurry));
        let stalled = self.stalled.and_then(|since| due(since, limits.body, HURRY));
        waited.into_iter().chain(stalled).min()
    }
}

/// A client's connection, watched.
#[derive(Debug)]
pub(super) struct WatchedConnection {
    pub(super) stream: TcpStream,
    pub(super) activity: Activity,
}

impl WatchedConnection {
    fn wrote<T>(&self, poll: Poll<T>) -> Poll<T> {
        let mut state = self.activity.state();
        match poll {
            Poll::Pending => _ = state.stalled.get_or_insert_with(Instant::now),
            Poll::Ready(_) => state.stalled = None,
        }
        drop(state);
        poll
    }
}

impl AsyncRead for WatchedConnection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let poll = Pin::new(&mut this.stream).poll_read(cx, buf);
        if poll.is_ready() && buf.filled().len() > before {
            let mut state = this.activity.state();
            if matches!(state.phase, Phase::New(_) | Phase::Idle(_)) {
                state.phase = Phase::Head(Instant::now());
            }
        }
        poll
    }
}

impl AsyncWrite for WatchedConnection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.wrote(poll)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.wrote(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The body of a request, watched.
#[derive(Debug)]
pub(super) struct RequestBody<B> {
    pub(super) body: B,
    pub(super) activity: Activity,
}

impl<B: HttpBody + Unpin> HttpBody for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.body).poll_frame(cx);
        let mut state = this.activity.state();
        match poll {
            Poll::Pending => _ = state.wants_body.get_or_insert_with(Instant::now),
            Poll::Ready(_) => state.wants_body = None,
        }
        drop(state);
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for RequestBody<B> {
    fn drop(&mut self) {
        self.activity.state().wants_body = None;
    }
}

/// The body of an answer; the connection is idle when it is over.
#[derive(Debug)]
pub(super) struct ResponseBody {
    pub(super) body: Body,
    pub(super) activity: Activity,
    /// Whether it goes on until somebody ends it, as events do: it ends when the process stops.
    pub(super) endless: bool,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.endless && this.activity.state().stopping.is_some() {
            return Poll::Ready(None);
        }
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.activity.state().phase = Phase::Idle(Instant::now());
    }
}
