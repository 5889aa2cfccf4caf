//! The keys by which staff find a person: pieces of the register's data, folded, so that all pieces that begin with the
//! search text are one range of an index (docs/decisions/0018).

use std::collections::BTreeSet;

use kenpo_formats::text::{holder_key_part, plain_number, search_key};

use super::{queries::Person, similarity::lookup_key};

/// The number of characters of the search text that are looked up; the rest is compared afterwards.
const LENGTH: usize = 10;

/// The prefix of the keys of numbers.
const NUMBERS: char = '#';

/// The prefix of the keys of addresses.
const ADDRESS: char = '@';

/// The prefix of the keys of an insurer's members, by kana.
const INSURER: char = '=';

/// Returns a name as it is searched: widths, kana, spaces and common variants of one character folded.
pub(crate) fn name_key(text: &str) -> String {
    search_key(text).chars().filter(|character| !matches!(character, '・' | '･' | '=' | '-')).map(plain).collect()
}

/// Returns the common form of a character that is written in several ways in names.
fn plain(character: char) -> char {
    match character {
        '髙' => '高',
        '﨑' | '碕' | '嵜' => '崎',
        '濵' | '濱' => '浜',
        '邊' | '邉' => '辺',
        '齋' | '齊' | '斎' => '斉',
        '澤' => '沢',
        '廣' => '広',
        '嶋' | '嶌' => '島',
        '德' => '徳',
        '眞' => '真',
        '國' => '国',
        '櫻' => '桜',
        '瀨' => '瀬',
        '條' => '条',
        '惠' => '恵',
        '榮' => '栄',
        '𠮷' => '吉',
        other => other,
    }
}

/// Returns whether one such character is enough to search by: 林 is a family name, ア is the beginning of a tenth of all.
pub(crate) fn is_telling(character: char) -> bool {
    matches!(character, '々' | '\u{3400}'..='\u{9fff}' | '\u{e000}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A search in the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchKey<'a> {
    /// A part of a name or its kana, folded by [`name_key`].
    Name(&'a str),
    /// 記号・番号・枝番 from the beginning of 記号 or of 番号 on.
    Numbers(&'a str),
    /// The beginning of an address in the register.
    Address(&'a str),
    /// Everybody of an insurer, by kana.
    Insurer(&'a str),
}

impl SearchKey<'_> {
    /// Returns the range of keys: from the first to before the second.
    pub(crate) fn range(self) -> (String, String) {
        let from = match self {
            Self::Name(name) => cut(name),
            Self::Numbers(numbers) => format!("{NUMBERS}{}", plain_number(numbers)),
            Self::Address(address) => format!("{ADDRESS}{}", address.to_lowercase()),
            Self::Insurer(number) => format!("{INSURER}{number}"),
        };
        let to = format!("{from}{}", char::MAX);
        (from, to)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LENGTH).collect()
}

/// Returns all keys of a person.
pub(super) fn keys(person: &Person) -> BTreeSet<String> {
    let kana = name_key(&person.kana);
    let mut keys = BTreeSet::new();
    for text in [&name_key(&person.name), &kana] {
        let mut places = text.char_indices().peekable();
        while let Some((at, character)) = places.next() {
            if places.peek().is_some() || at == 0 || is_telling(character) {
                keys.insert(cut(text.get(at..).unwrap_or_default()));
            }
        }
    }
    for span in &person.spans {
        let branch = span.branch.as_deref().map(plain_number).unwrap_or_default();
        // As they are written, and without leading zeros.
        for form in [plain_number, holder_key_part] {
            let (symbol, number) = (form(&span.symbol), form(&span.number));
            keys.insert(format!("{NUMBERS}{symbol}{number}{branch}"));
            keys.insert(format!("{NUMBERS}{number}{branch}"));
        }
        keys.insert(format!("{INSURER}{}{}", span.insurer_number, cut(&kana)));
    }
    keys.insert(lookup_key(person.birth_date, &person.sex, &person.kana));
    if let Some(email) = &person.email {
        keys.insert(format!("{ADDRESS}{}", email.to_lowercase()));
    }
    keys
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::features::register::queries::Span;

    fn person(name: &str, kana: &str) -> Person {
        Person {
            member_id: 1,
            person_key: None,
            name: name.into(),
            kana: kana.into(),
            sex: "male".into(),
            birth_date: date(1979, 8, 22),
            email: Some("Taro@Mail.example".into()),
            spans: vec![Span {
                from: date(2010, 4, 1),
                to: None,
                household_id: 1,
                insurer_number: "06139999".into(),
                symbol: "８００".into(),
                number: "12-34".into(),
                branch: Some("01".into()),
                insured: true,
            }],
        }
    }

    fn finds(person: &Person, piece: SearchKey<'_>) -> bool {
        let (from, to) = piece.range();
        keys(person).range(from..to).next().is_some()
    }

    #[test]
    fn numbers_are_found_from_the_beginning_of_symbol_or_number() {
        let person = person("見本 一郎", "ミホン イチロウ");
        for typed in ["800-1234-01", "800 12", "８００１２３４", "1234", "12-3401", "123"] {
            assert!(finds(&person, SearchKey::Numbers(typed)), "{typed}");
        }
        let mut padded = person.clone();
        padded.spans.iter_mut().for_each(|span| (span.symbol, span.number) = ("0800".into(), "001234".into()));
        for typed in ["1234", "001234", "0800-001234", "800-1234"] {
            assert!(finds(&padded, SearchKey::Numbers(typed)), "{typed}");
        }
        assert!(!finds(&person, SearchKey::Numbers("234")) && !finds(&person, SearchKey::Numbers("800-1235")));
        assert!(finds(&person, SearchKey::Address("taro@")) && finds(&person, SearchKey::Insurer("06139999")));
    }

    #[test]
    fn variants_of_a_character_are_one() {
        let person = person("髙﨑 齋", "タカサキ イツキ");
        for typed in ["高崎", "髙崎", "斉", "高﨑斎", "たかさき", "ﾀｶｻｷ ｲﾂｷ"] {
            assert!(finds(&person, SearchKey::Name(&name_key(typed))), "{typed}");
        }
    }

    #[test]
    fn a_person_has_few_keys() {
        assert_eq!(keys(&person("見本 一郎", "ミホン イチロウ")).len(), 4 + 6 + 5);
    }

    proptest! {
        #[test]
        fn every_part_of_a_name_finds_it(
            name in "[見本例試験一二三郎花子林𠮷髙A-Za-z]{1,8} [見本例試験一二三郎花子林]{1,6}",
            kana in "[ァ-ヴｦ-ﾝー]{1,9}[ 　][ァ-ヴぁ-ゖ]{1,9}",
            of_kana: bool, from in 0..20_usize, length in 1..20_usize,
        ) {
            let person = person(&name, &kana);
            let whole: Vec<char> = name_key(if of_kana { &kana } else { &name }).chars().collect();
            let from = from.min(whole.len() - 1);
            let part: String = whole[from..(from + length).min(whole.len())].iter().collect();
            let one = part.chars().count() == 1 && from > 0 && !part.chars().all(is_telling);
            prop_assert!(one || finds(&person, SearchKey::Name(&part)), "{part} of {whole:?}");
        }
    }
}
