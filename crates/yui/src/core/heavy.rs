//! Work that costs more than a page, behind bounded lines: logins, PDFs, workbooks, signatures, searches and lists of everything.

use yui_auth::{
    fair::{FairLine, Place, Turn},
    password::HashError,
};

use super::{
    client_info::ClientInfo,
    error::AppError,
    society::{InSociety, Society},
};

/// Seconds after which one that found the line full may come again.
const RETRY_AFTER: u32 = 5;

/// How many pieces of work may wait for one account.
const OF_ACCOUNT: usize = 2;

/// A fair line for heavy work, apart from that of passwords: [`FairLine`] says how its places are shared.
#[derive(Clone, Debug)]
pub struct HeavyWork {
    line: FairLine,
}

impl HeavyWork {
    /// Returns a line in which so many pieces of work are done at once.
    pub fn new(at_once: usize) -> Self {
        Self { line: FairLine::new(at_once, at_once * 32, OF_ACCOUNT) }
    }

    /// Returns a line for whole logins on so many cores: what they ask of the database is shared as fairly as the hashing. Twice as
    /// many are under way as are hashed: each of a flood is one that another society's login shares the cores and the writer with. A
    /// society with no login under way does not wait for theirs.
    pub fn of_logins(cores: usize) -> Self {
        Self { line: FairLine::new(cores * 2, cores * 32, OF_ACCOUNT * 2).with_extra(cores * 2) }
    }

    /// Waits for a place; the work is done while it is held.
    ///
    /// # Errors
    /// [`AppError::Busy`] where there is none.
    pub(crate) async fn place(&self, turn: Turn) -> Result<Place, AppError> {
        self.line.enter(turn).await.map_err(|_| AppError::Busy(RETRY_AFTER))
    }

    /// Does the work on a thread of its own and returns what came of it. Work once begun is finished, and keeps its place until then,
    /// though nobody may wait for it any more.
    ///
    /// # Errors
    /// [`AppError::Busy`] where there is no place; a bug where the work panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let place = self.place(turn).await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        Ok(done.await?)
    }
}

/// Returns the turn of somebody who is not signed in, with what they say of an account.
pub(crate) fn stranger(scope: &impl InSociety, client: &ClientInfo, whom: &str) -> Turn {
    let account = if whom.is_empty() { 0 } else { number(whom) };
    Turn { society: scope.society_id(), network: number(&client.network()), account }
}

/// Returns the turn of an account: `kind` tells members and staff apart.
pub(crate) fn account(scope: &impl InSociety, kind: &str, account_id: i64) -> Turn {
    let account = number(&format!("{kind} {account_id}"));
    Turn { society: scope.society_id(), network: account, account }
}

/// Returns the turn of a society's own work.
pub(crate) fn society(society: &Society) -> Turn {
    Turn { society: society.society_id, network: 0, account: 0 }
}

/// Returns a number that stands for the text, never 0.
fn number(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish() | 1
}

/// Returns the error of a full line of hashing as one that says when to come again.
pub(crate) fn busy(error: HashError) -> AppError {
    match error {
        HashError::Busy => AppError::Busy(RETRY_AFTER),
        failed @ HashError::Failed(_) => failed.into(),
    }
}
