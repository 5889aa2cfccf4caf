//! Yen as people write them.

use crate::fault::quote;
use crate::text::fold;
use crate::written::spreadsheet_damage;

/// The largest amount that is read, in yen: what a ten-digit field of a claim can hold.
const MAX: i64 = 9_999_999_999;

/// Returns the yen of an amount that may be negative: `-100`, `▲100`, `△100`, `(100)`.
///
/// With or without separators, ¥, 円 and zeros behind a decimal point, in either width; a dash alone is a spreadsheet's zero.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let folded = fold(text);
    let bare = folded.trim();
    let (negative, bare) = match bare.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => (true, inner.trim()),
        None => (false, bare),
    };
    let bare = bare.strip_prefix(['¥', '\\']).unwrap_or(bare).trim_start();
    let (negative, bare) = match bare.strip_prefix(is_minus) {
        Some(rest) if rest.trim().is_empty() && !negative => return Ok(0),
        Some(rest) => (true, rest.trim_start()),
        None => (negative, bare),
    };
    let bare = bare.strip_prefix(['¥', '\\']).unwrap_or(bare);
    let bare = bare.strip_suffix('円').unwrap_or(bare).trim();
    let whole = match bare.split_once('.') {
        Some((whole, part)) if !part.is_empty() && part.bytes().all(|digit| digit == b'0') => whole,
        _ => bare,
    };
    let digits = if has_separators_of_thousands(whole) { whole.replace(',', "") } else { whole.to_owned() };
    let amount = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten();
    let amount = amount.filter(|amount| *amount <= MAX);
    let amount = amount.ok_or_else(|| match spreadsheet_damage(text) {
        Some(reason) => reason,
        None => format!("{}は金額ではありません。0以上の円(100億円未満)で入力してください。", quote(text)),
    })?;
    Ok(if negative { -amount } else { amount })
}

/// Whether the commas stand where thousands end: `1,00` may be `1.00` or `100`.
fn has_separators_of_thousands(digits: &str) -> bool {
    let mut groups = digits.split(',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

fn is_minus(character: char) -> bool {
    matches!(character, '-' | '−' | '‐' | '‑' | '–' | '—' | '―' | 'ー' | '─' | '▲' | '△')
}

/// Returns the amount with separators of thousands: `78,040`.
pub(crate) fn with_separators(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut written = if amount < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_in_many_dresses() {
        for (text, expected) in [
            ("1,234", 1234),
            ("￥１，２３４", 1234),
            ("1234円", 1234),
            ("\\1,234 円", 1234),
            ("0", 0),
            ("10000.0", 10_000),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for bad in [
            "1.5",
            "",
            "円",
            "10000000000",
            "99999999999999999999",
            "1 2",
            "+1",
            "1,00",
            "12,34",
            ",100",
            "1000,000",
            "1,,000",
            "1,000,",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        for zero in ["-", " - ", " -   ", "－", "ー", "−", "¥-"] {
            assert_eq!(parse(zero), Ok(0), "{zero}");
        }
        for negative in ["-100", "▲100", "△ 100", "(100)", "-¥100", "¥-100", "－１００円", "(100.00)"] {
            assert_eq!(parse(negative), Ok(-100), "{negative}");
        }
        assert!(parse("1E+04").unwrap_err().contains("指数"));
        assert_eq!(
            (with_separators(i64::MIN).as_str(), with_separators(-12).as_str()),
            ("-9,223,372,036,854,775,808", "-12")
        );
    }

    proptest! {
        #[test]
        fn written_amounts_read_back(amount in 0..=MAX) {
            prop_assert_eq!(parse(&with_separators(amount)), Ok(amount));
        }
    }
}
