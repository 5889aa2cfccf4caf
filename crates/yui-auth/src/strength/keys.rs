//! Sequences, and rows of keys on a Japanese keyboard.

/// Prices in tenths of a bit.
const SEQUENCE: u32 = 60;
const ROW: u32 = 65;
const TURN: u32 = 25;

const ROWS: [&str; 4] = ["1234567890-^", "qwertyuiop@[", "asdfghjkl;:]", "zxcvbnm,./"];

/// The price of a part that runs along the alphabet, the digits or the keys.
pub(super) fn price(part: &[char]) -> Option<u32> {
    if is_sequence(part) { Some(SEQUENCE) } else { row(part) }
}

/// Whether each character is the next, or the one before.
fn is_sequence(part: &[char]) -> bool {
    let follows = |a: char, b: char| u32::from(a) + 1 == u32::from(b);
    part.iter().all(char::is_ascii_alphanumeric)
        && (part.windows(2).all(|pair| follows(pair[0], pair[1]))
            || part.windows(2).all(|pair| follows(pair[1], pair[0])))
}

/// The price of four or more keys that touch, by the number of turns.
fn row(part: &[char]) -> Option<u32> {
    if part.len() < 4 {
        return None;
    }
    let places = part.iter().map(|c| place(*c)).collect::<Option<Vec<_>>>()?;
    let moves: Vec<(i32, i32)> = places.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1)).collect();
    if moves.iter().any(|(down, right)| down.abs() > 1 || right.abs() > 1 || (*down, *right) == (0, 0)) {
        return None;
    }
    let turns = moves.windows(2).filter(|pair| pair[0] != pair[1]).count();
    Some(ROW + TURN * u32::try_from(turns).unwrap_or(u32::MAX / TURN / 2))
}

/// The key's row and its place there.
fn place(c: char) -> Option<(i32, i32)> {
    ROWS.iter()
        .zip(0..)
        .find_map(|(keys, row)| keys.chars().zip(0..).find(|(key, _)| *key == c).map(|(_, at)| (row, at)))
}
