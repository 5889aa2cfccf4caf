//! Widths of characters: what a person sees as the same, compares as the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// Full-width forms of U+FF61 to U+FF9F in order.
const WIDE_KANA: [char; 63] = [
    '。', '「', '」', '、', '・', 'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ',
    'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ',
    'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル',
    'レ', 'ロ', 'ワ', 'ン', '゛', '゜',
];

/// Returns the text with half-width kana made full-width and full-width ASCII made half-width; nothing else changes.
///
/// ```
/// assert_eq!(kenpo_formats::text::fold("ﾃｽﾄ ﾀﾞﾛｳ　１２－Ａ"), "テスト ダロウ 12-A");
/// ```
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        let mark = match character {
            'ﾞ' => Some('\u{3099}'),
            'ﾟ' => Some('\u{309a}'),
            _ => None,
        };
        if let Some(composed) = mark.and_then(|mark| compose(folded.chars().next_back()?, mark)) {
            folded.pop();
            folded.push(composed);
            continue;
        }
        folded.push(match character {
            '！'..='～' => char::from_u32(character as u32 - 0xFEE0).unwrap_or(character),
            '\u{3000}' => ' ',
            '￥' => '¥',
            '｡'..='ﾟ' => WIDE_KANA.get((character as usize).wrapping_sub(0xFF61)).copied().unwrap_or(character),
            other => other,
        });
    }
    folded
}

/// Returns the text without invisible characters: zero-width spaces and joiners, marks of direction, byte order marks. They
/// come along where people paste.
///
/// ```
/// assert_eq!(kenpo_formats::text::visible("\u{2068}123\u{200b}456\u{feff}"), "123456");
/// ```
pub fn visible(text: &str) -> String {
    text.chars().filter(|character| !is_invisible(*character)).collect()
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Returns the key by which names are compared and searched: widths folded (NFKC), hiragana as katakana, lower case, no spaces.
/// Kana that programs write differently are one: small as large, long vowel marks as the vowel, ヂ as ジ, ヅ as ズ, ヰ, ヱ and ヲ as
/// イ, エ and オ.
///
/// ```
/// use kenpo_formats::text::search_key;
///
/// assert_eq!(search_key("てすと　Ｔａｒｏ"), search_key("ﾃｽﾄTARO"));
/// assert_eq!(search_key("ショウイチロー"), search_key("ｼﾖｳｲﾁﾛｳ"));
/// ```
pub fn search_key(text: &str) -> String {
    let plain: String = text
        .nfkc()
        .map(|character| match character {
            'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(character as u32 + 0x60).unwrap_or(character),
            other => other,
        })
        .flat_map(char::to_lowercase)
        .filter(|character| !character.is_whitespace())
        .nfkc()
        .collect();
    let mut before = None;
    let spelled = plain.chars().map(|character| {
        let kana = match character {
            'ー' => before.unwrap_or(character),
            other => large(other),
        };
        // A voiced mark of its own changes no vowel.
        if !matches!(kana, '\u{3099}' | '\u{309a}') {
            before = long_vowel(kana);
        }
        kana
    });
    let sounded = |character| match character {
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ヰ' => 'イ',
        'ヱ' => 'エ',
        'ヲ' => 'オ',
        other => other,
    };
    spelled.nfkc().map(sounded).collect()
}

/// Returns small kana as large, as half-width files write them.
fn large(character: char) -> char {
    match character {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        other => other,
    }
}

/// Returns the vowel that a long vowel mark after this kana stands for, as it is written without one: ロー is ロウ, ケー is ケイ.
fn long_vowel(kana: char) -> Option<char> {
    const SOUNDS: [(&str, char); 5] = [
        ("アカサタナハマヤラワガザダバパヷ", 'ア'),
        ("イキシチニヒミリギジヂビピヰヸ", 'イ'),
        ("ウクスツヌフムユルグズヅブプヴ", 'ウ'),
        ("エケセテネヘメレゲゼデベペヱヹ", 'イ'),
        ("オコソトノホモヨロゴゾドボポヲヺ", 'ウ'),
    ];
    SOUNDS.iter().find(|(sounds, _)| sounds.contains(kana)).map(|(_, vowel)| *vowel)
}

/// Returns a 記号 or 番号 in the form that compares equal across files: as [`plain_number`], without leading zeros, which one program
/// writes and the next drops.
///
/// ```
/// use kenpo_formats::text::holder_key_part;
///
/// assert_eq!(holder_key_part("００１２－３４ａ"), holder_key_part("12 34A"));
/// assert_eq!(holder_key_part("000"), "0");
/// ```
pub fn holder_key_part(text: &str) -> String {
    let plain = plain_number(text);
    let short = plain.trim_start_matches('0');
    if short.is_empty() && !plain.is_empty() { "0".to_owned() } else { short.to_owned() }
}

/// Returns a 記号 or 番号 without what does not count when it is typed or searched: half width, upper case, no spaces, no hyphens.
///
/// Hyphens of all kinds go, the long-vowel mark too, which many keyboards give for one.
///
/// ```
/// use kenpo_formats::text::plain_number;
///
/// assert_eq!(plain_number("００１２－３４ａ"), "001234A");
/// ```
pub fn plain_number(text: &str) -> String {
    fold(text)
        .chars()
        .filter(|character| !character.is_whitespace() && !is_hyphen(*character))
        .flat_map(char::to_uppercase)
        .collect()
}

fn is_hyphen(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{ad}' | '\u{2010}'
            ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{fe58}' | '\u{fe63}' | 'ー'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kana_with_marks() {
        assert_eq!(fold("ｶﾞｷﾞﾊﾟｳﾞﾜﾞ"), "ガギパヴヷ");
        assert_eq!(fold("ﾞｱﾟ"), "゛ア゜");
        assert_eq!(fold("髙﨑 ①㈱"), "髙﨑 ①㈱");
        assert_eq!(fold("＝！～"), "=!~");
    }

    #[test]
    fn hyphens_of_all_kinds() {
        for hyphen in ["-", "‐", "‑", "‒", "–", "—", "―", "−", "－", "ー", "ｰ", "﹣", " ", "　"] {
            assert_eq!(holder_key_part(&format!("１{hyphen}2")), "12", "{hyphen}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_stable(text in "\\PC*") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(holder_key_part(&fold(&text)), holder_key_part(&text));
            let key = search_key(&text);
            prop_assert_eq!(search_key(&key), key);
        }
    }
}
