//! Files as they were chosen, made one [`Source`].

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use kenpo_formats::signature;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{
    file_type,
    format::Format,
    kind::Kind,
    part::Part,
    parts::{self, Parts},
    source::{BUFFER, Source},
};

impl Source {
    /// Returns these files as one source: one file as [`Source::examine`] does, a ZIP as what is in it, several as if they were one.
    ///
    /// # Errors
    /// Where they cannot be read or are not taken together.
    pub fn of_files(paths: &[PathBuf], format: Option<Format>, kind: Kind, limit: u64) -> anyhow::Result<Self> {
        let cannot = |path: &Path| format!("cannot read {}", path.display());
        if let [path] = paths {
            let is_archive = kind.takes_several() && is_archive(path).with_context(|| cannot(path))?;
            return if is_archive {
                Self::of_archive(path, format, kind, limit)
            } else {
                if format.is_none()
                    && let Some(wrong) = wrong_type_of(path, kind).with_context(|| cannot(path))?
                {
                    bail!("{}: {wrong}", path.display());
                }
                Self::examine(path, format).with_context(|| cannot(path))
            };
        }
        if !kind.takes_several() {
            bail!("{} is read one file at a time", kind.command());
        }
        if paths.len() > parts::MOST {
            bail!("at most {} files are taken together", parts::MOST);
        }
        let (mut parts, mut places) = (Parts::new(Some(kind), false), HashMap::new());
        for path in paths {
            places.insert(parts.bytes(), path);
            let wrong = read_through(path, &mut parts).with_context(|| cannot(path))?;
            if let Some(wrong) = wrong.or_else(|| parts.end(path.to_string_lossy().into_owned())) {
                bail!("{}: {wrong}", path.display());
            }
        }
        if parts.has_archive() {
            bail!("an archive is read alone, not together with other files");
        }
        let parts = parts.finish().map_err(anyhow::Error::msg)?;
        // Each lies in a file of its own.
        let file = |part: &Part| Some(((*places.get(&part.start)?).clone(), Part { start: 0, ..part.clone() }));
        let files = parts.iter().filter_map(file).collect();
        Ok(Self::joined(files, &parts, format))
    }

    fn of_archive(path: &Path, format: Option<Format>, kind: Kind, limit: u64) -> anyhow::Result<Self> {
        let mut unpacked = NamedTempFile::new()?;
        let archive = File::open(path)?;
        let parts = parts::unpack(archive, kind, limit, io::BufWriter::new(unpacked.as_file_mut()))
            .with_context(|| format!("cannot unpack {}", path.display()))?;
        let unpacked = unpacked.into_temp_path();
        let files: Vec<_> = parts.iter().map(|part| (unpacked.to_path_buf(), part.clone())).collect();
        let source = Self::joined(files, &parts, format);
        Ok(Self { _unpacked: Some(Arc::new(unpacked)), ..source })
    }

    fn joined(mut files: Vec<(PathBuf, Part)>, parts: &[Part], format: Option<Format>) -> Self {
        if let Some(format) = format {
            files.iter_mut().for_each(|(_, part)| part.format = format);
        }
        let (path, format) = files.first().map(|(path, part)| (path.clone(), part.format)).unzip();
        let format = format.unwrap_or(Format::Csv);
        let source = Self::known(path.unwrap_or_default(), parts::name(parts), format, parts::content_hash(parts));
        Self { files: files.into(), ..source }
    }

    /// Reads the file once through for its hash, and tells its form by its first record unless that is given.
    ///
    /// # Errors
    /// Where the file cannot be read.
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
            head.extend(part.iter().take(file_type::HEAD - head.len()));
            hash.update(part);
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let format = format.unwrap_or_else(|| Format::told_by(&head));
        Ok(Self::known(path.to_owned(), name, format, hash.finalize().into()))
    }
}

fn is_archive(path: &Path) -> io::Result<bool> {
    Ok(signature::Signature::of(&head_of(path)?) == signature::Signature::Zip)
}

/// Returns why the file cannot be one of this kind, in words.
fn wrong_type_of(path: &Path, kind: Kind) -> io::Result<Option<String>> {
    let head = head_of(path)?;
    Ok(file_type::wrong_type(kind, &head, head.len() < file_type::HEAD))
}

fn head_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = vec![0; file_type::HEAD];
    let mut file = File::open(path)?;
    let mut length = 0;
    while let Some(rest) = head.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    head.truncate(length);
    Ok(head)
}

/// Shows a file to what looks at it; returns why it is not taken, in words.
fn read_through(path: &Path, parts: &mut Parts) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(None);
        }
        if let Some(wrong) = parts.take(buffer.get(..read).unwrap_or_default()) {
            return Ok(Some(wrong));
        }
    }
}
