//! What wakes those who work on files.

use tokio::sync::Notify;

/// A bell. Work without it is found as well, some seconds later.
#[derive(Debug, Default)]
pub struct Bell(Notify);

impl Bell {
    /// Has the worker of this process look at once.
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for [`Bell::ring`]; one that came before is not lost.
    pub(super) async fn rung(&self) {
        self.0.notified().await;
    }
}
