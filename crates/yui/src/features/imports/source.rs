//! The source of an import: a file.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use kenpo_formats::{Fault, csv_table::Layout};
use tempfile::TempPath;

use super::{format::Format, part::Part, used_profile::UsedProfile};

/// A file to import.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path.
    pub path: PathBuf,
    /// Its name, for the record.
    pub name: String,
    /// Its form.
    pub format: Format,
    /// SHA-256 of its bytes: the same content is the same import.
    pub content_hash: [u8; 32],
    /// The parts that came as this file, each with its place; none if it is one file.
    pub(super) files: Arc<[(PathBuf, Part)]>,
    /// Its beginning and length in the file that contains it, if it is one of several.
    pub(super) within: Option<(u64, u64)>,
    /// The number of its first line but one, among the lines of all files.
    pub(super) lines_from: u64,
    /// The profile for reading a file without our own header.
    pub(super) profile: Option<Arc<UsedProfile>>,
    /// The file that an archive was unpacked to, removed with the last source.
    pub(super) _unpacked: Option<Arc<TempPath>>,
    /// The progress of its reading.
    pub(super) reading: Arc<Reading>,
}

/// The progress of the reading of a file.
#[derive(Debug, Default)]
pub(super) struct Reading {
    bytes: AtomicU64,
    broken: Mutex<Option<io::Error>>,
}

impl Reading {
    fn broken(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of bytes that are read at once.
pub(super) const BUFFER: usize = 1 << 18;

/// The number of bits of a line number; above them stands the number of the file, if several came as one.
const LINE_BITS: u32 = 40;

impl Source {
    /// Returns a file whose properties are all known.
    pub fn known(path: PathBuf, name: String, format: Format, content_hash: [u8; 32]) -> Self {
        Self {
            path,
            name,
            format,
            content_hash,
            files: Arc::default(),
            within: None,
            lines_from: 0,
            profile: None,
            _unpacked: None,
            reading: Arc::default(),
        }
    }

    /// Returns the source as several files inside it.
    pub(super) fn with_parts(mut self, parts: &[Part]) -> Self {
        self.files = parts.iter().map(|part| (self.path.clone(), part.clone())).collect();
        self
    }

    /// Returns the source with this profile for reading it if it has no header of ours.
    #[must_use]
    pub fn with_profile(mut self, profile: Option<UsedProfile>) -> Self {
        self.profile = profile.map(Arc::new);
        self
    }

    /// Returns the layout of a file without our own header.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        self.profile.as_deref().map(|profile| &profile.layout)
    }

    /// Returns whether several files came as this one.
    pub fn is_several(&self) -> bool {
        !self.files.is_empty()
    }

    /// Returns each file of it as a source of its own; they share the progress of reading.
    pub(crate) fn files(&self) -> Vec<Self> {
        if self.files.is_empty() {
            return vec![self.clone()];
        }
        let file = |((path, part), number): (&(PathBuf, Part), u64)| Self {
            path: path.clone(),
            name: part.name.clone(),
            format: part.format,
            files: Arc::default(),
            within: Some((part.start, part.size)),
            lines_from: number << LINE_BITS,
            ..self.clone()
        };
        self.files.iter().zip(1..).map(file).collect()
    }

    /// Returns the number of a line of this file, numbered through all parts.
    pub(crate) fn line_among_all(&self, line: u64) -> u64 {
        self.lines_from + line
    }

    /// Returns the number of the file that contains this line; 0 if only one file came.
    pub(crate) fn file_of_line(line: u64) -> u64 {
        line >> LINE_BITS
    }

    /// Returns the place of a line that is numbered through all parts: `12行目`, `2つ目のファイルの12行目`.
    pub(crate) fn line_in_words(line: u64) -> String {
        let of_file = line & ((1 << LINE_BITS) - 1);
        match Self::file_of_line(line) {
            0 => format!("{of_file}行目"),
            file => format!("{file}つ目のファイルの{of_file}行目"),
        }
    }

    /// Returns the fault with the line of its file, and the file's name if several came as one.
    pub(super) fn located(&self, mut fault: Fault) -> Fault {
        let number = usize::try_from(Self::file_of_line(fault.line)).unwrap_or_default();
        if let Some((_, part)) = number.checked_sub(1).and_then(|at| self.files.get(at)) {
            fault.file.clone_from(&part.name);
            fault.line &= (1 << LINE_BITS) - 1;
        }
        fault
    }

    /// Opens the file for reading from its beginning. Its bytes count in [`Source::bytes_read`].
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn open(&self) -> io::Result<BufReader<impl Read + use<>>> {
        let file = self.opened().inspect_err(|error| {
            self.reading.broken().get_or_insert(io::Error::new(error.kind(), error.to_string()));
        })?;
        Ok(BufReader::with_capacity(BUFFER, self.watched(file)))
    }

    fn opened(&self) -> io::Result<io::Take<File>> {
        let mut file = File::open(&self.path)?;
        let (start, size) = self.within.unwrap_or((0, u64::MAX));
        if start > 0 {
            file.seek(SeekFrom::Start(start))?;
        }
        Ok(file.take(size))
    }

    fn watched<R: Read>(&self, inner: R) -> WatchedReader<R> {
        WatchedReader { inner, reading: self.reading.clone() }
    }

    /// Returns how many bytes were read since the reading began.
    pub(super) fn bytes_read(&self) -> u64 {
        self.reading.bytes.load(Ordering::Relaxed)
    }

    /// Resets the progress and the recorded failure.
    pub(super) fn begin(&self) {
        self.reading.bytes.store(0, Ordering::Relaxed);
        *self.reading.broken() = None;
    }

    /// Returns whether a read failed: the reader's items are no records then.
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

/// A reader whose failures are remembered: the formats' readers report them as mistakes in the file.
struct WatchedReader<R> {
    inner: R,
    reading: Arc<Reading>,
}

impl<R: Read> Read for WatchedReader<R> {
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
    /// Returns a watched reader of this source over another reader.
    pub(super) fn over<R: Read>(&self, inner: R) -> impl Read + use<R> {
        self.watched(inner)
    }
}
