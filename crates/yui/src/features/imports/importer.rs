//! What turns the records of a file into rows.

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

/// What a kind of file means.
pub trait Importer: Sized + Send + 'static {
    /// One record.
    type Record: Send + Sync + 'static;

    /// Who looks up what the records are held against; `()` where nothing is looked up ahead.
    type Finder: Finder<Self::Record>;

    /// Returns the kind.
    fn kind(&self) -> Kind;

    /// Returns who looks up.
    fn finder(&self) -> Self::Finder;

    /// Returns how many records of the file this item consists of.
    fn weight(_record: &Self::Record) -> i64 {
        1
    }

    /// Opens the file and hands its records to `each`, always in the same order, until that returns false. Runs on a thread of its
    /// own.
    ///
    /// # Errors
    /// What makes the whole file unreadable, as a missing column; nothing was handed over then.
    fn read(source: &Source, each: impl FnMut(Read<Self::Record>) -> bool) -> Result<(), Vec<Fault>>;

    /// Reads the whole file and returns what staff have to confirm before the import, such as a truncated file. Runs on a blocking thread.
    ///
    /// # Errors
    /// Where the file cannot be read.
    fn to_confirm(_source: &Source) -> anyhow::Result<Vec<Fault>> {
        Ok(Vec::new())
    }

    /// Looks at the records of one chunk as [`Importer::apply`] would, in a transaction that can only read. What later
    /// chunks have to know of this one, the importer remembers, as much as fits into a bounded memory.
    fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<Self::Record>,
        found: Found<Self>,
        faults: &mut Vec<ChunkFault>,
    ) -> impl Future<Output = anyhow::Result<Applied>> + Send;

    /// Writes the records of one chunk; a record that cannot be taken becomes a fault.
    fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<Self::Record>,
        found: Found<Self>,
        faults: &mut Vec<ChunkFault>,
    ) -> impl Future<Output = anyhow::Result<Applied>> + Send;

    /// Is called in a check after its last record, until it returns none; so many records of the file could not be taken.
    fn checked(&mut self, _tx: &mut Tx, _wrong: i64) -> impl Future<Output = anyhow::Result<Option<Applied>>> + Send {
        async { Ok(None) }
    }

    /// Is called in an import after its last record, in transactions of its own, until it returns false; so many records of the file
    /// could not be taken. A stopped import calls it from the beginning again.
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

    /// Returns what else was counted.
    fn details(&self) -> Vec<(&'static str, i64)> {
        Vec::new()
    }

    /// Returns what the records taken in a check add up to.
    fn figures(&self) -> FileTotals {
        FileTotals::default()
    }
}

/// What became of a chunk's records.
#[derive(Debug, Default)]
pub struct Applied {
    /// Records taken.
    pub accepted: i64,
    /// Taken records whose claim an earlier batch has too.
    pub corrections: i64,
    /// The first and the last treatment month among them.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// What staff should look at though the records are taken.
    pub notices: Vec<Fault>,
    /// The changes, filled by checks.
    pub entries: Vec<Entry>,
    /// The questions to staff, filled by checks.
    pub asked: Vec<RowQuestion>,
    /// What staff have to confirm before the import; one that is not confirmed ends with it.
    pub to_confirm: Vec<Fault>,
}
