//! How long the database is waited for.

use std::time::Duration;

use tokio::time::timeout;

use crate::DbError;

tokio::task_local! {
    static REQUEST: Duration;
}

/// How long work beside the requests waits for one statement: a server that is gone without a word is noticed at last.
const WORK: Duration = Duration::from_secs(600);

/// Runs what answers a request: no statement of it is waited for longer than `patience`, and on PostgreSQL it has connections of its own,
/// whose statements the server ends as early.
pub async fn in_request<F: Future>(patience: Duration, answer: F) -> F::Output {
    REQUEST.scope(patience, answer).await
}

/// Returns whether the caller answers a request.
pub(crate) fn is_request() -> bool {
    REQUEST.try_with(|_| ()).is_ok()
}

/// Waits for a statement as long as the caller may. What waits is on the heap: the futures of callers stay small.
pub(crate) async fn waited<T>(
    statement: &'static str,
    work: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    match timeout(REQUEST.try_with(|patience| *patience).unwrap_or(WORK), Box::pin(work)).await {
        Ok(done) => done,
        Err(_) => Err(DbError::Late(statement)),
    }
}
