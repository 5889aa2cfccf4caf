//! The places of a page whose text differs from card to card.

use typst::layout::{Point, Size};

use super::canvas::Canvas;
use super::letters::{Case, Design, Drawn};
use super::reading::reading;
use crate::FontError;

/// Line to line, in sizes of the letters.
const LEADING: f32 = 1.45;

/// The smallest size of a text that does not fit, in points.
const SMALLEST: f32 = 4.0;

/// How many characters a row of cells has at the most.
const CELLS: usize = 7;

/// Characters that are shown in cells at the most; a longer text is a line.
const MOST_IN_CELLS: usize = 14;

/// A place: all measures in points.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    bold: bool,
    centred: bool,
    size: f32,
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl Field {
    /// Returns the field that the template's link tells of, `field:NAME,WEIGHT,ALIGN,POINTS`.
    pub(super) fn of(url: &str, at: Point, extent: Size) -> Option<Self> {
        let mut parts = url.strip_prefix("field:")?.split(',');
        let (name, weight, align, size) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            name: name.to_owned(),
            bold: weight == "bold",
            centred: align == "center",
            size: size.parse().ok()?,
            x: at.x.to_pt() as f32,
            y: at.y.to_pt() as f32,
            width: extent.x.to_pt() as f32,
            height: extent.y.to_pt() as f32,
        })
    }

    /// Sets lines into the field, from its top; where they do not fit they are broken, and smaller.
    pub(super) fn lines(&self, canvas: &mut Canvas, case: &mut Case<'_>, lines: &[String]) -> Result<(), FontError> {
        let mut size = self.size;
        let broken = loop {
            let broken = self.broken(case, lines, size)?;
            // The last line has no line after it to stand clear of.
            let height = (broken.len().saturating_sub(1) as f32 * LEADING + 1.0) * size;
            if height <= self.height.max(size) || size <= SMALLEST {
                break broken;
            }
            size -= 0.5;
        };
        for (place, line) in broken.iter().enumerate() {
            let spare = if self.centred { (self.width - extent(line) * size) / 2.0 } else { 0.0 };
            let baseline = self.y + size * (0.88 + LEADING * place as f32);
            canvas.line(line, self.x + spare, baseline, size);
        }
        Ok(())
    }

    /// Breaks lines where they are too long.
    fn broken(&self, case: &mut Case<'_>, lines: &[String], size: f32) -> Result<Vec<Vec<Drawn>>, FontError> {
        let mut broken = Vec::new();
        for line in lines {
            let mut width = 0.0;
            let mut current = Vec::new();
            for letter in case.line(Design::Text, self.bold, line)? {
                if (width + letter.advance) * size > self.width && !current.is_empty() {
                    broken.push(std::mem::take(&mut current));
                    width = 0.0;
                }
                width += letter.advance;
                current.push(letter);
            }
            broken.push(current);
        }
        Ok(broken)
    }

    /// Sets what is to be typed: each character in a cell, its reading below it.
    pub(super) fn cells(&self, canvas: &mut Canvas, case: &mut Case<'_>, text: &str) -> Result<(), FontError> {
        let characters: Vec<char> = text.chars().collect();
        if characters.len() > MOST_IN_CELLS || !characters.iter().all(char::is_ascii_graphic) {
            return self.lines(canvas, case, &[text.to_owned()]);
        }
        let rows = characters.len().div_ceil(CELLS).max(1);
        let in_row = characters.len().div_ceil(rows).max(1);
        let (width, height) = (self.width / CELLS as f32, self.height / 2.0);
        let left = self.x + (self.width - width * in_row as f32) / 2.0;
        let corner = |place: usize| (left + width * (place % in_row) as f32, self.y + height * (place / in_row) as f32);
        canvas.standing_for(text, |canvas| {
            for (place, c) in characters.iter().enumerate() {
                let (x, y) = corner(place);
                let letter = case.line(Design::Even, self.bold, &c.to_string())?;
                let spare = (width - extent(&letter) * self.size) / 2.0;
                canvas.line(&letter, x + spare, y + height * 0.56, self.size);
            }
            Ok(())
        })?;
        for (place, c) in characters.iter().enumerate() {
            let (x, y) = corner(place);
            canvas.cell(x + 0.7, y + 0.7, width - 1.4, height - 1.4);
            let words = case.line(Design::Text, false, &reading(*c))?;
            let size = (6.2_f32).min((width - 3.4) / extent(&words).max(1.0));
            canvas.line(&words, x + (width - extent(&words) * size) / 2.0, y + height * 0.86, size);
        }
        Ok(())
    }

    /// Sets the seven digits of a postal code into its boxes.
    pub(super) fn postal(&self, canvas: &mut Canvas, case: &mut Case<'_>, digits: &str) -> Result<(), FontError> {
        const MILLIMETRE: f32 = 72.0 / 25.4;
        for (place, digit) in digits.chars().enumerate() {
            let from = if place < 3 { 7.0 * place as f32 } else { 21.6 + 6.8 * (place as f32 - 3.0) };
            let middle = (from + 5.7 / 2.0) * MILLIMETRE;
            let letter = case.line(Design::Even, self.bold, &digit.to_string())?;
            let x = self.x + middle - extent(&letter) * self.size / 2.0;
            canvas.line(&letter, x, self.y + self.height * 0.5 + self.size * 0.36, self.size);
        }
        Ok(())
    }
}

/// Returns the width of letters in ems.
fn extent(letters: &[Drawn]) -> f32 {
    letters.iter().map(|letter| letter.advance).sum()
}
