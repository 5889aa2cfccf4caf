//! Yen as people write them.

use crate::fault::quote;
use crate::text::fold;

/// The largest amount that is read, in yen: what a ten-digit field of a claim can hold.
const MAX: i64 = 9_999_999_999;

/// Returns the yen of an amount written with or without separators, ¥ or 円, in either width.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let folded = fold(text);
    let bare = folded.trim();
    let bare = bare.strip_prefix(['¥', '\\']).unwrap_or(bare);
    let bare = bare.strip_suffix('円').unwrap_or(bare).trim();
    if bare.starts_with(['-', '−', '▲', '△']) {
        return Err(format!("{}は負の金額です。0以上の円で入力してください。", quote(text)));
    }
    let digits: String = bare.chars().filter(|character| *character != ',').collect();
    let amount = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    let amount = amount.filter(|amount| *amount <= MAX);
    amount.ok_or_else(|| format!("{}は金額ではありません。0以上の円(100億円未満)で入力してください。", quote(text)))
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
        for (text, expected) in
            [("1,234", 1234), ("￥１，２３４", 1234), ("1234円", 1234), ("\\1,234 円", 1234), ("0", 0)]
        {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for bad in ["-1", "▲1", "1.5", "", "円", "10000000000", "99999999999999999999", "1 2", "+1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
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
