//! QR codes (ISO/IEC 18004), always black on white, so that they can be scanned on a dark page too.

use std::fmt::Write as _;

use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, QrCode};

/// White modules around the code.
const QUIET: usize = 4;

/// Pixels of a module in the picture.
const SCALE: usize = 8;

/// The reason why there is no QR code.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    /// The text does not fit in the largest code, about 2,300 bytes.
    #[error("the text is too long for a QR code")]
    TooLong,
    /// The picture could not be written.
    #[error("the picture could not be written: {0}")]
    Picture(#[from] png::EncodingError),
}

/// Returns the text's QR code as `<svg>` to stand in a page: without a size, which is the style sheet's, and without
/// styles.
///
/// # Errors
/// [`QrError::TooLong`]
pub fn qr_svg(text: &str) -> Result<String, QrError> {
    let code = Code::new(text)?;
    let size = code.width + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.width {
        let mut x = 0;
        while x < code.width {
            let dark = (x..code.width).take_while(|x| code.is_dark(*x, y)).count();
            if dark > 0 {
                // Writing to a String does not fail.
                let _ = write!(path, "M{} {}h{dark}v1h-{dark}z", x + QUIET, y + QUIET);
            }
            x += dark + 1;
        }
    }
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path fill="#000" d="{path}"/></svg>"##
    ))
}

/// Returns the text's QR code as a picture to save: PNG, eight pixels a module.
///
/// # Errors
/// [`QrError`]
pub fn qr_png(text: &str) -> Result<Vec<u8>, QrError> {
    let code = Code::new(text)?;
    let size = (code.width + 2 * QUIET) * SCALE;
    let mut rows = Vec::with_capacity(size * size / 8);
    for y in 0..size {
        // A module is eight pixels wide: one byte of pixels of one bit.
        let modules = 0..code.width + 2 * QUIET;
        rows.extend(modules.map(|x| if code.is_dark_within(x, y / SCALE) { 0 } else { 0xff }));
    }
    let mut picture = Vec::new();
    let size = u32::try_from(size).map_err(|_| QrError::TooLong)?;
    let mut encoder = Encoder::new(&mut picture, size, size);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.write_header()?.write_image_data(&rows)?;
    Ok(picture)
}

/// The modules of a code, without the quiet zone.
struct Code {
    width: usize,
    modules: Vec<Color>,
}

impl Code {
    fn new(text: &str) -> Result<Self, QrError> {
        let code = QrCode::new(text).map_err(|_| QrError::TooLong)?;
        Ok(Self { width: code.width(), modules: code.into_colors() })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.modules[y * self.width + x] == Color::Dark
    }

    /// The same, counted from the corner of the quiet zone.
    fn is_dark_within(&self, x: usize, y: usize) -> bool {
        let inside = QUIET..self.width + QUIET;
        inside.contains(&x) && inside.contains(&y) && self.is_dark(x - QUIET, y - QUIET)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{QrError, qr_png, qr_svg};

    /// Returns the text that an independent reader finds in a picture of this width.
    fn read(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        let grey = |x, y| if is_dark(x, y) { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, width, grey);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().expect("a code").1
    }

    fn read_png(picture: &[u8]) -> String {
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().expect("PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut bytes).expect("pixels");
        read(info.width as usize, |x, y| bytes[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 0)
    }

    /// Returns the text in the SVG's black squares, drawn four pixels a module.
    fn read_svg(svg: &str) -> String {
        let between = |start: &str, end: &str| svg.split(start).nth(1).expect(start).split(end).next().expect(end);
        let size: usize = between("viewBox=\"0 0 ", " ").parse().expect("a size");
        let mut dark = vec![false; size * size];
        for run in between("fill=\"#000\" d=\"M", "z\"").split("zM") {
            let numbers: Vec<usize> = run.split([' ', 'h', 'v', '-']).filter_map(|n| n.parse().ok()).collect();
            let [x, y, width, 1, back] = numbers[..] else { panic!("{run}") };
            assert_eq!(width, back);
            dark[y * size + x..][..width].fill(true);
        }
        let quiet = |at: usize| at < 4 || at >= size - 4;
        let is_quiet = |place: usize| quiet(place % size) || quiet(place / size);
        assert!((0..dark.len()).all(|place| !(dark[place] && is_quiet(place))), "the quiet zone is white");
        read(size * 4, |x, y| dark[y / 4 * size + x / 4])
    }

    const URI: &str = "otpauth://totp/%E5%81%A5%E4%BF%9D:hanako?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=6";

    #[test]
    fn both_are_read_again() {
        assert_eq!(read_svg(&qr_svg(URI).expect("a code")), URI);
        assert_eq!(read_png(&qr_png(URI).expect("a code")), URI);
    }

    #[test]
    fn the_page_policy_allows_it() {
        let svg = qr_svg(URI).expect("a code");
        assert!(!svg.contains("style") && !svg.contains("script"));
    }

    #[test]
    fn a_novel_does_not_fit() {
        assert!(matches!(qr_svg(&"x".repeat(3_000)), Err(QrError::TooLong)));
        assert!(matches!(qr_png(&"x".repeat(3_000)), Err(QrError::TooLong)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_short_text_is_read_again(text in "[ -~]{1,300}") {
            prop_assert_eq!(read_svg(&qr_svg(&text).expect("a code")), text.clone());
            prop_assert_eq!(read_png(&qr_png(&text).expect("a code")), text);
        }
    }
}
