//! Words known to everybody who guesses.

use sha2::{Digest, Sha256};

use super::Weakness;

/// Passwords that many people have, and frequent Japanese words in Latin letters; `data/README.md` tells their source
/// and how the file is made.
const COMMON_WORDS: &[u8] = include_bytes!("../../data/common.bin");

/// Japanese names in Latin letters, made likewise.
const NAMES: &[u8] = include_bytes!("../../data/names.bin");

/// Prices in tenths of a bit.
pub(super) const COMMON: u32 = 130;
const NAME: u32 = 90;
const SHORT_NAME: u32 = 110;
const CONTEXT: u32 = 50;
const ERA: u32 = 40;
const LEET: u32 = 10;

/// The words that come to the mind of members when their society asks for a password.
const CONTEXT_WORDS: &str = "\
    yui portal mypage member kenpo kempo kenpokumiai kempokumiai kumiai hoken hokensho hokenshou hokenjo kenkou \
    kenko kenkouhoken kenkohoken kenkouhokenkumiai kenkohokenkumiai shakaihoken shaho kokuho nenkin iryou iryo \
    iryouhi iryohi iryouhitsuchi kyufu kyuufu kyufukin kougaku kogaku ryouyou ryouyouhi ryoyohi fuyou fuyo \
    kazoku hihokensha byouin byoin kenshin kenshindock ningendock karada health kaisha jinji soumu mynumber nihon \
    けんぽ 健保 健康 保険 健康保険 組合 健保組合 保険証 医療費 給付 会社";

/// Words often typed in kana that the list of passwords lacks.
const KANA_WORDS: &str = "ぱすわーど パスワード あいうえお アイウエオ いろはにほへと ひみつ 秘密 おはよう";

const ERAS: &str = "meiji taisho taishou showa shouwa heisei reiwa 大正 昭和 平成 令和";

/// Returns the price and kind of a word: as it stands, or with digits and signs read as the letters they look like.
pub(super) fn price(part: &[char]) -> Option<(u32, Weakness)> {
    let plain: String = part.iter().collect();
    price_of(&plain).or_else(|| {
        let readings = ['i', 'l'].map(|one| part.iter().map(|c| letter(*c, one)).collect::<String>());
        let read = readings.iter().find_map(|reading| if *reading == plain { None } else { price_of(reading) });
        read.map(|(price, kind)| (price + LEET, kind))
    })
}

/// Returns whether many people have this password, in small letters.
pub(super) fn is_common(word: &str) -> bool {
    is_in(COMMON_WORDS, word) || has(KANA_WORDS, word)
}

fn price_of(word: &str) -> Option<(u32, Weakness)> {
    if has(CONTEXT_WORDS, word) {
        Some((CONTEXT, Weakness::Context))
    } else if has(ERAS, word) {
        Some((ERA, Weakness::Date))
    } else if is_in(NAMES, word) {
        Some((if word.len() > 3 { NAME } else { SHORT_NAME }, Weakness::Name))
    } else if is_common(word) {
        Some((COMMON, Weakness::Common))
    } else {
        None
    }
}

/// Returns the letter that a digit or a sign is written for; 1 and ! may be i or l.
fn letter(c: char, one: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

/// Returns whether this word is among the words.
fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// Returns whether the list has this word: it holds the first five bytes of each word's SHA-256, sorted.
///
/// A word that is not in the list is found by mistake once in about 20 million times.
fn is_in(list: &[u8], word: &str) -> bool {
    let hash = Sha256::digest(word.as_bytes());
    let (hashes, _) = list.as_chunks::<5>();
    hashes.binary_search_by(|entry| entry.as_slice().cmp(&hash[..5])).is_ok()
}
