//! What wakes those who work on files.

use tokio::sync::Notify;

/// A bell for each kind of work; a ring that nobody waits for is not lost. Work without it is found as well, some seconds later.
#[derive(Debug, Default)]
pub struct WorkSignal {
    pub(crate) files: Notify,
    pub(crate) orders: Notify,
}

impl WorkSignal {
    /// Has the workers of this process look at once.
    pub(crate) fn ring(&self) {
        self.files.notify_one();
        self.orders.notify_one();
    }
}
