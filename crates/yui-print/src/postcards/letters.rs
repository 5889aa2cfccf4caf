//! The letters that the file has drawn so far, face by face: each face is put into the file once, at its end, with no other letters.
//!
//! Source: ISO 32000-2, 9.7 (composite fonts), 9.10 (extraction of text).

use std::collections::HashMap;
use std::io::{self, Write};

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Rect, Ref, Str};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId, RawFace, Tag};
use typst::text::Font;

use super::file::{File, packed};
use crate::fonts::is_variation_selector;
use crate::{FontError, Fonts};

/// The number of faces.
const FACES: usize = 6;

/// The design of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Design {
    /// Each character as wide as it is.
    Text,
    /// All Latin letters and digits of one width.
    Even,
}

/// One character that can be drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    /// The place of its face.
    pub(super) face: usize,
    /// Its number in the file.
    pub(super) cid: u16,
    /// The distance to the next character, in ems.
    pub(super) advance: f32,
}

struct Letters {
    font: Font,
    used: GlyphRemapper,
    /// The text of each letter used, by its number in the file.
    texts: Vec<String>,
    /// The width of each, in thousandths of an em.
    widths: Vec<f32>,
}

/// All letters of all faces.
pub(super) struct Case<'a> {
    fonts: &'a Fonts,
    faces: [Option<Letters>; FACES],
    /// Characters that were looked up before.
    known: HashMap<(Design, bool, char, Option<char>), Drawn>,
}

impl<'a> Case<'a> {
    pub(super) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, faces: [const { None }; FACES], known: HashMap::new() }
    }

    /// Returns the place of a face that the typesetter drew with.
    pub(super) fn place_of(&self, font: &Font) -> Result<usize, FontError> {
        self.fonts.place_of(font)
    }

    /// Returns the letter with this glyph, which stands for this text.
    pub(super) fn glyph(&mut self, face: usize, glyph: u16, text: &str) -> Result<Drawn, FontError> {
        let letters = match self.faces.get_mut(face) {
            Some(Some(letters)) => letters,
            Some(slot) => slot.insert(Letters::new(self.fonts.font(face)?)),
            None => return Err(FontError::Unreadable { path: Default::default(), reason: "no such face".into() }),
        };
        let cid = letters.used.remap(glyph);
        if usize::from(cid) >= letters.widths.len() {
            letters.widths.push(width(&letters.font, glyph));
            letters.texts.push(text.to_owned());
        }
        let advance = letters.widths.get(usize::from(cid)).copied().unwrap_or_default() / 1000.0;
        Ok(Drawn { face, cid, advance })
    }

    /// Returns the letters of a text that [`crate::words::Words`] has made drawable.
    pub(super) fn line(&mut self, design: Design, bold: bool, text: &str) -> Result<Vec<Drawn>, FontError> {
        let mut drawn = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let form = characters.next_if(|next| is_variation_selector(*next));
            if matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}') {
                continue;
            }
            let wanted = (design, bold, c, form);
            if let Some(known) = self.known.get(&wanted) {
                drawn.push(*known);
                continue;
            }
            let place = self.fonts.drawing(c, design == Design::Even, bold);
            let font = self.fonts.font(place)?;
            let glyph = face(&font).map_or(0, |face| {
                let varied = form.and_then(|form| face.glyph_variation_index(c, form));
                varied.or_else(|| face.glyph_index(c)).map_or(0, |glyph| glyph.0)
            });
            let written: String = [Some(c), form].into_iter().flatten().collect();
            let letter = self.glyph(place, glyph, &written)?;
            self.known.insert(wanted, letter);
            drawn.push(letter);
        }
        Ok(drawn)
    }

    /// Writes the faces that were drawn with; returns the names by which pages know them.
    ///
    /// # Errors
    /// If the file cannot be written, or a face cannot be cut down to the letters used.
    pub(super) fn write(self, file: &mut File<impl Write>) -> io::Result<Vec<(String, Ref)>> {
        let used = self.faces.into_iter().enumerate().filter_map(|(place, letters)| Some((face_name(place), letters?)));
        used.map(|(name, letters)| Ok((name, letters.write(file)?))).collect()
    }
}

/// Returns the name of the face at this place in a page's resources.
pub(super) fn face_name(place: usize) -> String {
    format!("F{place}")
}

fn width(font: &Font, glyph: u16) -> f32 {
    let advance = |face: Face<'_>| Some(scaled(&face, face.glyph_hor_advance(GlyphId(glyph))?.into()));
    face(font).and_then(advance).unwrap_or_default()
}

/// Turns the font's units into thousandths of an em.
fn scaled(face: &Face<'_>, units: f32) -> f32 {
    units * 1000.0 / f32::from(face.units_per_em())
}

/// Returns the font's tables.
fn face(font: &Font) -> Option<Face<'_>> {
    Face::parse(font.data(), font.index()).ok()
}

impl Letters {
    fn new(font: Font) -> Self {
        let nothing = width(&font, 0);
        Self { font, used: GlyphRemapper::new(), texts: vec![String::new()], widths: vec![nothing] }
    }

    fn write(self, file: &mut File<impl Write>) -> io::Result<Ref> {
        let Self { font, used, texts, widths } = self;
        let subset = subsetter::subset(font.data(), font.index(), &used)
            .map_err(|error| io::Error::other(format!("a font cannot be cut down: {error}")))?;
        // Of an OpenType font with cubic outlines, only those go into the file.
        let face = face(&font).ok_or_else(|| io::Error::other("a font cannot be read"))?;
        let cubic = face.tables().cff.is_some();
        let outlines = |subset| {
            let tables = RawFace::parse(subset, 0).ok()?;
            tables.table(Tag::from_bytes(b"CFF "))
        };
        let data = if cubic { outlines(&subset).unwrap_or(&subset) } else { &subset };
        let [id, descendant, descriptor, data_id, unicode] = std::array::from_fn(|_| file.reserve());
        let name = format!("{}+{}", tag(&used), font.post_script_name().unwrap_or_else(|| face_name(0)));

        let whole = if cubic { format!("{name}-Identity-H") } else { name.clone() };
        file.object(id, |chunk| {
            let mut written = chunk.type0_font(id);
            written.base_font(Name(whole.as_bytes())).encoding_predefined(Name(b"Identity-H"));
            written.descendant_font(descendant).to_unicode(unicode);
        })?;
        file.object(descendant, |chunk| {
            let mut written = chunk.cid_font(descendant);
            written.subtype(if cubic { CidFontType::Type0 } else { CidFontType::Type2 });
            written.base_font(Name(name.as_bytes())).system_info(IDENTITY).font_descriptor(descriptor);
            written.default_width(1000.0);
            if !cubic {
                written.cid_to_gid_map_predefined(Name(b"Identity"));
            }
            written.widths().consecutive(0, widths.iter().copied());
        })?;
        file.object(descriptor, |chunk| {
            let of = |units: i16| scaled(&face, units.into());
            let bounds = face.global_bounding_box();
            let mut written = chunk.font_descriptor(descriptor);
            written.name(Name(name.as_bytes())).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(80.0);
            written.bbox(Rect::new(of(bounds.x_min), of(bounds.y_min), of(bounds.x_max), of(bounds.y_max)));
            written.ascent(of(face.ascender())).descent(of(face.descender()));
            written.cap_height(of(face.capital_height().unwrap_or_else(|| face.ascender())));
            if cubic {
                written.font_file3(data_id);
            } else {
                written.font_file2(data_id);
            }
        })?;
        let stream = packed(data)?;
        file.object(data_id, |chunk| {
            let mut written = chunk.stream(data_id, &stream);
            written.filter(Filter::FlateDecode);
            if cubic {
                written.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
            }
            written.finish();
        })?;
        let mut map = UnicodeCmap::<u16>::new(Name(b"Letters"), IDENTITY);
        for (cid, text) in (0..).zip(&texts).filter(|(_, text)| !text.is_empty()) {
            map.pair_with_multiple(cid, text.chars());
        }
        file.stream(unicode, map.finish().as_slice())?;
        Ok(id)
    }
}

const IDENTITY: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Returns the six letters that tell a part of a font from another part of it.
fn tag(used: &GlyphRemapper) -> String {
    let mut rest = used.remapped_gids().fold(7_u32, |sum, glyph| sum.wrapping_mul(31).wrapping_add(glyph.into()));
    let mut letter = || {
        let at = u8::try_from(rest % 26).unwrap_or_default();
        rest /= 26;
        char::from(b'A' + at)
    };
    std::array::from_fn::<_, 6, _>(|_| letter()).iter().collect()
}
