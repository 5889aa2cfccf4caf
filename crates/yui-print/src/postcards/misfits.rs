//! Lines of a society's own that cannot stand on the card: the typesetter measures them where they stand, `own` in postcard.typ.

use serde::Deserialize;
use typst::foundations::NativeElement;
use typst::introspection::{Introspector, MetadataElem};
use typst_layout::PagedDocument;

use super::{PostcardSheet, TEMPLATE, laid_out};
use crate::fonts::is_invisible;
use crate::words::Words;
use crate::{Fonts, PrintError};

/// A part of the card whose lines are the society's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The return address.
    Sender,
    /// The postage mark.
    Postage,
    /// Whom to ask.
    Inquiry,
}

/// A line that cannot stand on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Misfit {
    /// Where it was to stand.
    pub part: Part,
    /// Which line of the part it is, from 0 on.
    pub line: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// Why a line cannot stand on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is wider than its place.
    Wide,
    /// It is below the end of its place, and so are all lines after it.
    Low,
    /// It has a control character, or another without a shape.
    Invisible(char),
    /// It has a character that no font draws.
    Missing(char),
}

impl PostcardSheet {
    /// Returns the lines of the sender, the postage mark and the inquiry that cannot stand on the card, in order. It takes as long as a
    /// page takes: call it where nothing else waits.
    ///
    /// # Errors
    /// [`PrintError::QrCode`] for an address of the login page that is too long, and as [`crate::statement::render`].
    pub fn misfits(&self, fonts: &Fonts) -> Result<Vec<Misfit>, PrintError> {
        found(fonts, self, &laid_out(fonts, self, &mut Words::new(fonts))?)
    }
}

/// Returns the lines that cannot stand on the card, given its pages.
pub(super) fn found(fonts: &Fonts, sheet: &PostcardSheet, pages: &PagedDocument) -> Result<Vec<Misfit>, PrintError> {
    let told = pages.introspector().query(&MetadataElem::ELEM.select());
    let told = told.iter().filter_map(|told| told.to_packed::<MetadataElem>());
    let read = told.map(|told| serde_json::from_value(serde_json::to_value(&told.value)?));
    let mut all = read
        .collect::<serde_json::Result<Vec<_>>>()
        .map_err(|error| PrintError::Template { template: TEMPLATE, reason: error.to_string() })?;
    for (part, lines) in
        [(Part::Sender, &sheet.sender), (Part::Postage, &sheet.postage), (Part::Inquiry, &sheet.inquiry)]
    {
        for (line, text) in lines.iter().enumerate() {
            let invisible = text.chars().filter(|c| c.is_control() || is_invisible(*c)).map(Why::Invisible);
            let missing = fonts.missing(text).into_iter().map(Why::Missing);
            all.extend(invisible.chain(missing).map(|why| Misfit { part, line, why }));
        }
    }
    // A part that stands on two pages was told of twice.
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
