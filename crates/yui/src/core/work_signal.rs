//! The signal that wakes the workers on uploaded files.

use tokio::sync::Notify;

/// A signal for each kind of work; a signal that nobody waits for is not lost. Work is found without it as well, some
/// seconds later.
#[derive(Debug, Default)]
pub struct WorkSignal {
    pub(crate) files: Notify,
    pub(crate) orders: Notify,
}

impl WorkSignal {
    /// Has the workers of this process look at once.
    pub(crate) fn wake(&self) {
        self.files.notify_one();
        self.orders.notify_one();
    }
}
