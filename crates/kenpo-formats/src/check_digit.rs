//! The check digit of insurers and providers: the Luhn rule, weights 2, 1, 2, 1… from the right of the body.

/// Returns whether the last of the digits is the check digit of those before it; false if any byte is not a digit.
pub(crate) fn luhn_holds(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (place, byte) in digits.iter().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        };
    }
    !digits.is_empty() && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::luhn_holds;

    #[test]
    fn published_examples() {
        for good in ["33120015", "06132013", "01010016", "01130012", "54016027", "0110113719"] {
            assert!(luhn_holds(good.as_bytes()), "{good}");
        }
        for bad in ["06139019", "33120016", "", "0613901x"] {
            assert!(!luhn_holds(bad.as_bytes()), "{bad}");
        }
    }
}
