//! Whether the process was told to stop.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the process was told to stop: `/readyz` says so before the listener closes.
#[derive(Debug, Default)]
pub struct Stopping(AtomicBool);

impl Stopping {
    /// Returns whether it was.
    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn tell(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
