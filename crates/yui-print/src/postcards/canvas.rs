//! The drawing of a page, as the operators of a content stream; measures are points from the upper left corner.

use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Name, Str, TextStr};
use typst::layout::{Abs, Frame, FrameItem, GroupItem, Point, Transform};
use typst::model::Destination;
use typst::text::TextItem;
use typst::visualize::{Curve, CurveItem, FillRule, FixedStroke, Geometry, LineCap, LineJoin, Paint, Shape};

use super::fields::Field;
use super::letters::{Case, Drawn, face_name};
use crate::FontError;

/// Black alone.
pub(super) const INK: [f32; 4] = [0.0, 0.0, 0.0, 1.0];

/// The operators of one page or a part of it.
pub(super) struct Canvas {
    content: Content,
}

impl Canvas {
    /// Begins a page of this height.
    pub(super) fn new(height: f32) -> Self {
        let mut content = Content::new();
        content.save_state().transform([1.0, 0.0, 0.0, -1.0, 0.0, height]);
        Self { content }
    }

    /// Returns the operators.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.content.restore_state();
        self.content.finish().to_vec()
    }

    /// Draws a frame of the typesetter's; the fields in it are put into `fields`. Images do not occur.
    pub(super) fn frame(
        &mut self,
        case: &mut Case<'_>,
        frame: &Frame,
        at: Point,
        fields: &mut Vec<Field>,
    ) -> Result<(), FontError> {
        for (position, item) in frame.items() {
            let at = at + *position;
            match item {
                FrameItem::Group(group) => self.group(case, group, at, fields)?,
                FrameItem::Text(text) => self.set_text(case, text, at)?,
                FrameItem::Shape(shape, _) => self.shape(shape, at),
                FrameItem::Link(Destination::Url(url), size) => {
                    fields.extend(Field::of(url.as_str(), at, *size));
                }
                FrameItem::Link(..) | FrameItem::Image(..) | FrameItem::Tag(_) => {}
            }
        }
        Ok(())
    }

    fn group(
        &mut self,
        case: &mut Case<'_>,
        group: &GroupItem,
        at: Point,
        fields: &mut Vec<Field>,
    ) -> Result<(), FontError> {
        if group.transform.is_identity() && group.clip.is_none() {
            return self.frame(case, &group.frame, at, fields);
        }
        let Transform { sx, kx, ky, sy, tx, ty } = group.transform;
        let [sx, ky, kx, sy] = [sx, ky, kx, sy].map(|ratio| ratio.get() as f32);
        self.content.save_state().transform([sx, ky, kx, sy, points(at.x + tx), points(at.y + ty)]);
        if let Some(clip) = &group.clip {
            self.curve(clip, Point::zero());
            self.content.clip_nonzero().end_path();
        }
        self.frame(case, &group.frame, Point::zero(), fields)?;
        self.content.restore_state();
        Ok(())
    }

    fn set_text(&mut self, case: &mut Case<'_>, text: &TextItem, at: Point) -> Result<(), FontError> {
        let face = case.place_of(text.font.font())?;
        self.fill(colour(&text.fill));
        let size = points(text.size);
        let mut x = points(at.x);
        let mut line = Vec::with_capacity(text.glyphs.len());
        for glyph in &text.glyphs {
            let range = usize::from(glyph.range.start)..usize::from(glyph.range.end);
            let drawn = case.glyph(face, glyph.id, text.text.get(range).unwrap_or_default())?;
            let offset = glyph.x_offset.get() as f32;
            line.push((drawn, offset, glyph.x_advance.get() as f32));
        }
        // The typesetter's own distances, where they are not the font's.
        let start = line.first().map_or(0.0, |(_, offset, _)| *offset);
        x += start * size;
        let advances: Vec<f32> = (0..line.len())
            .map(|place| {
                let next = line.get(place + 1).map_or(0.0, |(_, offset, _)| *offset);
                line.get(place).map_or(0.0, |(_, offset, advance)| advance - offset + next)
            })
            .collect();
        let letters: Vec<_> = line.into_iter().map(|(drawn, ..)| drawn).collect();
        self.letters(&letters, &advances, x, points(at.y), size);
        Ok(())
    }

    /// Draws letters on a baseline, each as far from the one before as its font wants.
    pub(super) fn line(&mut self, letters: &[Drawn], x: f32, baseline: f32, size: f32) {
        let advances: Vec<_> = letters.iter().map(|letter| letter.advance).collect();
        self.fill(INK);
        self.letters(letters, &advances, x, baseline, size);
    }

    fn letters(&mut self, letters: &[Drawn], advances: &[f32], mut x: f32, baseline: f32, size: f32) {
        let pairs: Vec<_> = letters.iter().zip(advances).collect();
        for run in pairs.chunk_by(|(one, _), (other, _)| one.face == other.face) {
            let Some((first, _)) = run.first() else { continue };
            self.content.begin_text().set_font(Name(face_name(first.face).as_bytes()), size);
            self.content.set_text_matrix([1.0, 0.0, 0.0, -1.0, x, baseline]);
            let mut shown = self.content.show_positioned();
            let mut items = shown.items();
            let mut bytes = Vec::with_capacity(2 * run.len());
            for (letter, advance) in run {
                bytes.extend_from_slice(&letter.cid.to_be_bytes());
                let further = letter.advance - **advance;
                if further.abs() > 0.000_5 {
                    items.show(Str(&bytes)).adjust(further * 1000.0);
                    bytes.clear();
                }
                x += **advance * size;
            }
            if !bytes.is_empty() {
                items.show(Str(&bytes));
            }
            drop(items);
            drop(shown);
            self.content.end_text();
        }
    }

    /// Draws with this text as the replacement of the whole, however its letters lie.
    pub(super) fn standing_for(
        &mut self,
        text: &str,
        draw: impl FnOnce(&mut Self) -> Result<(), FontError>,
    ) -> Result<(), FontError> {
        self.content.begin_marked_content_with_properties(Name(b"Span")).properties().actual_text(TextStr(text));
        draw(self)?;
        self.content.end_marked_content();
        Ok(())
    }

    /// Draws a frame of hair lines.
    pub(super) fn cell(&mut self, x: f32, y: f32, width: f32, height: f32) {
        self.content.save_state().set_line_width(0.4).set_stroke_cmyk(0.0, 0.0, 0.0, 0.35);
        self.content.rect(x, y, width, height).stroke().restore_state();
    }

    fn shape(&mut self, shape: &Shape, at: Point) {
        let stroke = shape.stroke.as_ref().filter(|stroke| stroke.thickness.to_pt() > 0.0);
        if shape.fill.is_none() && stroke.is_none() {
            return;
        }
        self.content.save_state();
        if let Some(paint) = &shape.fill {
            self.fill(colour(paint));
        }
        if let Some(stroke) = stroke {
            self.pen(stroke);
        }
        let (x, y) = (points(at.x), points(at.y));
        match &shape.geometry {
            Geometry::Line(to) => {
                self.content.move_to(x, y).line_to(x + points(to.x), y + points(to.y));
            }
            Geometry::Rect(size) => {
                self.content.rect(x, y, points(size.x), points(size.y));
            }
            Geometry::Curve(curve) => self.curve(curve, at),
        }
        match (shape.fill.is_some(), stroke.is_some(), shape.fill_rule) {
            (true, true, FillRule::NonZero) => self.content.fill_nonzero_and_stroke(),
            (true, true, FillRule::EvenOdd) => self.content.fill_even_odd_and_stroke(),
            (true, false, FillRule::NonZero) => self.content.fill_nonzero(),
            (true, false, FillRule::EvenOdd) => self.content.fill_even_odd(),
            (false, _, _) => self.content.stroke(),
        };
        self.content.restore_state();
    }

    fn curve(&mut self, curve: &Curve, at: Point) {
        let of = |point: &Point| (points(at.x + point.x), points(at.y + point.y));
        for item in &curve.0 {
            match item {
                CurveItem::Move(to) => {
                    let (x, y) = of(to);
                    self.content.move_to(x, y);
                }
                CurveItem::Line(to) => {
                    let (x, y) = of(to);
                    self.content.line_to(x, y);
                }
                CurveItem::Cubic(first, second, to) => {
                    let ((x1, y1), (x2, y2), (x3, y3)) = (of(first), of(second), of(to));
                    self.content.cubic_to(x1, y1, x2, y2, x3, y3);
                }
                CurveItem::Close => {
                    self.content.close_path();
                }
            }
        }
    }

    fn fill(&mut self, [c, m, y, k]: [f32; 4]) {
        self.content.set_fill_cmyk(c, m, y, k);
    }

    fn pen(&mut self, stroke: &FixedStroke) {
        let [c, m, y, k] = colour(&stroke.paint);
        self.content.set_stroke_cmyk(c, m, y, k).set_line_width(points(stroke.thickness));
        self.content.set_line_cap(match stroke.cap {
            LineCap::Butt => LineCapStyle::ButtCap,
            LineCap::Round => LineCapStyle::RoundCap,
            LineCap::Square => LineCapStyle::ProjectingSquareCap,
        });
        self.content.set_line_join(match stroke.join {
            LineJoin::Miter => LineJoinStyle::MiterJoin,
            LineJoin::Round => LineJoinStyle::RoundJoin,
            LineJoin::Bevel => LineJoinStyle::BevelJoin,
        });
        if let Some(dash) = &stroke.dash {
            self.content.set_dash_pattern(dash.array.iter().map(|part| points(*part)), points(dash.phase));
        }
    }
}

/// Printing inks: cyan, magenta, yellow, black. A paint that is no plain colour becomes black.
fn colour(paint: &Paint) -> [f32; 4] {
    match paint {
        Paint::Solid(colour) => {
            let inks = colour.to_cmyk();
            [inks.c, inks.m, inks.y, inks.k]
        }
        _ => INK,
    }
}

fn points(length: Abs) -> f32 {
    length.to_pt() as f32
}
