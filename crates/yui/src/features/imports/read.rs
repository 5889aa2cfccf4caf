//! Reading a file, in chunks, on a thread of its own.

use kenpo_formats::Fault;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Importer, Progress, Source};

/// What a reader comes upon.
#[derive(Debug)]
pub enum Read<T> {
    /// A record.
    Record(T),
    /// A record that is wrong, with all its faults.
    Wrong(Vec<Fault>),
    /// Something that staff may want to look at though nothing is wrong.
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

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To say what it would change.
    Check,
    /// To import it. An importer may read its file more than once, and hand over its records in another order.
    Apply,
}

/// How many records are one transaction.
const CHUNK: usize = 16_000;

/// Some records and how far the file is with them.
pub(super) struct Chunk<T> {
    pub(super) reads: Vec<Read<T>>,
    pub(super) progress: Progress,
}

/// A file that is being read.
pub(super) struct Chunks<T> {
    receiver: mpsc::Receiver<Chunk<T>>,
    reader: Option<JoinHandle<anyhow::Result<()>>>,
}

/// The whole file can not be used.
#[derive(Debug, thiserror::Error)]
#[error("the file can not be read:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Unreadable(pub Vec<Fault>);

impl<T: Send + 'static> Chunks<T> {
    /// Begins to read.
    pub(super) fn of<I: Importer<Record = T>>(source: &Source, purpose: Purpose) -> Self {
        let (sender, receiver) = mpsc::channel(2);
        let source = source.clone();
        let reader = tokio::task::spawn_blocking(move || {
            send::<T>(&source, &sender, |source, each| I::read(source, purpose, each))
        });
        Self { receiver, reader: Some(reader) }
    }

    /// Returns the next chunk; nothing at the end.
    ///
    /// # Errors
    /// [`Unreadable`] for a file that can not be used as a whole, or what the disk said where a read failed.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Chunk<T>>> {
        let chunk = self.receiver.recv().await;
        if chunk.is_none()
            && let Some(reader) = self.reader.take()
        {
            reader.await??;
        }
        Ok(chunk)
    }
}

/// Has the file read and sends what comes, until nobody listens any more. A read that fails is no mistake of the file: what
/// the reader says of it is not sent.
fn send<T>(
    source: &Source,
    sender: &mpsc::Sender<Chunk<T>>,
    read: impl FnOnce(&Source, &mut dyn FnMut(Read<T>) -> bool) -> Result<(), Vec<Fault>>,
) -> anyhow::Result<()> {
    source.begin();
    let (mut reads, mut inside, mut records) = (Vec::with_capacity(CHUNK), 0, 0_i64);
    let done = read(source, &mut |read| {
        if !matches!(read, Read::Record(_)) && source.is_broken() {
            return false;
        }
        let counts = !matches!(read, Read::Notice(_));
        reads.push(read);
        inside += usize::from(counts);
        records += i64::from(counts);
        if inside < CHUNK {
            return true;
        }
        inside = 0;
        let reads = std::mem::replace(&mut reads, Vec::with_capacity(CHUNK));
        sender.blocking_send(Chunk { reads, progress: Progress { bytes: source.bytes_read(), records } }).is_ok()
    });
    if let Some(error) = source.broken() {
        return Err(anyhow::Error::new(error).context(format!("{} can not be read on", source.name)));
    }
    done.map_err(Unreadable)?;
    if records == 0 {
        let reason = "このファイルには、見出しのほかに1件もデータがありません。";
        return Err(Unreadable(vec![Fault::new(0, "", reason)]).into());
    }
    if !reads.is_empty() {
        // Nobody listens any more when the import has failed; then there is nobody to tell either.
        let progress = Progress { bytes: source.bytes_read(), records };
        drop(sender.blocking_send(Chunk { reads, progress }));
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
        let sent = send::<()>(&source, &sender, |source, each| {
            let file = source.over(text.as_bytes().chain(Broken));
            let _all = ExpenseCsv::open(file)?.map(|row| Read::from(row.map(drop))).all(each);
            Ok(())
        });
        let error = format!("{:#}", sent.unwrap_err());
        assert!(error.contains("x.csv can not be read on") && error.contains("the disk is gone"), "{error}");
        let chunk = receiver.blocking_recv().unwrap();
        assert!(chunk.reads.iter().all(|read| matches!(read, Read::Record(()))), "what was whole came through");
    }
}
