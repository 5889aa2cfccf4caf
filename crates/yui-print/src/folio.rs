//! Page numbers, written in after the layout.
//!
//! A template that asks for the number of pages is laid out twice, which makes a statement a third slower. So the
//! template sets [`MARK`] in its footer, and here "3 / 12" takes its place, in the mark's font, flush with its right end.

use typst::layout::{Em, Frame, FrameItem};
use typst::model::Document;
use typst::text::{Glyph, TextItem};
use typst_layout::PagedDocument;

/// The text that a template sets in the place of the page number: wide enough for four digits on either side.
const MARK: &str = "0000 \u{2044} 0000";

/// Returns the document with its pages numbered.
pub(crate) fn number(document: &PagedDocument) -> PagedDocument {
    let count = document.pages().len();
    let mut pages = document.pages().to_vec();
    for (page, number) in pages.iter_mut().zip(1_usize..) {
        fill(&mut page.frame, &format!("{number} / {count}"));
    }
    PagedDocument::new(pages.into(), document.info().clone())
}

fn fill(frame: &mut Frame, folio: &str) {
    frame.retain(|item| {
        match item {
            FrameItem::Group(group) => fill(&mut group.frame, folio),
            FrameItem::Text(text) if text.text == MARK => set(text, folio),
            _ => {}
        }
        true
    });
}

/// Sets other characters in the place of a text, ending where it ended.
fn set(text: &mut TextItem, folio: &str) {
    let Some(first) = text.glyphs.first().cloned() else { return };
    let width: Em = text.glyphs.iter().map(|glyph| glyph.x_advance).sum();
    let mut glyphs = Vec::with_capacity(folio.len());
    for (c, at) in folio.chars().zip(0_u16..) {
        let Some(id) = text.font.ttf().glyph_index(c) else { return };
        let Some(x_advance) = text.font.x_advance(id.0) else { return };
        glyphs.push(Glyph { id: id.0, x_advance, range: at..at + 1, ..first.clone() });
    }
    let rest = width - glyphs.iter().map(|glyph| glyph.x_advance).sum::<Em>();
    for glyph in &mut glyphs {
        glyph.x_offset = rest;
    }
    text.glyphs = glyphs;
    text.text = folio.into();
}
