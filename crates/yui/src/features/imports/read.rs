//! Reading a file, in chunks, on a thread of its own; and looking up the register's data for its records, one chunk
//! ahead of the writing.

use std::sync::Arc;

use kenpo_formats::Fault;
use tokio::{sync::mpsc, task::JoinHandle};
use yui_db::{Db, DbError};

use super::{
    ReadProgress, Source,
    fault::{ChunkFault, FaultKind},
    importer::Importer,
    pace::Pace,
};

/// An item that a reader passes on.
#[derive(Debug)]
pub enum Read<T> {
    /// A record.
    Record(T),
    /// A record that is wrong, with all its faults.
    Wrong(Vec<Fault>),
    /// A finding that is no fault, but that staff may want to see.
    Notice(Fault),
}

impl<T> From<Result<T, Vec<Fault>>> for Read<T> {
    fn from(read: Result<T, Vec<Fault>>) -> Self {
        match read {
            Ok(record) => Self::Record(record),
            Err(faults) => Self::Wrong(faults),
        }
    }
}

/// The lookup of data that the records of a chunk are compared with, while the chunk before it is being written.
pub trait Finder<T>: Send + 'static {
    /// The data that is found.
    type Found: Send + 'static;

    /// Notes a record that an earlier run of this import has written.
    fn skip(&mut self, _record: &T) {}

    /// Looks the data up. Concurrent changes may be missing from it.
    fn find(&mut self, db: &Db, records: &[T]) -> impl Future<Output = Result<Self::Found, DbError>> + Send;
}

/// Nothing is looked up beforehand.
impl<T: Sync> Finder<T> for () {
    type Found = ();

    async fn find(&mut self, _: &Db, _: &[T]) -> Result<(), DbError> {
        Ok(())
    }
}

/// The data that an importer's [`Finder`] finds.
pub type Found<I> = <<I as Importer>::Finder as Finder<<I as Importer>::Record>>::Found;

/// The largest number of records in one transaction.
pub(super) const CHUNK: usize = 16_000;

/// The items read for a chunk, in the order of the file, with the file's progress.
struct Reads<T> {
    reads: Vec<Read<T>>,
    progress: ReadProgress,
}

/// A chunk of records, with the file's progress.
pub(super) struct Chunk<I: Importer> {
    /// Their number, right or wrong, without those that an earlier run of this import has written.
    pub(super) count: i64,
    /// The readable records.
    pub(super) records: Vec<I::Record>,
    /// The data that was looked up for them.
    pub(super) found: Found<I>,
    /// The faults of the other records.
    pub(super) faults: Vec<ChunkFault>,
    /// The notices that staff may want to see.
    pub(super) notices: Vec<Fault>,
    pub(super) progress: ReadProgress,
}

/// A file that is being read.
pub(super) struct Chunks<I: Importer> {
    receiver: mpsc::Receiver<Chunk<I>>,
    finding: Option<JoinHandle<anyhow::Result<()>>>,
}

/// The whole file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be read:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct UnreadableFile(pub Vec<Fault>);

impl<I: Importer> Chunks<I> {
    /// Begins to read, in chunks of the size that `pace` gives; the first `skip` records were written by an earlier
    /// run.
    pub(super) fn of(db: &Db, importer: &I, source: &Source, (pace, skip): (&Arc<Pace>, i64)) -> Self {
        let (read_on, reads) = mpsc::channel(1);
        let (sender, receiver) = mpsc::channel(1);
        let (source, pace) = (source.clone(), Arc::clone(pace));
        let reader = tokio::task::spawn_blocking(move || {
            send(&source, &pace, &read_on, I::weight, |source, each| I::read(source, each))
        });
        let (db, finder) = (db.clone(), importer.finder());
        let finding = tokio::spawn(async move {
            find::<I>(&db, finder, skip, reads, sender).await?;
            reader.await?
        });
        Self { receiver, finding: Some(finding) }
    }

    /// Returns the next chunk; nothing at the end.
    ///
    /// # Errors
    /// [`UnreadableFile`] for a file that cannot be used as a whole, or the error of the disk if a read failed, or of
    /// the database if it did not answer.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Chunk<I>>> {
        let chunk = self.receiver.recv().await;
        if chunk.is_none()
            && let Some(finding) = self.finding.take()
        {
            finding.await??;
        }
        Ok(chunk)
    }
}

/// Sorts the items read and looks up the data for their records, until the receiver is gone.
async fn find<I: Importer>(
    db: &Db,
    mut finder: I::Finder,
    mut skip: i64,
    mut reads: mpsc::Receiver<Reads<I::Record>>,
    sender: mpsc::Sender<Chunk<I>>,
) -> Result<(), DbError> {
    while let Some(Reads { reads, progress }) = reads.recv().await {
        let (mut count, mut records) = (0, Vec::with_capacity(reads.len()));
        let (mut faults, mut notices) = (Vec::new(), Vec::new());
        for read in reads {
            match read {
                // They were kept with the records that an earlier run has written.
                Read::Notice(_) if skip > 0 => {}
                Read::Notice(notice) => notices.push(notice),
                Read::Record(record) if skip > 0 => {
                    skip -= I::weight(&record);
                    finder.skip(&record);
                }
                Read::Wrong(_) if skip > 0 => skip -= 1,
                Read::Record(record) => {
                    count += I::weight(&record);
                    records.push(record);
                }
                Read::Wrong(found) => {
                    count += 1;
                    let kind = FaultKind::Rejected;
                    faults.extend(found.into_iter().map(|fault| ChunkFault { kind, fault }));
                }
            }
        }
        let found = finder.find(db, &records).await?;
        if sender.send(Chunk { count, records, found, faults, notices, progress }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads the file and sends its items, until the receiver is gone. A read that fails is no mistake of the file: the
/// reader's message about it is not sent.
fn send<T>(
    source: &Source,
    pace: &Pace,
    sender: &mpsc::Sender<Reads<T>>,
    weight: impl Fn(&T) -> i64,
    read: impl FnOnce(&Source, &mut dyn FnMut(Read<T>) -> bool) -> Result<(), Vec<Fault>>,
) -> anyhow::Result<()> {
    source.begin();
    let (mut reads, mut inside, mut records) = (Vec::with_capacity(pace.next()), 0, 0_i64);
    let done = read(source, &mut |read| {
        if !matches!(read, Read::Record(_)) && source.is_broken() {
            return false;
        }
        let count = match &read {
            Read::Record(record) => weight(record),
            Read::Wrong(_) => 1,
            Read::Notice(_) => 0,
        };
        reads.push(read);
        inside += usize::try_from(count).unwrap_or_default();
        records += count;
        if inside < pace.next() {
            return true;
        }
        inside = 0;
        let reads = std::mem::replace(&mut reads, Vec::with_capacity(pace.next()));
        sender.blocking_send(Reads { reads, progress: ReadProgress { bytes: source.bytes_read(), records } }).is_ok()
    });
    if let Some(error) = source.broken() {
        return Err(anyhow::Error::new(error).context(format!("{} cannot be read on", source.name)));
    }
    done.map_err(|faults| UnreadableFile(faults.into_iter().map(|fault| source.located(fault)).collect()))?;
    if records == 0 {
        let reason = "このファイルには、見出しのほかに1件もデータがありません。";
        return Err(UnreadableFile(vec![Fault::new(0, "", reason)]).into());
    }
    if !reads.is_empty() {
        // Nobody listens any more when the import has failed; then there is nobody to tell either.
        let progress = ReadProgress { bytes: source.bytes_read(), records };
        drop(sender.blocking_send(Reads { reads, progress }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};

    use kenpo_formats::expense_csv::{ExpenseCsv, template};

    use super::*;
    use crate::features::imports::Format;

    struct Broken;

    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }

    #[test]
    fn a_disk_that_fails_in_the_middle_is_no_mistake_of_the_file() {
        let source = Source::known("x".into(), "x.csv".into(), Format::Csv, [0; 32]);
        // More than what is looked at for the encoding, so that reading begins.
        let rows = template().lines().nth(1).unwrap().to_owned() + "\r\n";
        let text = format!("{}\r\n{}", template().lines().next().unwrap(), rows.repeat(20_000));
        let (sender, mut receiver) = mpsc::channel(9);
        let sent = send::<()>(
            &source,
            &Pace::fixed(CHUNK),
            &sender,
            |()| 1,
            |source, each| {
                let file = source.over(text.as_bytes().chain(Broken));
                let _all = ExpenseCsv::open(file)?.map(|row| Read::from(row.map(drop))).all(each);
                Ok(())
            },
        );
        let error = format!("{:#}", sent.unwrap_err());
        assert!(error.contains("x.csv cannot be read on") && error.contains("the disk is gone"), "{error}");
        let chunk = receiver.blocking_recv().unwrap();
        assert!(chunk.reads.iter().all(|read| matches!(read, Read::Record(()))), "what was whole came through");
    }
}
