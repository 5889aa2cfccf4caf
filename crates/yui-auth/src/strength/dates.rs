//! Dates in passwords, in all orders.

use super::Weakness;

/// Prices in tenths of a bit: about a hundred years of 365 days, and less for less.
const DAY: u32 = 155;
const DAY_WITH_SIGNS: u32 = 165;
const MONTH_OF_YEAR: u32 = 105;
const DAY_OF_YEAR: u32 = 85;
const YEAR: u32 = 70;
const YEAR_OF_ERA: u32 = 80;

/// The price and kind of a part that is a date.
pub(super) fn price(part: &[char]) -> Option<(u32, Weakness)> {
    let price = numbers(part).and_then(|digits| plain(&digits)).or_else(|| of_era(part)).or_else(|| with_signs(part));
    price.map(|price| (price, Weakness::Date))
}

/// A birthday of eight digits in the orders in which people write it; nothing for any other text.
pub(super) fn orders(text: &[char]) -> Vec<Vec<char>> {
    let [y1, y2, y3, y4, m1, m2, d1, d2] = *text else { return Vec::new() };
    if !numbers(text).is_some_and(|n| is_year(join(&n[..4])) && is_day(join(&n[4..6]), join(&n[6..]))) {
        return Vec::new();
    }
    vec![
        vec![y1, y2, y3, y4],
        vec![m1, m2, d1, d2],
        vec![d1, d2, m1, m2],
        vec![y3, y4, m1, m2, d1, d2],
        vec![m1, m2, d1, d2, y3, y4],
        vec![d1, d2, m1, m2, y3, y4],
        vec![m1, m2, d1, d2, y1, y2, y3, y4],
        vec![d1, d2, m1, m2, y1, y2, y3, y4],
        vec![y1, y2, y3, y4, m1, m2],
    ]
}

fn plain(n: &[u32]) -> Option<u32> {
    match *n {
        [_, _, _, _] if is_year(join(n)) => Some(YEAR),
        [_, _, _, _] if is_day_either_way(&n[..2], &n[2..]) => Some(DAY_OF_YEAR),
        [_, _, _, _, _, _] if is_day_either_way(&n[2..4], &n[4..]) || is_day_either_way(&n[..2], &n[2..4]) => Some(DAY),
        [_, _, _, _, _, _] if is_year(join(&n[..4])) && (1..=12).contains(&join(&n[4..])) => Some(MONTH_OF_YEAR),
        [_, _, _, _, _, _, _, _] => {
            let year_first = is_year(join(&n[..4])) && is_day_either_way(&n[4..6], &n[6..]);
            let year_last = is_year(join(&n[4..])) && is_day_either_way(&n[..2], &n[2..4]);
            (year_first || year_last).then_some(DAY)
        }
        _ => None,
    }
}

/// `s54`, `h2`, `r080401`: an era's letter, a year, perhaps month and day.
fn of_era(part: &[char]) -> Option<u32> {
    let (era, rest) = part.split_first()?;
    let n = numbers(rest).filter(|_| matches!(era, 'm' | 't' | 's' | 'h' | 'r'))?;
    let is_year = |year| (1..=64).contains(&year);
    match *n {
        [_, _] if is_year(join(&n)) => Some(YEAR_OF_ERA),
        [_, _, _, _, _, _] if is_year(join(&n[..2])) && is_day(join(&n[2..4]), join(&n[4..])) => Some(DAY),
        _ => None,
    }
}

/// `1979-8-22`, `22/08/1979`, `1979年8月22日`.
fn with_signs(part: &[char]) -> Option<u32> {
    let part = part.strip_suffix(&['日']).unwrap_or(part);
    let mut numbers = part.split(|c| "-/._ 年月".contains(*c)).map(|n| numbers(n).filter(|n| n.len() <= 4));
    let (a, b, c) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() || a.is_empty() || b.is_empty() || c.is_empty() {
        return None;
    }
    let is_date = |year: &[u32], one: &[u32], other: &[u32]| {
        (year.len() == 2 || is_year(join(year))) && is_day_either_way(one, other)
    };
    (is_date(&a, &b, &c) || is_date(&c, &a, &b)).then_some(DAY_WITH_SIGNS)
}

fn is_year(year: u32) -> bool {
    (1900..2050).contains(&year)
}

fn is_day(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn is_day_either_way(one: &[u32], other: &[u32]) -> bool {
    is_day(join(one), join(other)) || is_day(join(other), join(one))
}

/// The digits' values, `None` if anything else is among them.
fn numbers(part: &[char]) -> Option<Vec<u32>> {
    part.iter().map(|c| c.to_digit(10)).collect()
}

/// The number of up to eight digits.
fn join(digits: &[u32]) -> u32 {
    digits.iter().take(8).fold(0, |number, digit| number * 10 + digit)
}
