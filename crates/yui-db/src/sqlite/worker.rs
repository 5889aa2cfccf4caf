//! Threads that each have a connection, and the queue that they take their jobs from.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::{sync::oneshot, task::spawn_blocking};

use super::roll_back;
use crate::{DbError, EngineError};

enum Job {
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
    Stop,
}

thread_local! {
    /// Whether the caller of the job that this thread runs has gone away.
    static CANCELLED: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Returns whether nobody waits for the job that this thread runs.
pub(super) fn is_cancelled() -> bool {
    CANCELLED.with_borrow(|cancelled| cancelled.as_ref().is_some_and(|cancelled| cancelled.load(Ordering::Relaxed)))
}

/// Tells the job that its caller has gone away.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One or more threads with a connection each, which take jobs from one queue in their order.
#[derive(Debug)]
pub(crate) struct Worker {
    queue: Sender<Job>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Worker {
    /// Starts a thread for each connection.
    pub(super) fn start(name: &str, connections: Vec<Connection>) -> Result<Self, std::io::Error> {
        let (queue, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = connections.into_iter().map(|connection| {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new().name(name.to_owned()).spawn(move || run(connection, &jobs))
        });
        Ok(Self { threads: Mutex::new(threads.collect::<Result<_, _>>()?), queue })
    }

    /// Runs the job on one of the threads. If the caller goes away, a job that has not begun never does, and a statement
    /// that is under way is interrupted.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, answer) = oneshot::channel();
        let caller = CancelOnDrop(Arc::new(AtomicBool::new(false)));
        let cancelled = Arc::clone(&caller.0);
        self.send(move |connection| {
            if cancelled.load(Ordering::Relaxed) {
                return;
            }
            CANCELLED.set(Some(cancelled));
            let done = job(connection);
            CANCELLED.set(None);
            // The caller may have gone away meanwhile.
            let _ = reply.send(done);
        });
        answer.await.unwrap_or_else(|_| Err(DbError::engine("worker", EngineError::closed())))
    }

    /// Runs the job on one of the threads; nobody waits for it.
    pub(super) fn send(&self, job: impl FnOnce(&mut Connection) + Send + 'static) {
        // There is no thread any more where the database was closed.
        let _ = self.queue.send(Job::Run(Box::new(job)));
    }

    /// Stops the threads after the jobs that are in the queue, and closes their connections.
    pub(super) async fn stop(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for _ in &threads {
            let _ = self.queue.send(Job::Stop);
        }
        let ended = spawn_blocking(|| threads.into_iter().for_each(|thread| drop(thread.join())));
        let _ = ended.await;
    }
}

fn run(mut connection: Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        // One thread waits for the next job, the others for this lock.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job::Run(job)) = job else { break };
        // A panic drops the reply: the caller gets an error, and the thread goes on, in no transaction.
        if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
            CANCELLED.set(None);
            roll_back(&connection);
        }
    }
    // Keeps what the engine has learned about its tables.
    let _ = connection.execute_batch("PRAGMA optimize");
}
