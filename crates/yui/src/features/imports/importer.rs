//! The importers, which turn the records of a file into rows.

use kenpo_formats::{Fault, TreatmentMonth};
use yui_db::Tx;

use super::{
    entry::{Entry, RowQuestion},
    fault::ChunkFault,
    kind::Kind,
    read::{Finder, Found, Read},
    source::Source,
    totals::FileTotals,
};

/// The import of one kind of file.
pub trait Importer: Sized + Send + 'static {
    /// One record.
    type Record: Send + Sync + 'static;

    /// The finder of the register's data for the records; `()` if nothing is looked up ahead.
    type Finder: Finder<Self::Record>;

    /// Returns the kind.
    fn kind(&self) -> Kind;

    /// Returns the finder.
    fn finder(&self) -> Self::Finder;

    /// Returns the number of records of the file that this item consists of.
    fn weight(_record: &Self::Record) -> i64 {
        1
    }

    /// Opens the file and passes its records to `each`, always in the same order, until that returns false. Runs on a
    /// thread of its own.
    ///
    /// # Errors
    /// The faults that make the whole file unreadable, such as a missing column; nothing was passed on then.
    fn read(source: &Source, each: impl FnMut(Read<Self::Record>) -> bool) -> Result<(), Vec<Fault>>;

    /// Reads the whole file and returns what staff have to confirm before the import, such as a truncated file. Runs on a blocking thread.
    ///
    /// # Errors
    /// Where the file cannot be read.
    fn to_confirm(_source: &Source) -> anyhow::Result<Vec<Fault>> {
        Ok(Vec::new())
    }

    /// Checks the records of one chunk as [`Importer::apply`] would, in a transaction that can only read. The importer
    /// remembers the data of this chunk that later ones need, as much as fits into a bounded memory.
    fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<Self::Record>,
        found: Found<Self>,
        faults: &mut Vec<ChunkFault>,
    ) -> impl Future<Output = anyhow::Result<Applied>> + Send;

    /// Writes the records of one chunk; a record that cannot be accepted becomes a fault.
    fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<Self::Record>,
        found: Found<Self>,
        faults: &mut Vec<ChunkFault>,
    ) -> impl Future<Output = anyhow::Result<Applied>> + Send;

    /// Is called in a check after its last record, until it returns none. The count is the number of records of
    /// the file that were not accepted.
    fn checked(&mut self, _tx: &mut Tx, _wrong: i64) -> impl Future<Output = anyhow::Result<Option<Applied>>> + Send {
        async { Ok(None) }
    }

    /// Is called in an import after its last record, in transactions of its own, until it returns false. The count
    /// is the number of records of the file that were not accepted. A stopped import calls it from the beginning again.
    fn finish(
        &mut self,
        _tx: &mut Tx,
        _batch_id: i64,
        _wrong: i64,
    ) -> impl Future<Output = anyhow::Result<bool>> + Send {
        async { Ok(false) }
    }

    /// Returns whether the file is the history of an older portal ([`super::HISTORY`]).
    fn is_history(&self) -> bool {
        false
    }

    /// Returns the other counts.
    fn details(&self) -> Vec<(&'static str, i64)> {
        Vec::new()
    }

    /// Returns the totals of the records accepted in a check.
    fn figures(&self) -> FileTotals {
        FileTotals::default()
    }
}

/// The result of a chunk's records.
#[derive(Debug, Default)]
pub struct Applied {
    /// Records accepted.
    pub accepted: i64,
    /// Accepted records whose claim an earlier batch has, too.
    pub corrections: i64,
    /// The first and the last treatment month among them.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// The notices: findings on accepted records that staff should look at.
    pub notices: Vec<Fault>,
    /// The changes, filled by checks.
    pub entries: Vec<Entry>,
    /// The questions to staff, filled by checks.
    pub asked: Vec<RowQuestion>,
    /// The findings that staff have to confirm before the import; without confirmation the import ends at them.
    pub to_confirm: Vec<Fault>,
}
