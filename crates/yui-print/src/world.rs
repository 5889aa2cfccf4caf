//! All that a template can reach: itself, one data file, the fonts.

use std::sync::{LazyLock, Mutex, PoisonError};

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::{FontError, Fonts};

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// One document's world.
pub(crate) struct Desk<'a> {
    pub(crate) fonts: &'a Fonts,
    pub(crate) template: &'a Source,
    pub(crate) data_id: FileId,
    pub(crate) data: Bytes,
    font_error: Mutex<Option<FontError>>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(fonts: &'a Fonts, template: &'a Source, data_id: FileId, data: Vec<u8>) -> Self {
        Self { fonts, template, data_id, data: Bytes::new(data), font_error: Mutex::new(None) }
    }

    /// Why a font could not be read while the document was set.
    pub(crate) fn into_font_error(self) -> Option<FontError> {
        self.font_error.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data_id { Ok(self.data.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        match self.fonts.font(index) {
            Ok(font) => Some(font),
            Err(error) => {
                *self.font_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                None
            }
        }
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
