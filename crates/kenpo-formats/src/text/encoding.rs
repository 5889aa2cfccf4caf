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
    /// Text that is UTF-8 but for a few bytes is UTF-8: the lines of those bytes cannot be read. Valid UTF-8 is UTF-8, except when its only non-ASCII characters are two bytes long: Japanese text has three-byte
    /// characters, while half-width kana of Windows-31J often look like two-byte ones (`ﾃｽ` = C3 BD).
    pub(crate) fn guess(prefix: &[u8], whole: bool) -> Option<Self> {
        let valid = match std::str::from_utf8(prefix) {
            Ok(text) => text,
            // A character cut by the end of the prefix is no error.
            Err(error) if error.error_len().is_none() && !whole => {
                std::str::from_utf8(prefix.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return Some(if has_few_faults(prefix) { Self::Utf8 } else { Self::Windows31J }),
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

/// How many three-byte characters stand in UTF-8 for each place that is none. Windows-31J has a few by chance among many such places.
const CHARACTERS_TO_FAULT: usize = 10;

/// Whether the bytes are Japanese text in UTF-8 but for a few places.
fn has_few_faults(bytes: &[u8]) -> bool {
    let (mut characters, mut faults) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        characters += chunk.valid().chars().filter(|character| character.len_utf8() == 3).count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    characters >= faults * CHARACTERS_TO_FAULT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_byte_makes_no_other_encoding() {
        let text = "保険者番号,記号,番号,氏名\r\n06139018,81,1,テスト 太郎\r\n";
        let mut broken = text.as_bytes().to_vec();
        broken.extend(b"06139018,81,2,\xFF\r\n");
        assert_eq!(Encoding::guess(&broken, true), Some(Encoding::Utf8));
        let mut broken = encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
        broken.extend("繝亜".as_bytes());
        assert_eq!(Encoding::guess(&broken, true), Some(Encoding::Windows31J));
    }

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
