//! ZIP archives with files that belong together, as payers receive them.
//!
//! An archive is unpacked entry by entry, in its own order, and nothing is ever written under the name of an entry.
//! Folders and additions of operating systems (`__MACOSX/`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) are passed over.
//! Encrypted entries, links, methods other than deflate, names that leave the archive, and more than the limits allow
//! are refused. The limits count the unpacked bytes, not the sizes that the archive states.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use encoding_rs::SHIFT_JIS;
use thiserror::Error;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::fault::quote;

/// The most entries of an archive, folders counted.
pub const MAX_ENTRIES: usize = 300;
/// The most bytes of an archive that are read before its first entry: its directory.
const MAX_DIRECTORY: u64 = 4 << 20;
/// The largest ratio of the content's length to the archive's, above [`FREE`].
const MAX_RATIO: u64 = 200;
/// The number of bytes that any archive may unpack to.
const FREE: u64 = 16 << 20;
/// The most characters of a name.
const MAX_NAME: usize = 200;

/// Receives the content of an archive.
pub trait Unpacked {
    /// Takes the next bytes of the present entry.
    ///
    /// # Errors
    ///
    /// The error of the writer that stores them.
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Takes note of the end of the present entry, which has this name.
    ///
    /// # Errors
    ///
    /// The reason why the archive is refused because of this entry, in words for staff.
    fn end(&mut self, name: String) -> Result<(), String>;
}

/// The reason why an archive is not unpacked.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The mistake in it: Japanese sentences for staff.
    #[error("{0}")]
    Refused(String),
    /// It unpacks to more bytes than allowed.
    #[error("展開すると大きすぎます。")]
    TooLarge,
    /// Reading the archive or keeping its content failed.
    #[error(transparent)]
    Io(io::Error),
}

fn refused(words: impl Into<String>) -> ArchiveError {
    ArchiveError::Refused(words.into())
}

const BROKEN: &str =
    "ZIPの圧縮ファイルを読み取れません。途中で切れているか、壊れています。もう一度作り直してください。";

/// Unpacks an archive to at most this many bytes.
///
/// # Errors
///
/// A refusal in words; more bytes than the limit; a failure of the reader or of `into`.
pub fn unpack(mut archive: impl Read + Seek, limit: u64, into: &mut impl Unpacked) -> Result<(), ArchiveError> {
    let length = archive.seek(SeekFrom::End(0)).map_err(ArchiveError::Io)?;
    let left = Rc::new(Cell::new(MAX_DIRECTORY));
    let reader = Rationed { inner: archive, left: Rc::clone(&left) };
    let mut archive = ZipArchive::new(reader).map_err(|error| read_error(error, BROKEN))?;
    left.set(u64::MAX);
    if archive.has_duplicate_names() {
        return Err(refused("ZIPの中に、同じ名前のファイルが2つ以上あります。"));
    }
    if archive.len() > MAX_ENTRIES {
        return Err(refused(format!("ZIPの中のファイルが多すぎます。{MAX_ENTRIES}個までです。")));
    }
    let most = limit.min(length.saturating_mul(MAX_RATIO).saturating_add(FREE));
    let (mut out, mut files, mut buffer) = (0_u64, 0, vec![0; 1 << 16]);
    for index in 0..archive.len() {
        let Some(name) = wanted(&archive, index)? else { continue };
        let broken = format!("{}を展開できません。ZIPの圧縮ファイルが壊れています。", quote(&name));
        let mut entry = archive.by_index(index).map_err(|error| read_error(error, &broken))?;
        loop {
            let read = match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(read_error(ZipError::Io(error), &broken)),
            };
            out = out.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            if out > limit {
                return Err(ArchiveError::TooLarge);
            }
            if out > most {
                let reason = "ZIPの圧縮率が高すぎます。手元で展開し、中のファイルを選んでください。";
                return Err(refused(reason));
            }
            into.bytes(buffer.get(..read).unwrap_or_default()).map_err(ArchiveError::Io)?;
        }
        into.end(name).map_err(ArchiveError::Refused)?;
        files += 1;
    }
    if files == 0 {
        return Err(refused("ZIPの中にファイルがありません。"));
    }
    Ok(())
}

/// Returns the name of an entry that is to be unpacked; none for one that is passed over.
fn wanted<R: Read + Seek>(archive: &ZipArchive<R>, index: usize) -> Result<Option<String>, ArchiveError> {
    let entry = archive.by_index_data(index).map_err(|error| read_error(error, BROKEN))?;
    let name = name_of(entry.name_raw())?;
    let last = name.rsplit('/').next().unwrap_or_default();
    let added = name.starts_with("__MACOSX/") || matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini");
    if entry.is_dir() || last.is_empty() || added {
        return Ok(None);
    }
    if entry.encrypted() {
        return Err(refused(format!(
            "{}にパスワードがかかっています。手元で展開し、中のファイルを選んでください。",
            quote(&name)
        )));
    }
    if entry.is_symlink() {
        return Err(refused(format!("{}はファイルではなく、リンクです。", quote(&name))));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(refused(format!(
            "{}の圧縮方式には対応していません。手元で展開し、中のファイルを選んでください。",
            quote(&name)
        )));
    }
    Ok(Some(name))
}

/// Returns the name of an entry with `/` between folders: UTF-8, or Shift_JIS as older programs write it.
fn name_of(raw: &[u8]) -> Result<String, ArchiveError> {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => {
            let (name, wrong) = SHIFT_JIS.decode_without_bom_handling(raw);
            if wrong {
                return Err(refused("ZIPの中に、名前を読み取れないファイルがあります。"));
            }
            name.into_owned()
        }
    };
    let name = name.replace('\\', "/");
    let is_odd = name.starts_with('/')
        || name.split('/').any(|folder| folder == ".." || folder.ends_with(':'))
        || name.chars().any(char::is_control)
        || name.chars().count() > MAX_NAME;
    if is_odd {
        return Err(refused(format!("ZIPの中に、使えない名前のファイルがあります: {}。", quote(&name))));
    }
    Ok(name)
}

/// Returns our error for one of the reader: a failure of the disk is no fault of the archive.
fn read_error(error: ZipError, broken: &str) -> ArchiveError {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => ArchiveError::Io(error),
        _ => refused(broken),
    }
}

/// A reader that fails after so many bytes.
struct Rationed<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.get().checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other("the directory of the archive is too long")),
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Rationed<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Kept {
        files: Vec<(String, Vec<u8>)>,
        present: Vec<u8>,
    }

    impl Unpacked for Kept {
        fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.present.extend(bytes);
            Ok(())
        }

        fn end(&mut self, name: String) -> Result<(), String> {
            if name.ends_with(".pdf") {
                return Err(format!("{name}: PDF"));
            }
            self.files.push((name, std::mem::take(&mut self.present)));
            Ok(())
        }
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))
                .unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn unpacked(bytes: &[u8], limit: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut kept = Kept::default();
        unpack(Cursor::new(bytes), limit, &mut kept).map(|()| kept.files).map_err(|error| error.to_string())
    }

    const LIMIT: u64 = 64 << 20;

    #[test]
    fn files_come_out_and_what_systems_add_does_not() {
        let files = archive(&[
            ("0_COMMON001/11_RECODEINFO_MED.CSV", b"1,1,0,MN\r\n"),
            ("__MACOSX/0_COMMON001/._11", b"x"),
            ("0_COMMON001/.DS_Store", b"x"),
            ("医療費.csv", b"a,b\r\n"),
        ]);
        let names: Vec<_> = unpacked(&files, LIMIT).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["0_COMMON001/11_RECODEINFO_MED.CSV", "医療費.csv"]);
    }

    #[test]
    fn a_name_in_shift_jis_is_read() {
        // The writer takes no such name: it is put into the place of another one of its length.
        let name = SHIFT_JIS.encode("表.csv").0.into_owned();
        let files = archive(&[("xy.csv", b"a")]);
        let at: Vec<_> = files.windows(6).enumerate().filter(|(_, part)| part == b"xy.csv").map(|(at, _)| at).collect();
        let mut files = files;
        at.iter().for_each(|at| files[*at..*at + 6].copy_from_slice(&name));
        assert_eq!(unpacked(&files, LIMIT).unwrap()[0].0, "表.csv");
    }

    #[test]
    fn what_is_not_taken_is_said() {
        let told = |bytes: &[u8]| unpacked(bytes, LIMIT).unwrap_err();
        assert!(told(b"").contains("読み取れません"));
        assert!(told(b"PK\x03\x04 and nothing else").contains("読み取れません"));
        assert!(told(&archive(&[])).contains("ファイルがありません"));
        assert!(told(&archive(&[("../etc/passwd", b"x")])).contains("使えない名前"));
        assert!(told(&archive(&[("C:/a.csv", b"x")])).contains("使えない名前"));
        assert_eq!(told(&archive(&[("a.pdf", b"x")])), "a.pdf: PDF");
        let many: Vec<_> = (0..=MAX_ENTRIES).map(|number| format!("{number}.csv")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        assert!(told(&archive(&many)).contains("多すぎます"));
        let mut encrypted = archive(&[("a.csv", b"x")]);
        // The flag of an encrypted entry, in its local header and in the directory.
        encrypted[6] |= 1;
        let directory = encrypted.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
        encrypted[directory + 8] |= 1;
        assert!(told(&encrypted).contains("パスワード"));
        let mut broken = archive(&[("a.csv", &[7; 5_000])]);
        let at = broken.windows(5).position(|part| part == b"a.csv").unwrap() + 6;
        broken[at] ^= 0xFF;
        assert!(told(&broken).contains("展開できません"), "{}", told(&broken));
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let zeros = vec![0; 40 << 20];
        let bomb = archive(&[("a.csv", &zeros)]);
        assert!(unpacked(&bomb, LIMIT).unwrap_err().contains("圧縮率が高すぎます"));
        let large = archive(&[("a.csv", &zeros[..2 << 20])]);
        assert!(unpacked(&large, 1 << 20).unwrap_err().contains("大きすぎます"));
        assert!(unpacked(&large, LIMIT).is_ok());
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3_000), 1..6)) {
            let names: Vec<_> = (0..files.len()).map(|number| format!("folder/{number}.csv")).collect();
            let packed: Vec<_> = names.iter().map(String::as_str).zip(files.iter().map(Vec::as_slice)).collect();
            let out = unpacked(&archive(&packed), LIMIT).unwrap();
            prop_assert_eq!(out, names.into_iter().zip(files).collect::<Vec<_>>());
        }

        #[test]
        fn bytes_that_were_changed_never_panic(at in any::<prop::sample::Index>(), new in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = archive(&[("a.csv", b"a,b\r\n1,2\r\n"), ("b.csv", &[b'x'; 500])]);
            let at = at.index(bytes.len());
            let end = (at + new.len()).min(bytes.len());
            bytes.splice(at..end, new);
            let _ = unpacked(&bytes, LIMIT);
        }
    }
}
