//! Postcards with a temporary user ID and password (圧着ハガキ): three leaves of 100 × 148 mm, folded in a Z and sealed by pressure, as one
//! file for the printing house. docs/postcards.md tells sizes, folds and which leaf is what.
//!
//! All that differs from card to card is on one side of the paper, printed in one pass: no sheet can carry one person's
//! address and another's password. The typesetter lays out the shared parts of all cards, once; the file is written
//! card by card, and only the places of a card's objects are kept in memory. Each font is in the file once, with the
//! letters that were used.
//!
//! A line of the society's own that has no room is no card: [`PostcardSheet::misfits`] tells of it before, and [`write`] refuses it.

mod canvas;
mod fields;
mod file;
mod letters;
mod misfits;
mod reading;

pub use misfits::{Misfit, Part, Why};

use std::io::Write;

use jiff::civil::Date;
use pdf_writer::{Finish, Name, Rect, Ref, TextStr};
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use typst::layout::Point;
use typst_layout::PagedDocument;

use canvas::Canvas;
use fields::Field;
use file::File;
use letters::Case;

use crate::press::Template;
use crate::words::Words;
use crate::{Fonts, PrintError};

/// The parts that are the same on all cards.
#[derive(Clone, Debug)]
pub struct PostcardSheet {
    /// The society's name, e.g. `みなと海運健康保険組合`.
    pub society_name: String,
    /// Lines of the return address under the name: postal code, address, telephone; may be none. Of these lines, those of the postage
    /// mark and of the inquiry each has to fit: [`PostcardSheet::misfits`].
    pub sender: Vec<String>,
    /// Lines of the postage mark, e.g. `料金後納`, `郵便`; with none its place stays free for a stamp.
    pub postage: Vec<String>,
    /// The address of the login page; also the QR code. Up to about 150 letters.
    pub login_url: String,
    /// The services of the portal, a sentence each; up to six.
    pub services: Vec<String>,
    /// The things to have at hand, a sentence each; up to four.
    pub preparations: Vec<String>,
    /// The steps from the login page to the end of enrolment, a sentence each; up to six.
    pub steps: Vec<String>,
    /// Lines with the contact for questions and its hours; under the society's name.
    pub inquiry: Vec<String>,
    /// The day in Japan; also the file's date.
    pub issued: Date,
    /// Whether all leaves are marked 見本, as on cards that are not to be sent.
    pub sample: bool,
}

/// The parts of one person's card.
#[derive(Clone)]
pub struct Postcard {
    /// The person's name, without an honorific.
    pub name: String,
    /// The postal address; with none the place stays free, and the key tells the printing house whose it is.
    pub address: Option<PostalAddress>,
    /// The key by which the printing house knows the card, on its outside: never symbol and number. May be blank beside
    /// an address.
    pub key: String,
    /// The temporary user ID.
    pub user_id: String,
    /// The temporary password.
    pub password: String,
    /// The last day on which they can be used.
    pub expires: Date,
}

/// An address in Japan.
#[derive(Clone)]
pub struct PostalAddress {
    /// Seven digits; a hyphen between them is left out. Anything else leaves the boxes empty.
    pub postal_code: String,
    /// Its lines; one that is too long is broken.
    pub lines: Vec<String>,
}

impl std::fmt::Debug for Postcard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postcard(***)")
    }
}

impl std::fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostalAddress(***)")
    }
}

/// A file that was written.
#[derive(Debug)]
pub struct Written {
    /// The number of cards in it, two pages each.
    pub cards: usize,
    /// Characters that no font has, each once: see [`crate::Printed::missing`].
    pub missing: Vec<char>,
}

/// A leaf and its surroundings, in millimetres.
const LEAF: (f32, f32) = (100.0, 148.0);
const BLEED: f32 = 3.0;
const SLUG: f32 = 10.0;

/// Writes the cards as one PDF: front, back, front, back; each sheet flipped over its short edge. It takes long: call
/// it off the async threads.
///
/// # Errors
/// [`PrintError::Empty`] without cards, [`PrintError::Misfits`] if a line has no room, [`PrintError::Written`] if
/// writing to `out` fails, [`PrintError::QrCode`] for an address of the login page that is too long, and as
/// [`crate::statement::render`]. The output until then is no valid file.
pub fn write(
    fonts: &Fonts,
    sheet: &PostcardSheet,
    cards: impl IntoIterator<Item = Postcard>,
    out: impl Write,
) -> Result<Written, PrintError> {
    let mut words = Words::new(fonts);
    let document = laid_out(fonts, sheet, &mut words)?;
    let misfits = misfits::found(fonts, sheet, &document)?;
    if !misfits.is_empty() {
        return Err(PrintError::Misfits(misfits));
    }
    let mut file = File::begin(out)?;
    let resources = file.reserve();
    let mut case = Case::new(fonts);

    let mut sides = Vec::with_capacity(3);
    for page in document.pages() {
        let mut fields = Vec::new();
        let mut canvas = Canvas::new(media().y2);
        canvas.frame(&mut case, &page.frame, Point::zero(), &mut fields)?;
        let id = file.reserve();
        file.stream(id, &canvas.finish())?;
        sides.push(Side { shared: id, fields });
    }
    let [addressed, keyed, back] = &sides[..] else {
        return Err(PrintError::Template { template: TEMPLATE, reason: format!("{} pages", sides.len()) });
    };

    let mut count = 0;
    for card in cards {
        let front = if card.address.is_some() { addressed } else { keyed };
        let mut canvas = Canvas::new(media().y2);
        for field in &front.fields {
            set(&mut canvas, &mut case, &mut words, field, &card)?;
        }
        let own = file.reserve();
        file.stream(own, &canvas.finish())?;
        page(&mut file, resources, &[front.shared, own])?;
        page(&mut file, resources, &[back.shared])?;
        count += 1;
    }
    if count == 0 {
        return Err(PrintError::Empty);
    }
    let faces = case.write(&mut file)?;
    file.object(resources, |chunk| {
        let mut written = chunk.indirect(resources).start::<pdf_writer::writers::Resources<'_>>();
        written.fonts().pairs(faces.iter().map(|(name, id)| (Name(name.as_bytes()), *id)));
    })?;
    let sample = if sheet.sample { "（見本）" } else { "" };
    let (title, date) = (format!("{} 圧着ハガキ{sample} {count}通", sheet.society_name), date(sheet.issued));
    file.end(
        |catalog| {
            // As drawn, both sides, turned over the short edge: what a printer's own driver would else decide.
            let mut preferences = catalog.viewer_preferences();
            preferences.pair(Name(b"PrintScaling"), Name(b"None")).pair(Name(b"Duplex"), Name(b"DuplexFlipShortEdge"));
            preferences.finish();
        },
        |info| {
            info.title(TextStr(&title)).creator(TextStr("Yui")).trapped(pdf_writer::types::TrappingStatus::NotTrapped);
            info.creation_date(date);
        },
    )?;
    Ok(Written { cards: count, missing: words.into_missing() })
}

const TEMPLATE: &str = "postcard.typ";

/// Returns the pages that all cards share: front with an address, front with a key, back.
fn laid_out(fonts: &Fonts, sheet: &PostcardSheet, words: &mut Words<'_>) -> Result<PagedDocument, PrintError> {
    Template::new(TEMPLATE, include_str!("postcard.typ"))?.lay_out(fonts, &Sheet::new(sheet, words)?)
}

/// One side of the sheet: the shared parts, and the places of the others.
struct Side {
    shared: Ref,
    fields: Vec<Field>,
}

/// Sets a card's text into one field.
fn set(
    canvas: &mut Canvas,
    case: &mut Case<'_>,
    words: &mut Words<'_>,
    field: &Field,
    card: &Postcard,
) -> Result<(), PrintError> {
    let Postcard { name, address, key, user_id, password, expires } = card;
    let done = match field.name.as_str() {
        "postal" => {
            let code = address.as_ref().map(|address| address.postal_code.as_str()).unwrap_or_default();
            let digits: String = code.chars().filter(|c| *c != '-').collect();
            let whole = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
            field.postal(canvas, case, if whole { &digits } else { "" })
        }
        "address" => {
            let lines = address.iter().flat_map(|address| &address.lines);
            let lines: Vec<_> = lines.map(|line| words.set(line)).collect();
            field.lines(canvas, case, &lines)
        }
        "name" | "owner" => field.lines(canvas, case, &[format!("{} 様", words.set(name))]),
        "key" => field.lines(canvas, case, &[words.set(key)]),
        "user_id" => field.cells(canvas, case, &words.set(user_id)),
        "password" => field.cells(canvas, case, &words.set(password)),
        "expires" => {
            let day = format!("{}年{}月{}日まで", expires.year(), expires.month(), expires.day());
            field.lines(canvas, case, &[day])
        }
        _ => Ok(()),
    };
    Ok(done?)
}

fn page(file: &mut File<impl Write>, resources: Ref, contents: &[Ref]) -> Result<(), PrintError> {
    let trim = inset(SLUG);
    file.page(|page| {
        page.media_box(media()).bleed_box(inset(SLUG - BLEED)).trim_box(trim);
        page.pair(Name(b"Resources"), resources);
        page.contents_array(contents.iter().copied());
    })?;
    Ok(())
}

fn media() -> Rect {
    let millimetres = |length: f32| length * 72.0 / 25.4;
    Rect::new(0.0, 0.0, millimetres(3.0 * LEAF.0 + 2.0 * SLUG), millimetres(LEAF.1 + 2.0 * SLUG))
}

fn inset(by: f32) -> Rect {
    let (all, by) = (media(), by * 72.0 / 25.4);
    Rect::new(by, by, all.x2 - by, all.y2 - by)
}

fn date(day: Date) -> pdf_writer::Date {
    let part = |number: i8| number.unsigned_abs();
    pdf_writer::Date::new(day.year().unsigned_abs()).month(part(day.month())).day(part(day.day()))
}

/// The data file of `postcard.typ`: every text drawable.
#[derive(Serialize)]
struct Sheet {
    society: String,
    sender: Vec<String>,
    postage: Vec<String>,
    url: String,
    url_size: f32,
    services: Vec<String>,
    preparations: Vec<String>,
    steps: Vec<String>,
    inquiry: Vec<String>,
    qr: Qr,
    sample: bool,
}

/// A QR code: its width in modules, and its dark runs (column, row, length).
#[derive(Serialize)]
struct Qr {
    size: usize,
    runs: Vec<(usize, usize, usize)>,
}

impl Sheet {
    fn new(sheet: &PostcardSheet, words: &mut Words<'_>) -> Result<Self, PrintError> {
        let mut all = |texts: &[String]| texts.iter().map(|text| words.set(text)).collect::<Vec<_>>();
        let url = sheet.login_url.clone();
        // One line, as large as fits between the margins: letters are half as wide as high.
        let fits = 84.0 * 72.0 / 25.4 / (url.chars().count().max(1) as f32 * 0.5);
        Ok(Self {
            sender: all(&sheet.sender),
            postage: all(&sheet.postage),
            services: all(&sheet.services),
            preparations: all(&sheet.preparations),
            steps: all(&sheet.steps),
            inquiry: all(&sheet.inquiry),
            society: words.set(&sheet.society_name),
            url_size: fits.min(11.0),
            qr: Qr::of(&url)?,
            url,
            sample: sheet.sample,
        })
    }
}

impl Qr {
    fn of(text: &str) -> Result<Self, PrintError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| PrintError::QrCode)?;
        let size = code.width();
        let modules = code.into_colors();
        let mut runs = Vec::new();
        for (row, line) in modules.chunks(size).enumerate() {
            let mut column = 0;
            for run in line.chunk_by(|one, other| one == other) {
                if run.first() == Some(&Color::Dark) {
                    runs.push((column, row, run.len()));
                }
                column += run.len();
            }
        }
        Ok(Self { size, runs })
    }
}
