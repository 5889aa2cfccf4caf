//! Words can be read on every ground in both colour schemes (WCAG 2.2, success criterion 1.4.3), as far as the style sheets say.

use super::STYLES;

/// The colours of text.
const WORDS: &[&str] = &["ink", "ink-2", "link", "main", "main-hover", "danger", "warn-ink"];

/// The grounds that text of any of these colours may stand on.
const GROUNDS: &[&str] = &["ground", "paper", "main-weak", "line-2", "warn", "danger-weak"];

/// The grounds of text in `on-main`.
const STRONG: &[&str] = &["main", "main-hover", "danger"];

/// The rules with such a ground: all are variants of a rule whose words are `on-main`.
const STRONG_RULES: &[&str] = &[".button", ".button:hover", ".button--danger", ".pagination li a[aria-current]"];

/// The rules whose colours are no tokens: a society's own mark, and what has to be white for a camera.
const OTHERS: &[&str] = &[".mark", ".mark--own", ".qr"];

/// The declarations that would change a colour from the one that its rule gives.
const FORBIDDEN: &[&str] = &["opacity", "filter", "mix-blend-mode", "background-blend-mode", "background-image"];

/// The least contrast of words with their ground.
const LEAST: f64 = 4.5;

#[test]
fn words_can_be_read_on_every_ground_in_both_schemes() {
    let tokens = STYLES[0];
    let (light, dark) = tokens.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for (scheme, tokens) in [("light", light), ("dark", dark)] {
        for (words, grounds) in [(WORDS, GROUNDS), (&["on-main"], STRONG)] {
            for (word, ground) in words.iter().flat_map(|word| grounds.iter().map(move |ground| (word, ground))) {
                let contrast = contrast(colour(tokens, word), colour(tokens, ground));
                assert!(contrast >= LEAST, "{word} on {ground} in {scheme} colours: {contrast:.2}");
            }
        }
    }
}

#[test]
fn the_colours_of_words_and_grounds_are_those_that_are_held_against_each_other() {
    let mut seen = 0;
    // The first are the tokens, the last are for paper.
    for (selector, property, value) in STYLES[1..STYLES.len() - 1].iter().flat_map(|style| declarations(style)) {
        assert!(!FORBIDDEN.contains(&property), "{selector} {{ {property}: {value} }} makes other colours");
        if OTHERS.contains(&selector) {
            continue;
        }
        let token = value.strip_prefix("var(--").and_then(|value| value.strip_suffix(')')).unwrap_or(value);
        let is_known = match property {
            "color" if STRONG_RULES.contains(&selector) => token == "on-main" || WORDS.contains(&token),
            "color" => value == "inherit" || WORDS.contains(&token),
            "fill" if selector.contains("text") => WORDS.contains(&token),
            "background" | "background-color" => {
                value == "none"
                    || GROUNDS.contains(&token)
                    || STRONG_RULES.contains(&selector) && STRONG.contains(&token)
            }
            _ => continue,
        };
        assert!(is_known, "{selector} {{ {property}: {value} }}: which words stand on which ground there?");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

/// Returns the style sheet's declarations, each with its rule's selector.
fn declarations(style: &str) -> Vec<(&str, &str, &str)> {
    let mut all = Vec::new();
    for block in style.split('}') {
        let Some((before, body)) = block.rsplit_once('{') else { continue };
        let selector = before.rsplit(['{', '/']).next().unwrap_or_default().trim();
        let pairs = body.split(';').filter_map(|declaration| declaration.split_once(':'));
        all.extend(pairs.map(|(property, value)| (selector, property.trim(), value.trim())));
    }
    all
}

/// Returns the value of a token as red, green and blue from 0 to 255.
fn colour(tokens: &str, name: &str) -> [u8; 3] {
    let (_, rest) = tokens.split_once(&format!("--{name}: #")).unwrap_or_else(|| panic!("there is no --{name}"));
    let digits: Vec<u8> =
        rest.chars().map_while(|digit| digit.to_digit(16)).map(|digit| u8::try_from(digit).unwrap()).collect();
    match digits[..] {
        [red, green, blue] => [red * 17, green * 17, blue * 17],
        [r, red, g, green, b, blue] => [r * 16 + red, g * 16 + green, b * 16 + blue],
        _ => panic!("--{name} is no colour"),
    }
}

/// Returns the contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns the relative luminance of a colour, from 0 to 1 (WCAG 2.2, "relative luminance").
fn luminance(colour: [u8; 3]) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[test]
fn the_contrast_is_that_of_the_standard() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    // #767676 on white is the lightest grey that passes.
    assert!(contrast([0x76; 3], [255; 3]) >= LEAST && contrast([0x77; 3], [255; 3]) < LEAST);
}
