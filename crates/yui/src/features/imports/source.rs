//! The file itself.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
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
}

/// How much of a file is read at once.
const BUFFER: usize = 1 << 18;

impl Source {
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
        let told =
            if matches!(head.as_slice(), b"IR," | b"YK," | b"MN," | b"UK,") { Format::Claims } else { Format::Csv };
        let content_hash = hash.finalize().into();
        Ok(Self { path: path.to_owned(), name, format: format.unwrap_or(told), content_hash })
    }

    /// Opens the file for reading from its beginning.
    ///
    /// # Errors
    /// Where the file can not be read.
    pub fn open(&self) -> io::Result<BufReader<File>> {
        Ok(BufReader::with_capacity(BUFFER, File::open(&self.path)?))
    }
}
