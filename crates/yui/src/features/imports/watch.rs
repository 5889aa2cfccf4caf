//! Who is told how an import goes.

use futures::future::BoxFuture;
use kenpo_formats::Fault;
use yui_db::Tx;

use super::{Entry, RowQuestion, fault::ChunkFault};

/// How far a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadProgress {
    /// Bytes of it that are read.
    pub bytes: u64,
    /// Records that are done.
    pub records: i64,
}

/// Somebody who is told how an import goes.
pub trait Watch: Send {
    /// Is told of a record that was not taken.
    fn fault(&mut self, fault: &ChunkFault);

    /// Is told of something that staff may want to look at though nothing is wrong.
    fn notice(&mut self, _notice: &Fault) {}

    /// Receives the changes and questions that a check found.
    fn found(&mut self, _entries: &[Entry], _asked: &[RowQuestion]) {}

    /// Receives what staff have to confirm before the import.
    fn confirm(&mut self, _faults: &[Fault]) {}

    /// Is told after each chunk of a check.
    ///
    /// # Errors
    /// What ends the check.
    fn checked(&mut self, _progress: ReadProgress) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// Is told in the transaction of each chunk of an import.
    ///
    /// # Errors
    /// What ends the import; the chunk is not kept.
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
