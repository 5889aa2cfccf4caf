//! The file itself.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sha2::{Digest, Sha256};

use super::Format;

/// A file to import.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name, for the record.
    pub name: String,
    /// Its form.
    pub format: Format,
    /// SHA-256 of its bytes: the same content is the same import.
    pub content_hash: [u8; 32],
    /// How its reading goes.
    reading: Arc<Reading>,
}

/// How the reading of a file goes.
#[derive(Debug, Default)]
struct Reading {
    bytes: AtomicU64,
    broken: Mutex<Option<io::Error>>,
}

impl Reading {
    fn broken(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much of a file is read at once.
const BUFFER: usize = 1 << 18;

impl Source {
    /// Returns a file of which all is known already.
    pub fn known(path: PathBuf, name: String, format: Format, content_hash: [u8; 32]) -> Self {
        Self { path, name, format, content_hash, reading: Arc::default() }
    }

    /// Reads the file once through for its hash, and tells its form by its first record unless that is given.
    ///
    /// # Errors
    /// Where the file can not be read.
    pub fn examine(path: &Path, format: Option<Format>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER];
        let mut head = Vec::new();
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            let part = buffer.get(..read).unwrap_or_default();
            if head.is_empty() {
                head = part.iter().take(3).copied().collect();
            }
            hash.update(part);
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let format = format.unwrap_or_else(|| Format::told_by(&head));
        Ok(Self::known(path.to_owned(), name, format, hash.finalize().into()))
    }

    /// Opens the file for reading from its beginning. What is read of it counts for [`Source::bytes_read`].
    ///
    /// # Errors
    /// Where the file can not be read.
    pub fn open(&self) -> io::Result<BufReader<impl Read + use<>>> {
        let file = File::open(&self.path).inspect_err(|error| {
            self.reading.broken().get_or_insert(io::Error::new(error.kind(), error.to_string()));
        })?;
        Ok(BufReader::with_capacity(BUFFER, self.watched(file)))
    }

    fn watched<R: Read>(&self, inner: R) -> Watched<R> {
        Watched { inner, reading: self.reading.clone() }
    }

    /// Returns how many bytes were read since the reading began.
    pub(super) fn bytes_read(&self) -> u64 {
        self.reading.bytes.load(Ordering::Relaxed)
    }

    /// Begins to count and to watch anew.
    pub(super) fn begin(&self) {
        self.reading.bytes.store(0, Ordering::Relaxed);
        *self.reading.broken() = None;
    }

    /// Returns whether a read failed: what comes out of the reader then is no record.
    pub(crate) fn is_broken(&self) -> bool {
        self.reading.broken().is_some()
    }

    /// Records a read failure, for readers that spool the file to temporary files.
    pub(crate) fn fail(&self, error: io::Error) {
        self.reading.broken().get_or_insert(error);
    }

    /// Returns why a read failed, if one did.
    pub(super) fn broken(&self) -> Option<io::Error> {
        self.reading.broken().take()
    }
}

/// A reader whose failures are remembered: the formats' readers tell of them as of a mistake in the file.
struct Watched<R> {
    inner: R,
    reading: Arc<Reading>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(read) => {
                self.reading.bytes.fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.reading.broken().get_or_insert(error);
                Err(told)
            }
        }
    }
}

#[cfg(test)]
impl Source {
    /// Returns a reader of this source over something else than its file.
    pub(super) fn over<R: Read>(&self, inner: R) -> impl Read + use<R> {
        self.watched(inner)
    }
}
