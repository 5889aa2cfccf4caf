//! Files that staff upload and that the portal writes for them: a folder for each society, under names that say nothing.
//! A file is there whole or not at all.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Bytes;
use futures::stream::{Stream, StreamExt, try_unfold};
use jiff::{SignedDuration, Timestamp};
use rustix::fs::Access;
use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{app::App, config::FilesConfig, society::InSociety};

/// The number of bytes that are sent at once.
const PIECE: usize = 1 << 16;

/// Returns a file's content from where it stands, in pieces that are read off the runtime's threads. A stream that an
/// error cuts short does not look complete. After its end it may be asked once more, as the compression layer does.
pub(crate) fn pieces(file: File) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let read = try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece)?;
            piece.truncate(read);
            io::Result::Ok((piece, file))
        });
        let (piece, file) = read.await.map_err(io::Error::other)??;
        Ok((!piece.is_empty()).then(|| (piece.into(), file)))
    });
    read.fuse()
}

/// The prefix of the names of unfinished files.
const UNFINISHED: &str = ".unfinished-";

/// The age at which a file that is unfinished, or that nothing names, is deleted: its process was killed.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// The folder of all files.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
    room: Room,
    /// The number of files that are coming in, by society.
    coming: Arc<Mutex<HashMap<i64, usize>>>,
}

/// The largest number of files of one society that may come in at once in one process.
const AT_ONCE: usize = 4;

/// The number of bytes written between two checks for free space.
const LOOK_EVERY: u64 = 8 << 20;

/// The limits of the space for uploads, in bytes.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// The free space that stays on the disk.
    reserve: u64,
    /// The space for all files of one society together.
    of_society: u64,
}

impl Room {
    /// Returns nothing if `more` bytes may be written into the society's folder, which has `used` already.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`], [`io::ErrorKind::QuotaExceeded`], or the error of asking the system.
    fn has(self, folder: &Path, used: u64, more: u64) -> io::Result<()> {
        let disk = rustix::fs::statvfs(folder)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.reserve.saturating_add(LOOK_EVERY) {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "what is left of the disk is kept free (YUI_DISK_RESERVE)",
            ));
        }
        if used.saturating_add(more) > self.of_society {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "the society's files are too many (YUI_UPLOAD_QUOTA)",
            ));
        }
        Ok(())
    }
}

/// A file that comes in counts as long as this lives.
#[derive(Debug)]
struct UploadSlot {
    all: Arc<Mutex<HashMap<i64, usize>>>,
    society_id: i64,
}

impl Drop for UploadSlot {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.society_id) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.society_id);
            }
        }
    }
}

/// Returns how many bytes the files of a folder have.
fn used(folder: &Path) -> io::Result<u64> {
    let mut used = 0;
    for file in there(fs::read_dir(folder))?.into_iter().flatten() {
        used += there(file?.metadata())?.map_or(0, |metadata| metadata.len());
    }
    Ok(used)
}

impl Files {
    /// Returns the files in the folder that the configuration names, which is created with the first file.
    pub fn new(config: &FilesConfig) -> Self {
        let room = Room { reserve: config.reserve, of_society: config.of_society };
        Self { folder: config.folder.clone(), room, coming: Arc::default() }
    }

    fn folder_of(&self, scope: &impl InSociety) -> PathBuf {
        self.folder.join(scope.society_id().to_string())
    }

    /// Returns where the file of this name is.
    pub fn path(&self, scope: &impl InSociety, name: &str) -> PathBuf {
        self.folder_of(scope).join(name)
    }

    /// Begins a file, readable by this user alone; dropped without [`NewFile::keep`], it leaves nothing. Blocks.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn begin(&self, scope: &impl InSociety, name: &str) -> io::Result<NewFile> {
        begin(self.folder_of(scope), name)
    }

    /// Removes a file; a file that is gone already is no error. Blocks.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(&self, scope: &impl InSociety, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(scope, name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Removes all files of a society. Blocks.
    ///
    /// # Errors
    /// Where they cannot be removed.
    pub fn remove_all(&self, scope: &impl InSociety) -> io::Result<()> {
        match fs::remove_dir_all(self.folder_of(scope)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Creates the folder if there is none, and makes sure that it can be written to. Blocks.
    ///
    /// # Errors
    /// Where it cannot be.
    pub fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        Ok(rustix::fs::access(&self.folder, Access::WRITE_OK | Access::EXEC_OK)?)
    }

    /// Returns the names of the society's whole files, in order. Blocks.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn names(&self, scope: &impl InSociety) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for file in there(fs::read_dir(self.folder_of(scope)))?.into_iter().flatten() {
            names.extend(file?.file_name().into_string().ok().filter(|name| !name.starts_with(UNFINISHED)));
        }
        names.sort();
        Ok(names)
    }

    /// Opens the file of this name; returns nothing if it is gone. Blocks.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(&self, scope: &impl InSociety, name: &str) -> io::Result<Option<fs::File>> {
        there(fs::File::open(self.path(scope, name)))
    }

    /// Removes the files that killed processes left: unfinished files, and whole ones that are not among `named`, which
    /// are the names that the database has, by society. Files younger than two days stay, as another process may be
    /// about to name them. Returns how many files. Blocks.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn tidy(&self, now: Timestamp, named: &HashMap<i64, HashSet<String>>) -> io::Result<usize> {
        let mut removed = 0;
        for society in there(fs::read_dir(&self.folder))?.into_iter().flatten() {
            let society = society?;
            // A folder with another name is none of these, as a file system's own.
            let Some(id) = society.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            for file in there(fs::read_dir(society.path()))?.into_iter().flatten() {
                let file = file?;
                let name = file.file_name();
                let is_named = name.to_str().is_none_or(|name| named.get(&id).is_some_and(|all| all.contains(name)));
                if is_named {
                    continue;
                }
                let Some(about) = there(file.metadata())? else { continue };
                let written = Timestamp::try_from(about.modified()?).unwrap_or(now);
                if about.is_file() && now.duration_since(written) > FORGOTTEN_AFTER {
                    removed += usize::from(there(fs::remove_file(file.path()))?.is_some());
                }
            }
        }
        Ok(removed)
    }
}

/// Returns nothing if the file is gone, as other processes remove files, too.
fn there<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

fn begin(folder: PathBuf, name: &str) -> io::Result<NewFile> {
    fs::create_dir_all(&folder)?;
    let unfinished = Builder::new().prefix(UNFINISHED).tempfile_in(&folder)?;
    Ok(NewFile { unfinished, place: folder.join(name), folder })
}

/// Returns a fresh name.
pub(crate) fn name(app: &App) -> anyhow::Result<String> {
    let bytes: [u8; 16] = app.random.bytes()?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A file being written.
#[derive(Debug)]
pub struct NewFile {
    unfinished: NamedTempFile,
    place: PathBuf,
    folder: PathBuf,
}

impl NewFile {
    /// Makes the file durable, under its name.
    ///
    /// # Errors
    /// Where the disk is full or fails; nothing is left then.
    pub fn keep(self) -> io::Result<()> {
        self.unfinished.as_file().sync_all()?;
        self.unfinished.persist(&self.place).map_err(|error| error.error)?;
        fs::File::open(&self.folder)?.sync_all()
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unfinished.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unfinished.flush()
    }
}

/// A file that came in whole.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its name in the folder of files.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of them.
    pub content_hash: [u8; 32],
    /// Its first bytes.
    pub head: Vec<u8>,
}

/// The number of bytes of a file's beginning that are remembered.
const HEAD: usize = 4096;

/// The number of bytes that are gathered before they are written.
const BUFFER: usize = 1 << 20;

/// The largest number of pieces that wait for the disk.
const WAITING: usize = 16;

/// A file that is coming in, written on a thread of its own; dropped before [`IncomingFile::finish`], it leaves nothing.
#[derive(Debug)]
pub struct IncomingFile {
    pieces: mpsc::Sender<Option<Bytes>>,
    writer: JoinHandle<io::Result<Option<Stored>>>,
    coming: UploadSlot,
}

impl Files {
    /// Begins to receive a file under this name; returns nothing if the society's limit of incoming files is reached.
    pub fn receive(&self, scope: &impl InSociety, name: String) -> Option<IncomingFile> {
        let coming = self.coming(scope.society_id())?;
        let (pieces, mut arriving) = mpsc::channel::<Option<Bytes>>(WAITING);
        let (folder, room) = (self.folder_of(scope), self.room);
        let writer = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&folder)?;
            let used = used(&folder)?;
            let mut file = io::BufWriter::with_capacity(BUFFER, begin(folder.clone(), &name)?);
            let (mut size, mut looked_at, mut hash, mut head) = (0, 0, Sha256::new(), Vec::new());
            room.has(&folder, used, 1)?;
            while let Some(piece) = arriving.blocking_recv() {
                let Some(piece) = piece else {
                    room.has(&folder, used, size)?;
                    file.into_inner().map_err(io::IntoInnerError::into_error)?.keep()?;
                    return Ok(Some(Stored { name, size, content_hash: hash.finalize().into(), head }));
                };
                file.write_all(&piece)?;
                hash.update(&piece);
                size += u64::try_from(piece.len()).unwrap_or_default();
                head.extend(piece.iter().take(HEAD - head.len()));
                if size >= looked_at + LOOK_EVERY {
                    room.has(&folder, used, size)?;
                    looked_at = size;
                }
            }
            Ok(None)
        });
        Some(IncomingFile { pieces, writer, coming })
    }

    fn coming(&self, society_id: i64) -> Option<UploadSlot> {
        let mut all = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(society_id).or_default();
        if *count >= AT_ONCE {
            return None;
        }
        *count += 1;
        drop(all);
        Some(UploadSlot { all: self.coming.clone(), society_id })
    }
}

/// Writes into a file that is coming in. Blocks.
#[derive(Debug)]
pub struct IncomingWriter(mpsc::Sender<Option<Bytes>>);

impl Write for IncomingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the file cannot be written any more");
        self.0.blocking_send(Some(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl IncomingFile {
    /// Returns a writer into the file, for a thread that may block; [`IncomingFile::finish`] comes after its last write.
    pub fn writer(&self) -> IncomingWriter {
        IncomingWriter(self.pieces.clone())
    }

    /// Takes the next piece; if the disk fails, [`IncomingFile::finish`] says why.
    pub async fn push(&self, piece: Bytes) {
        drop(self.pieces.send(Some(piece)).await);
    }

    /// Gives the file up; nothing of it is left.
    pub async fn give_up(self) {
        let Self { pieces, writer, coming } = self;
        drop(pieces);
        drop(writer.await);
        drop(coming);
    }

    /// Makes the file durable.
    ///
    /// # Errors
    /// Where the disk is full or fails; nothing is left then.
    pub async fn finish(self) -> io::Result<Stored> {
        drop(self.pieces.send(None).await);
        let stored = self.writer.await.map_err(io::Error::other)??;
        stored.ok_or_else(|| io::Error::other("the file did not come to its end"))
    }
}
