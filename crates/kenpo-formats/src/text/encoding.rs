//! Which of the two encodings of Japanese offices a file is in.

use std::borrow::Cow;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-31J (cp932), what Japanese offices call Shift_JIS; 外字 become private-use characters (U+E000 on).
    Windows31J,
}

impl Encoding {
    /// Guesses the encoding from the beginning of a file; none while it is plain ASCII. `whole` says that nothing follows.
    ///
    /// Valid UTF-8 is UTF-8, except when its only non-ASCII characters are two bytes long: Japanese text has three-byte
    /// characters, while half-width kana of Windows-31J often look like two-byte ones (`ﾃｽ` = C3 BD).
    pub(crate) fn guess(prefix: &[u8], whole: bool) -> Option<Self> {
        let valid = match std::str::from_utf8(prefix) {
            Ok(text) => text,
            // A character cut by the end of the prefix is no error.
            Err(error) if error.error_len().is_none() && !whole => {
                std::str::from_utf8(prefix.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return Some(Self::Windows31J),
        };
        if valid.is_ascii() {
            return None;
        }
        let three_bytes = valid.chars().any(|character| character.len_utf8() >= 3);
        Some(if three_bytes { Self::Utf8 } else { Self::Windows31J })
    }

    /// Returns the text of the bytes, or none if they are not of this encoding.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Windows31J => encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses() {
        let sjis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
        assert_eq!(Encoding::guess(b"abc", true), None);
        assert_eq!(Encoding::guess("テスト".as_bytes(), true), Some(Encoding::Utf8));
        assert_eq!(Encoding::guess(&"テスト".as_bytes()[..5], false), Some(Encoding::Utf8));
        assert_eq!(Encoding::guess(&"テスト".as_bytes()[..5], true), Some(Encoding::Windows31J));
        assert_eq!(Encoding::guess(&sjis("テスト 太郎"), true), Some(Encoding::Windows31J));
        assert_eq!(Encoding::guess(&sjis("ﾃｽ"), true), Some(Encoding::Windows31J));
    }

    #[test]
    fn gaiji_stay_and_nonsense_is_refused() {
        assert_eq!(Encoding::Windows31J.decode(&[0xF0, 0x40]).as_deref(), Some("\u{e000}"));
        assert_eq!(Encoding::Windows31J.decode(&[0x81]), None);
        assert_eq!(Encoding::Utf8.decode(&[0xFF]), None);
        // 髙 and 﨑 are in Windows-31J though not in JIS X 0208.
        assert_eq!(Encoding::Windows31J.decode(&[0xFB, 0xFC, 0xFA, 0xB1]).as_deref(), Some("髙﨑"));
    }
}
