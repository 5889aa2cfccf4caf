//! The society's own lines that do not fit on the card: the typesetter measures them in their places, `own` in
//! postcard.typ.

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
    /// The contact for questions.
    Inquiry,
}

/// A line that does not fit on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Misfit {
    /// The part of the card.
    pub part: Part,
    /// The index of the line in the part, from 0 on.
    pub line: usize,
    /// The reason.
    pub why: Why,
}

/// The reason why a line does not fit on the card.
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
    /// Returns the lines of the sender, the postage mark and the inquiry that do not fit on the card, in order. It
    /// takes as long as a page takes: call it off the async threads.
    ///
    /// # Errors
    /// [`PrintError::QrCode`] for an address of the login page that is too long, and as [`crate::statement::render`].
    pub fn misfits(&self, fonts: &Fonts) -> Result<Vec<Misfit>, PrintError> {
        found(fonts, self, &laid_out(fonts, self, &mut Words::new(fonts))?)
    }
}

/// Returns the lines that do not fit on the card, given its pages.
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
