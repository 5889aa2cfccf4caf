//! A society's colour on Yui's pages: whether it can be read (WCAG 2.2, 1.4.3), and the tones made from it.

/// A colour of a screen (sRGB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The least contrast of text with its ground.
pub(crate) const LEAST: f64 = 4.5;

const WHITE: Colour = Colour { red: 255, green: 255, blue: 255 };
/// The grounds of text on light pages besides white, and on dark pages.
const GROUND: Colour = Colour { red: 0xf6, green: 0xf6, blue: 0xf4 };
const DARK: [Colour; 2] =
    [Colour { red: 0x17, green: 0x17, blue: 0x1a }, Colour { red: 0x22, green: 0x22, blue: 0x26 }];

impl Colour {
    /// Reads `#00695c`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hex = text.trim().strip_prefix('#').filter(|hex| hex.len() == 6 && hex.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        Some(Self { red: part(0)?, green: part(2)?, blue: part(4)? })
    }

    /// Returns the colour as style sheets write it.
    pub(crate) fn text(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(self.red) + 0.7152 * part(self.green) + 0.0722 * part(self.blue)
    }

    /// Returns the contrast with another colour, 1 to 21.
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Returns a mixture with this many hundredths of this colour, and the rest of the other.
    fn mixed(self, other: Self, hundredths: u16) -> Self {
        let part = |one: u8, two: u8| {
            let sum = u16::from(one) * hundredths + u16::from(two) * (100 - hundredths);
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self { red: part(self.red, other.red), green: part(self.green, other.green), blue: part(self.blue, other.blue) }
    }

    /// Returns the smallest contrast that text in this colour has on light pages.
    pub(crate) fn contrast_on_light(self) -> f64 {
        [WHITE, GROUND, self.weak()].into_iter().map(|behind| self.contrast(behind)).fold(f64::MAX, f64::min)
    }

    /// Returns the faint tone behind the chosen entry of a menu.
    fn weak(self) -> Self {
        self.mixed(WHITE, 9)
    }

    /// Returns the nearest darker tone that can be read on light pages.
    pub(crate) fn readable(self) -> Self {
        let black = Self { red: 0, green: 0, blue: 0 };
        (0..=100)
            .rev()
            .map(|hundredths| self.mixed(black, hundredths))
            .find(|tone| tone.contrast_on_light() >= LEAST)
            .unwrap_or(black)
    }

    /// Returns the nearest lighter tone that can be read on dark pages, on its own faint tone too.
    fn on_dark(self) -> Self {
        let fits =
            |tone: &Self| DARK.into_iter().chain([tone.weak_on_dark()]).all(|behind| tone.contrast(behind) >= LEAST);
        (0..=100).rev().map(|hundredths| self.mixed(WHITE, hundredths)).find(fits).unwrap_or(WHITE)
    }

    fn weak_on_dark(self) -> Self {
        self.mixed(DARK[1], 18)
    }

    /// Returns the style sheet that puts this colour in the place of Yui's own.
    pub(crate) fn style(self) -> String {
        let black = Self { red: 0, green: 0, blue: 0 };
        let dark = self.on_dark();
        let names = |main: Self, hover: Self, weak: Self, on: &str, bar: Self| {
            format!(
                "--main: {0}; --main-hover: {1}; --main-weak: {2}; --on-main: {on}; --link: {0}; --self: {0}; --bar-quiet: {3};",
                main.text(),
                hover.text(),
                weak.text(),
                bar.text()
            )
        };
        let light = names(self, self.mixed(black, 75), self.weak(), "#fff", self.mixed(WHITE, 35));
        let night = names(dark, dark.mixed(WHITE, 60), dark.weak_on_dark(), "#101014", dark.mixed(DARK[1], 55));
        format!(
            ":root {{ {light} --mark: {}; }}\n@media (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n",
            self.text()
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrasts_are_those_of_the_guidelines() {
        let grey = Colour::parse("#767676").unwrap();
        assert!((grey.contrast(WHITE) - 4.54).abs() < 0.01);
        assert!((WHITE.contrast(Colour::parse("#000000").unwrap()) - 21.0).abs() < 0.001);
        assert_eq!(Colour::parse("#0017c1").unwrap().text(), "#0017c1");
        for wrong in ["0017c1", "#017c1", "#0017cg", "", "#日本"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_colour_what_is_made_of_it_can_be_read(red: u8, green: u8, blue: u8) {
            let colour = Colour { red, green, blue };
            let light = colour.readable();
            prop_assert!(light.contrast_on_light() >= LEAST);
            let dark = light.on_dark();
            for behind in DARK.into_iter().chain([dark.weak_on_dark()]) {
                prop_assert!(dark.contrast(behind) >= LEAST, "{dark:?} on {behind:?}");
            }
            prop_assert!(dark.contrast(Colour::parse("#101014").unwrap()) >= LEAST);
            prop_assert!(light.contrast(WHITE) >= LEAST);
        }
    }
}
