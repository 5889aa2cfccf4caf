//! The cheapest way to compose a password from parts.

use super::{Weakness, dates, keys, words};
use crate::code::half_width;

/// The number of characters that are examined; a password this long is strong by its beginning, or weak.
const LIMIT: usize = 100;

/// The longest part that is looked for.
const PART_LIMIT: usize = 32;

/// Prices in tenths of a bit.
const OWN: u32 = 20;
const AGAIN: u32 = 20;

/// The cheapest reading of a password.
pub(super) struct Reading {
    /// Its price in tenths of a bit.
    pub(super) tenths: u32,
    /// The main kind of weakness of the password, unless it is single characters only.
    pub(super) mostly: Option<Weakness>,
}

/// The cheapest reading of a beginning of the password: its price, and the start and kind of its last part.
#[derive(Clone, Copy)]
struct Step {
    tenths: u32,
    start: usize,
    kind: Option<Weakness>,
}

impl Reading {
    pub(super) fn cheapest(password: &str, own: &[&str]) -> Self {
        let text: Vec<char> = fold(password).into_iter().take(LIMIT).collect();
        let own = own_words(own);
        let mut steps = vec![Step { tenths: 0, start: 0, kind: None }];
        for end in 1..=text.len() {
            let alone = steps[end - 1].tenths + character(text[end - 1]);
            let mut best = Step { tenths: alone, start: end - 1, kind: None };
            for (start, before) in steps.iter().enumerate().skip(end.saturating_sub(PART_LIMIT)) {
                if let Some((price, kind)) = part(&text, start, end, &own) {
                    let tenths = before.tenths + price;
                    if tenths < best.tenths {
                        best = Step { tenths, start, kind: Some(kind) };
                    }
                }
            }
            steps.push(best);
        }
        let whole: String = text.iter().collect();
        let backwards: String = text.iter().rev().collect();
        let tenths = steps.last().map_or(0, |step| step.tenths);
        if words::is_common(&whole) || words::is_common(&backwards) {
            return Self { tenths: tenths.min(words::COMMON), mostly: Some(Weakness::Common) };
        }
        Self { tenths, mostly: mostly(&steps) }
    }
}

/// Returns the kind of part that covers most of the reading.
fn mostly(steps: &[Step]) -> Option<Weakness> {
    // In the order in which one is named before another that covers as much.
    let kinds =
        [Weakness::OwnData, Weakness::Context, Weakness::Name, Weakness::Date, Weakness::Common, Weakness::Repetition];
    let mut covered = [0; 6];
    let mut end = steps.len() - 1;
    while end > 0 {
        let step = steps[end];
        if let Some(place) = kinds.iter().position(|kind| Some(*kind) == step.kind) {
            covered[place] += end - step.start;
        }
        end = step.start;
    }
    let most = covered.iter().copied().max().filter(|most| *most > 0)?;
    covered.iter().position(|length| *length == most).map(|place| kinds[place])
}

/// Returns the price and kind of this part of the text, if it is anything but single characters.
fn part(text: &[char], start: usize, end: usize, own: &[Vec<char>]) -> Option<(u32, Weakness)> {
    let part = &text[start..end];
    let length = part.len();
    if length <= start && text[start - length..start] == *part {
        return Some((AGAIN, Weakness::Repetition));
    }
    if length < 3 {
        return None;
    }
    if own.iter().any(|own| own == part) {
        return Some((OWN, Weakness::OwnData));
    }
    let found = [words::price(part), dates::price(part), keys::price(part).map(|p| (p, Weakness::Repetition))];
    found.into_iter().flatten().min_by_key(|(price, _)| *price)
}

/// Returns the price of a character that belongs to no part.
fn character(c: char) -> u32 {
    match c {
        '0'..='9' => 33,
        'a'..='z' => 47,
        c if c.is_ascii() => 50,
        _ => 70,
    }
}

/// Returns the text in small letters of half width.
fn fold(text: &str) -> Vec<char> {
    text.chars().map(half_width).flat_map(char::to_lowercase).collect()
}

/// Returns the forms of the owner's data in a password: whole, in its pieces, backwards, a birthday in other orders.
fn own_words(own: &[&str]) -> Vec<Vec<char>> {
    let mut words: Vec<Vec<char>> = Vec::new();
    for text in own.iter().map(|own| fold(own)) {
        let pieces = text.split(|c| !c.is_alphanumeric()).map(<[char]>::to_vec);
        words.extend(pieces);
        words.push(text.iter().copied().filter(|c| c.is_alphanumeric()).collect());
        words.extend(dates::orders(&text));
        words.push(text);
    }
    words.retain(|word| word.len() >= 3);
    let backwards: Vec<Vec<char>> = words.iter().map(|word| word.iter().rev().copied().collect()).collect();
    words.extend(backwards);
    words
}
