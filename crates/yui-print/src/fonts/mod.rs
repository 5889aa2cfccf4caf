//! The four faces that documents are set in: found at start, read when first drawn with.

mod face;
mod search;
mod wanted;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use face::Face;
use wanted::WANTED;

/// The folders searched, with all that lies below them, when the configuration names none.
pub const DEFAULT_FONT_DIRS: &[&str] = &["/usr/share/fonts", "/usr/local/share/fonts"];

/// The reason why a font cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// No file with this face lies in the folders searched.
    #[error(
        "the font {face} was not found in {}: install the Debian package {package}, or name the folder it lies in with \
         YUI_FONTS",
        folders(searched)
    )]
    Missing {
        /// The family and weight, e.g. `BIZ UDPGothic Bold`.
        face: String,
        /// The Debian package that brings it.
        package: &'static str,
        /// The folders that were searched.
        searched: Vec<PathBuf>,
    },
    /// The file was there at start, and cannot be read or understood now.
    #[error("the font file {} cannot be used: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

fn folders(dirs: &[PathBuf]) -> String {
    let names: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    names.join(", ")
}

/// The fonts of all documents: BIZ UDPGothic, BIZ UDGothic for figures, and Noto Sans JP for the characters they lack (𠮷),
/// each regular and bold.
///
/// Found, it holds some 200 kB: which characters each face has. The files (4.7 MB each, and 19.5 MB for each of the
/// fallback's) are read when a document first draws with them, and kept until [`Fonts::release`].
pub struct Fonts {
    faces: Vec<Face>,
    book: LazyHash<FontBook>,
    loaded: Mutex<Vec<Option<Font>>>,
}

impl Fonts {
    /// Returns the fonts found in these folders and below them; of two equal ones the first folder's counts.
    ///
    /// Reads the tables that tell a face's name and characters, a few hundred kilobytes, not the whole files.
    ///
    /// # Errors
    /// [`FontError::Missing`] names the first face that is not there, and the Debian package to install.
    pub fn find(dirs: &[PathBuf]) -> Result<Self, FontError> {
        let files = search::font_files(dirs);
        let mut faces = Vec::with_capacity(WANTED.len());
        for wanted in WANTED {
            let face = files.iter().filter(|file| wanted.is_named(file)).find_map(|file| Face::open(file, wanted));
            faces.push(face.ok_or_else(|| FontError::Missing {
                face: wanted.full_name(),
                package: wanted.package,
                searched: dirs.to_vec(),
            })?);
        }
        let book = FontBook::from_infos(faces.iter().map(Face::info));
        let loaded = Mutex::new(vec![None; faces.len()]);
        Ok(Self { faces, book: LazyHash::new(book), loaded })
    }

    /// Returns the characters of the text that no font can draw, each once, in the order of the text.
    ///
    /// Private-use characters always count: what they mean depends on the system they come from (外字). A variation
    /// selector counts where the font that draws the character before it lacks that form. Control characters never count.
    pub fn missing(&self, text: &str) -> Vec<char> {
        let mut missing = Vec::new();
        let mut before = None;
        for c in text.chars() {
            if !self.has(before, c) && !missing.contains(&c) {
                missing.push(c);
            }
            before = Some(c);
        }
        missing
    }

    /// Gives back the memory of the font files and of the typesetter's caches; the next document reads them again.
    pub fn release(&self) {
        self.loaded().fill(None);
        typst::comemo::evict(0);
    }

    /// Returns whether `c` can be drawn, given the character before it.
    pub(crate) fn has(&self, before: Option<char>, c: char) -> bool {
        if is_variation_selector(c) {
            // The typesetter asks no further face for a form than the first that has the character itself.
            let drawn_by = |base| self.faces.iter().find(|face| face.has(base));
            return before.is_some_and(|base| drawn_by(base).is_some_and(|face| face.has_variant(base, c)));
        }
        c.is_control() || is_invisible(c) || (!is_private(c) && self.faces.iter().any(|face| face.has(c)))
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// Returns the face with this place in the book, its file read if it was not.
    pub(crate) fn font(&self, index: usize) -> Result<Font, FontError> {
        let unreadable = |reason: String| FontError::Unreadable { path: self.path(index), reason };
        let face = self.faces.get(index).ok_or_else(|| unreadable("no such face".into()))?;
        let mut loaded = self.loaded();
        let slot = loaded.get_mut(index).ok_or_else(|| unreadable("no such face".into()))?;
        if let Some(font) = slot {
            return Ok(font.clone());
        }
        let bytes = std::fs::read(&face.path).map_err(|error| unreadable(error.to_string()))?;
        let font = Font::new(Bytes::new(bytes), face.index).ok_or_else(|| unreadable("not a font".into()))?;
        *slot = Some(font.clone());
        Ok(font)
    }

    /// Returns the place of a face that the typesetter drew with. The typesetter may have kept it from a document drawn
    /// with other [`Fonts`]: equal files are the same face.
    ///
    /// # Errors
    /// [`FontError::Unreadable`] if it is none of these.
    pub(crate) fn place_of(&self, font: &Font) -> Result<usize, FontError> {
        let place = self.loaded().iter().position(|slot| slot.as_ref() == Some(font));
        place.ok_or_else(|| FontError::Unreadable { path: PathBuf::new(), reason: "no such face".into() })
    }

    /// Returns the place of the face that draws a character: of even widths or not, regular or bold, and the fallback
    /// if that lacks it.
    pub(crate) fn drawing(&self, c: char, even: bool, bold: bool) -> usize {
        let order = if even { [4, 0, 2] } else { [0, 2, 4] };
        let places = order.map(|place| place + usize::from(bold));
        let has = |place: &usize| self.faces.get(*place).is_some_and(|face| face.has(c));
        places.into_iter().find(has).unwrap_or(places[0])
    }

    fn path(&self, index: usize) -> PathBuf {
        self.faces.get(index).map(|face| face.path.clone()).unwrap_or_default()
    }

    fn loaded(&self) -> std::sync::MutexGuard<'_, Vec<Option<Font>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.faces.iter().map(|face| &face.path)).finish()
    }
}

/// Variation selectors and the ideographic ones: they choose a form of the character before them.
pub(crate) fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Characters that have no shape to draw: joiners, marks of direction, the byte order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}
