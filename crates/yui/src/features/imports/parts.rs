//! Several files that come in as one: their places, and their common properties.

use std::{
    collections::HashMap,
    io::{self, Read, Seek, Write},
};

use kenpo_formats::{
    archive::{self, ArchiveError, Unpacked},
    claims, signature,
};
use sha2::{Digest, Sha256};

use super::{Kind, file_type, format::Format, part::Part};

/// The largest number of files that come in as one.
pub(super) const MOST: usize = archive::MAX_ENTRIES;

/// Examines files as their bytes come, one after the other.
#[derive(Debug)]
pub(super) struct Parts {
    kind: Option<Kind>,
    in_archive: bool,
    parts: Vec<Part>,
    start: u64,
    size: u64,
    hash: Sha256,
    head: Vec<u8>,
    has_archive: bool,
}

impl Parts {
    /// Returns an examination of files of this kind; `in_archive` tells whether they stand in an archive.
    pub(super) fn new(kind: Option<Kind>, in_archive: bool) -> Self {
        Self {
            kind,
            in_archive,
            parts: Vec::new(),
            start: 0,
            size: 0,
            hash: Sha256::new(),
            head: Vec::new(),
            has_archive: false,
        }
    }

    /// Takes the next bytes of the current file. Once its first bytes show a wrong file type, returns the message for staff.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<String> {
        self.size += u64::try_from(bytes.len()).unwrap_or_default();
        self.hash.update(bytes);
        if self.head.len() == file_type::HEAD {
            return None;
        }
        self.head.extend(bytes.iter().take(file_type::HEAD - self.head.len()));
        if self.head.len() == file_type::HEAD { self.wrong_type(false) } else { None }
    }

    /// Ends the current file. If its type is wrong, returns the message for staff.
    pub(super) fn end(&mut self, name: String) -> Option<String> {
        if let Some(wrong) = (self.head.len() < file_type::HEAD).then(|| self.wrong_type(true)).flatten() {
            return Some(wrong);
        }
        self.has_archive |= signature::Signature::of(&self.head) == signature::Signature::Zip;
        let (start, size) = (self.start, std::mem::take(&mut self.size));
        self.start += size;
        let hash = self.hash.finalize_reset().into();
        let head = std::mem::take(&mut self.head);
        let format = Format::told_by(&head);
        let billed_in = (format == Format::Claims).then(|| claims::billing_month(&head)).flatten();
        self.parts.push(Part { name, format, start, size, hash, billed_in });
        None
    }

    /// Returns how many bytes came so far.
    pub(super) fn bytes(&self) -> u64 {
        self.start + self.size
    }

    /// Returns whether one of them is an archive.
    pub(super) fn has_archive(&self) -> bool {
        self.has_archive
    }

    fn wrong_type(&self, whole: bool) -> Option<String> {
        use signature::Signature::{Archive, Zip};
        let kind = self.kind?;
        match signature::Signature::of(&self.head) {
            Zip if kind.takes_several() && !self.in_archive => None,
            Zip | Archive(_) if self.in_archive => Some(
                "圧縮ファイルの中の圧縮ファイルは開きません。手元で展開し、中のファイルを選んでください。".to_owned(),
            ),
            _ => file_type::wrong_type(kind, &self.head, whole),
        }
    }

    /// Returns the files in the order in which they are read: claims that were billed last come first, so that the
    /// newest claim counts for a visit that was billed again; files of one month are in the order of their names, and
    /// all others after them.
    ///
    /// # Errors
    /// The reason why the files are not accepted together, in words.
    pub(super) fn finish(self) -> Result<Vec<Part>, String> {
        let mut parts = self.parts;
        parts.sort_by(|one, other| other.billed_in.cmp(&one.billed_in).then_with(|| one.name.cmp(&other.name)));
        let mut same = HashMap::with_capacity(parts.len());
        for part in &parts {
            if let Some(other) = same.insert(part.hash, &part.name) {
                return Err(format!("「{other}」と「{}」は、同じ内容のファイルです。", part.name));
            }
        }
        let mut last_names = HashMap::<_, usize>::new();
        parts.iter().for_each(|part| *last_names.entry(last(&part.name).to_owned()).or_default() += 1);
        if last_names.values().all(|count| *count == 1) {
            parts.iter_mut().for_each(|part| part.name = last(&part.name).to_owned());
        }
        Ok(parts)
    }
}

/// Returns a name without its folders.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// Returns the hash of these files' content: for one file, that of its bytes.
pub(super) fn content_hash(parts: &[Part]) -> [u8; 32] {
    if let [only] = parts {
        return only.hash;
    }
    let mut hash = Sha256::new_with_prefix("several files");
    let mut by_name: Vec<_> = parts.iter().collect();
    by_name.sort_by(|one, other| one.name.cmp(&other.name));
    by_name.iter().for_each(|part| hash.update(part.hash));
    hash.finalize().into()
}

/// The length of the name of several files, in characters, after which the rest is counted.
const NAME: usize = 160;

/// Returns the names of these files as one.
pub(crate) fn name(parts: &[Part]) -> String {
    let mut name = String::new();
    for (at, part) in parts.iter().enumerate() {
        let more = parts.len() - at;
        if at > 0 && name.chars().count() + part.name.chars().count() > NAME {
            return format!("{name}、ほか{more}件");
        }
        if at > 0 {
            name.push('、');
        }
        name.push_str(&part.name);
    }
    name
}

/// Unpacks an archive of files of this kind into `out`, one after the other.
///
/// # Errors
/// The refusal in words; too many bytes; a failure of the disk.
pub(super) fn unpack(
    archive: impl Read + Seek,
    kind: Kind,
    limit: u64,
    out: impl Write,
) -> Result<Vec<Part>, ArchiveError> {
    let mut unpacking = Unpacking { parts: Parts::new(Some(kind), true), wrong: None, out };
    archive::unpack(archive, limit, &mut unpacking)?;
    unpacking.out.flush().map_err(ArchiveError::Io)?;
    unpacking.parts.finish().map_err(ArchiveError::Refused)
}

/// The receiver of an archive's files.
struct Unpacking<W> {
    parts: Parts,
    wrong: Option<String>,
    out: W,
}

impl<W: Write> Unpacked for Unpacking<W> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let wrong = self.parts.take(bytes);
        self.wrong = self.wrong.take().or(wrong);
        self.out.write_all(bytes)
    }

    fn end(&mut self, name: String) -> Result<(), String> {
        match self.wrong.take().or_else(|| self.parts.end(name.clone())) {
            Some(wrong) => Err(format!("ZIPの中の「{name}」: {wrong}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::imports::kind_of;

    fn parts(files: &[(&str, &str)]) -> Result<Vec<Part>, String> {
        let mut parts = Parts::new(kind_of("expenses"), false);
        for (name, text) in files {
            assert_eq!(parts.take(text.as_bytes()), None);
            assert_eq!(parts.end((*name).to_owned()), None);
        }
        parts.finish()
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names() {
        let read = parts(&[("set/b.csv", "x,y"), ("set/a.UKE", "IR,1,13\r\n")]).unwrap();
        let told: Vec<_> = read.iter().map(|part| (part.name.as_str(), part.format, part.start, part.size)).collect();
        assert_eq!(told, [("a.UKE", Format::Claims, 3, 9), ("b.csv", Format::Csv, 0, 3)]);
        assert_eq!(name(&read), "a.UKE、b.csv");
        let sent_otherwise = parts(&[("a.UKE", "IR,1,13\r\n"), ("b.csv", "x,y")]).unwrap();
        assert_eq!(content_hash(&read), content_hash(&sent_otherwise), "whichever was sent first");
        let other = parts(&[("a.UKE", "x,y"), ("b.csv", "IR,1,13\r\n")]).unwrap();
        assert_ne!(content_hash(&read), content_hash(&other));
        let alone = parts(&[("any.csv", "x,y")]).unwrap();
        assert_eq!(content_hash(&alone), <[u8; 32]>::from(Sha256::digest("x,y")), "that of the file");
    }

    #[test]
    fn names_that_folders_tell_apart_keep_them_and_the_same_twice_is_refused() {
        let read = parts(&[("1/a.csv", "x"), ("2/a.csv", "y")]).unwrap();
        assert_eq!(name(&read), "1/a.csv、2/a.csv");
        assert!(parts(&[("a.csv", "x"), ("b.csv", "x")]).unwrap_err().contains("同じ内容"));
        let many: Vec<_> = (0..99).map(|number| (format!("{number:08}.csv"), number.to_string())).collect();
        let many: Vec<_> = many.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let name = name(&parts(&many).unwrap());
        assert!(name.ends_with("、ほか87件") && name.chars().count() < 200, "{name}");
    }
}
