//! How a character is read aloud, for people who type it from paper.

/// Returns the reading in kana, empty where there is none worth writing. A capital letter has 大 before it.
pub(super) fn reading(c: char) -> String {
    let letter = c.to_ascii_lowercase();
    let plain = match letter {
        'a' => "エー",
        'b' => "ビー",
        'c' => "シー",
        'd' => "ディー",
        'e' => "イー",
        'f' => "エフ",
        'g' => "ジー",
        'h' => "エイチ",
        'i' => "アイ",
        'j' => "ジェー",
        'k' => "ケー",
        'l' => "エル",
        'm' => "エム",
        'n' => "エヌ",
        'o' => "オー",
        'p' => "ピー",
        'q' => "キュー",
        'r' => "アール",
        's' => "エス",
        't' => "ティー",
        'u' => "ユー",
        'v' => "ブイ",
        'w' => "ダブリュー",
        'x' => "エックス",
        'y' => "ワイ",
        'z' => "ゼット",
        '0' => "ゼロ",
        '1' => "いち",
        '2' => "に",
        '3' => "さん",
        '4' => "よん",
        '5' => "ご",
        '6' => "ろく",
        '7' => "なな",
        '8' => "はち",
        '9' => "きゅう",
        '-' => "ハイフン",
        '_' => "下線",
        '.' => "ドット",
        '@' => "アットマーク",
        _ => "",
    };
    if c.is_ascii_uppercase() { format!("大{plain}") } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::reading;

    #[test]
    fn no_two_characters_sound_alike() {
        let all: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
        let readings: BTreeSet<_> = all.iter().map(|c| reading(*c)).collect();
        assert_eq!(readings.len(), all.len());
        assert!(readings.iter().all(|reading| !reading.is_empty()));
        assert_eq!((reading('W'), reading('7'), reading('漢')), ("大ダブリュー".into(), "なな".into(), String::new()));
    }
}
