//! One face in a font file, known by two of its tables: `name` (which face it is) and `cmap` (which characters it has).
//!
//! Source: OpenType 1.9.1, "Organization of an OpenType Font", tables `name` and `cmap`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ttf_parser::cmap::{Format, GlyphVariationResult};
use ttf_parser::{cmap, name, name_id};
use typst::text::{Coverage, FontFlags, FontInfo, FontStretch, FontStyle, FontVariant, FontWeight};

use super::wanted::Wanted;

/// A table longer than this is not believed.
const TABLE_LIMIT: u32 = 4 << 20;

/// A face whose file has been looked into, not loaded.
pub(super) struct Face {
    /// The file.
    pub(super) path: PathBuf,
    /// The place in a collection (`.ttc`), 0 in a file of one face.
    pub(super) index: u32,
    family: &'static str,
    weight: u16,
    /// Runs of characters, both ends included, ascending.
    runs: Vec<(u32, u32)>,
}

impl Face {
    /// Returns the wanted face in this file, if the file can be read and has it.
    pub(super) fn open(path: &Path, wanted: &Wanted) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        for (index, start) in (0..).zip(face_starts(&mut file)?) {
            let names = table(&mut file, start, b"name")?;
            let family = family_name(&names)?;
            if wanted.families.contains(&family.as_str()) {
                let runs = runs(&table(&mut file, start, b"cmap")?)?;
                return Some(Self { path: path.to_owned(), index, family: wanted.family, weight: wanted.weight, runs });
            }
        }
        None
    }

    /// Returns whether the face has a glyph for the character.
    pub(super) fn has(&self, c: char) -> bool {
        let c = u32::from(c);
        let after = self.runs.partition_point(|&(first, _)| first <= c);
        after.checked_sub(1).and_then(|at| self.runs.get(at)).is_some_and(|&(_, last)| c <= last)
    }

    /// Returns whether the face has the form of `base` that the variation selector asks for.
    ///
    /// Rare, so the table is read from the file each time; a file that has gone says no.
    pub(super) fn has_variant(&self, base: char, selector: char) -> bool {
        let look = || {
            let mut file = File::open(&self.path).ok()?;
            let start = *face_starts(&mut file)?.get(usize::try_from(self.index).ok()?)?;
            let bytes = table(&mut file, start, b"cmap")?;
            cmap::Table::parse(&bytes)?.subtables.into_iter().find_map(|part| match part.format {
                Format::UnicodeVariationSequences(forms) => forms.glyph_index(base.into(), selector.into()),
                _ => None,
            })
        };
        matches!(look(), Some(GlyphVariationResult::Found(_) | GlyphVariationResult::UseDefault))
    }

    /// Returns the data about the face that the typesetter needs before it is loaded.
    pub(super) fn info(&self) -> FontInfo {
        let codepoints = self.runs.iter().flat_map(|&(first, last)| first..=last).collect();
        FontInfo {
            family: self.family.to_owned(),
            variant: FontVariant::new(FontStyle::Normal, FontWeight::from_number(self.weight), FontStretch::default()),
            flags: FontFlags::empty(),
            axes: Vec::new(),
            coverage: Coverage::from_vec(codepoints),
        }
    }
}

/// Returns where the table directory of each face in the file begins.
fn face_starts(file: &mut File) -> Option<Vec<u64>> {
    let head = read_at(file, 0, 12)?;
    if head.get(..4)? != b"ttcf" {
        return Some(vec![0]);
    }
    let count = u32_at(&head, 8)?.min(64);
    let offsets = read_at(file, 12, count * 4)?;
    (0..count as usize).map(|i| u32_at(&offsets, i * 4).map(u64::from)).collect()
}

/// Returns the bytes of one table of the face whose directory begins at `start`.
fn table(file: &mut File, start: u64, tag: &[u8; 4]) -> Option<Vec<u8>> {
    let head = read_at(file, start, 12)?;
    let count = u32::from(u16::from_be_bytes([*head.get(4)?, *head.get(5)?]));
    let records = read_at(file, start + 12, count * 16)?;
    let record = records.chunks_exact(16).find(|record| record.starts_with(tag))?;
    read_at(file, u32_at(record, 8)?.into(), u32_at(record, 12)?)
}

fn read_at(file: &mut File, offset: u64, length: u32) -> Option<Vec<u8>> {
    if length > TABLE_LIMIT {
        return None;
    }
    let mut bytes = vec![0; length as usize];
    file.seek(SeekFrom::Start(offset)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn family_name(bytes: &[u8]) -> Option<String> {
    let names = name::Table::parse(bytes)?.names;
    names.into_iter().filter(|name| name.name_id == name_id::FAMILY).find_map(|name| name.to_string())
}

/// Returns the characters of the fullest Unicode subtable, as runs.
fn runs(bytes: &[u8]) -> Option<Vec<(u32, u32)>> {
    let subtables = cmap::Table::parse(bytes)?.subtables;
    let has_all = |part: &cmap::Subtable<'_>| matches!(part.format, Format::SegmentedCoverage(_));
    let unicode = || subtables.into_iter().filter(cmap::Subtable::is_unicode);
    let fullest = unicode()
        .find(has_all)
        .or_else(|| unicode().find(|part| matches!(part.format, Format::SegmentMappingToDeltaValues(_))))?;
    let mut runs: Vec<(u32, u32)> = Vec::new();
    fullest.codepoints(|c| match runs.last_mut() {
        Some((_, last)) if *last + 1 == c => *last = c,
        _ => runs.push((c, c)),
    });
    runs.sort_unstable();
    runs.shrink_to_fit();
    Some(runs)
}
