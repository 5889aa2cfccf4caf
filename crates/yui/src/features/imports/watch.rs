//! The observers of an import's progress.

use futures::future::BoxFuture;
use kenpo_formats::Fault;
use yui_db::Tx;

use super::{Entry, RowQuestion, fault::ChunkFault};

/// The progress of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadProgress {
    /// Bytes of it that are read.
    pub bytes: u64,
    /// Records that are processed.
    pub records: i64,
}

/// An observer of an import's progress.
pub trait Watch: Send {
    /// Is told of a record that was not accepted.
    fn fault(&mut self, fault: &ChunkFault);

    /// Is told of a notice: a finding that is no fault, but that staff may want to see.
    fn notice(&mut self, _notice: &Fault) {}

    /// Receives the changes and questions that a check found.
    fn found(&mut self, _entries: &[Entry], _asked: &[RowQuestion]) {}

    /// Receives the findings that staff have to confirm before the import.
    fn confirm(&mut self, _faults: &[Fault]) {}

    /// Is told after each chunk of a check.
    ///
    /// # Errors
    /// An error ends the check.
    fn checked(&mut self, _progress: ReadProgress) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// Is told in the transaction of each chunk of an import.
    ///
    /// # Errors
    /// An error ends the import; the chunk is rolled back.
    fn applied<'a>(
        &'a mut self,
        _tx: &'a mut Tx,
        _batch_id: i64,
        _progress: ReadProgress,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl<F: FnMut(&ChunkFault) + Send> Watch for F {
    fn fault(&mut self, fault: &ChunkFault) {
        self(fault);
    }
}
