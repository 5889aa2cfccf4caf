//! Codes of six digits as people type them.

/// The six digits typed, in ASCII: spaces, hyphens and what cannot be seen are left out, full-width digits are taken for what they
/// are.
///
/// `None` if that leaves anything but six digits.
pub(crate) fn six(given: &str) -> Option<[u8; 6]> {
    let mut digits = given.chars().filter(|c| !is_between(*c)).map(digit);
    let mut six = [0; 6];
    for place in &mut six {
        *place = digits.next()??;
    }
    digits.next().is_none().then_some(six)
}

/// The number as six ASCII digits, the last six if it has more.
pub(crate) fn of_number(number: u64) -> [u8; 6] {
    let (mut six, mut rest) = ([b'0'; 6], number);
    for place in six.iter_mut().rev() {
        *place += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    six
}

/// Whether the character only stands between digits: people paste codes with hyphens, and marks that nobody sees come along.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | 'ー' | '－' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

fn digit(c: char) -> Option<u8> {
    let value = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        '０'..='９' => u32::from(c) - u32::from('０'),
        _ => return None,
    };
    u8::try_from(value).ok().map(|value| b'0' + value)
}

#[cfg(test)]
mod tests {
    use super::{of_number, six};

    #[test]
    fn digits_are_read_as_people_type_them() {
        let pasted = ["012-345", "０１２－３４５", "\u{2068}012345\u{2069}", "\u{feff}012\u{200b}345"];
        for given in ["012345", "012 345", " 0 1 2 3 4 5\n", "０１２３４５", "０１２　３４５"].into_iter().chain(pasted)
        {
            assert_eq!(six(given), Some(*b"012345"), "{given:?}");
        }
        for given in ["", "12345", "1234567", "12345a", "12.345", "一二三四五六", "٠١٢٣٤٥"] {
            assert_eq!(six(given), None, "{given:?}");
        }
    }

    #[test]
    fn numbers_have_leading_zeros_and_at_most_six_digits() {
        assert_eq!(of_number(0), *b"000000");
        assert_eq!(of_number(42), *b"000042");
        assert_eq!(of_number(u64::MAX), *b"551615");
    }
}
