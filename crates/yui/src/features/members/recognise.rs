//! The recognition of the search field's text: 記号・番号, 保険者番号, a name, kana, a user ID or an address.

use kenpo_formats::text::{fold, plain_number};

use crate::features::register::{is_telling, name_key};

/// A value to look up, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// A part of a name or kana, folded.
    Name(String),
    /// 記号・番号 from its beginning or that of 番号 on.
    Numbers(String),
    /// The beginning of a user ID or an address.
    Login(String),
    /// Everybody of an insurer.
    Insurer(String),
}

/// One meaning of the search text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) lookup: Lookup,
    /// A further part that the name must have.
    pub(super) name: Option<String>,
}

/// All possible meanings of the search text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SearchTerms {
    pub(super) meanings: Vec<Meaning>,
    /// The insurer to which the search is limited.
    pub(super) insurer: Option<String>,
}

/// The labels before numbers on a card.
const LABELS: [&str; 4] = ["保険者番号", "記号", "番号", "枝番"];

/// The message about a text that is too short to search for.
const TOO_SHORT: &str = "2文字以上で入力してください（漢字は1文字でも検索できます）。";

/// Returns the meanings of the text at this society, or the mistake in it.
pub(super) fn recognised(typed: &str, insurers: &[String]) -> Result<SearchTerms, &'static str> {
    let typed = LABELS.iter().fold(fold(typed), |text, label| text.replace(label, " "));
    let mut words: Vec<&str> =
        typed.split_whitespace().filter(|word| !matches!(*word, "・" | "-" | "_" | ":")).collect();
    let insurer = words.iter().position(|word| insurers.iter().any(|number| number == word)).map(|at| words.remove(at));
    let insurer = insurer.map(str::to_owned);
    let mut meanings = Vec::new();
    let mut may_mean = |lookup, name| meanings.push(Meaning { lookup, name });
    let whole = words.concat();
    match words.as_slice() {
        [] => {
            if let Some(insurer) = &insurer {
                may_mean(Lookup::Insurer(insurer.clone()), None);
            }
            return Ok(SearchTerms { meanings, insurer });
        }
        [word] if word.is_ascii() && word.len() > 1 => may_mean(Lookup::Login(word.to_lowercase()), None),
        _ => {}
    }
    let has_digit = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    let (numbers, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| has_digit(word));
    let name = name_key(&names.concat());
    if numbers.is_empty() {
        if is_enough(&name) {
            may_mean(Lookup::Name(name.clone()), Some(name));
        }
    } else {
        // 記号 may be of letters or kana: 東 1234.
        if plain_number(&whole).len() > 1 {
            may_mean(Lookup::Numbers(whole), None);
        }
        let numbers = numbers.concat();
        if !name.is_empty() && plain_number(&numbers).len() > 1 {
            may_mean(Lookup::Numbers(numbers), Some(name));
        }
    }
    if meanings.is_empty() { Err(TOO_SHORT) } else { Ok(SearchTerms { meanings, insurer }) }
}

fn is_enough(name: &str) -> bool {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(first), None) => is_telling(first),
        (first, _) => first.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn meant(typed: &str) -> SearchTerms {
        recognised(typed, &["06139999".into(), "63139999".into()]).unwrap()
    }

    fn lookups(typed: &str) -> Vec<Lookup> {
        meant(typed).meanings.into_iter().map(|meaning| meaning.lookup).collect()
    }

    #[test]
    fn each_kind_is_recognised() {
        use Lookup::{Insurer, Login, Name, Numbers};
        assert_eq!(lookups("さとう　ﾀﾛｳ"), [Name("サトウタロウ".into())]);
        assert_eq!(lookups("髙橋 一"), [Name("高橋一".into())]);
        assert_eq!(lookups("林"), [Name("林".into())]);
        assert_eq!(lookups("８００－１２３４"), [Login("800-1234".into()), Numbers("800-1234".into())]);
        assert_eq!(lookups("記号 800 番号 1234"), [Numbers("8001234".into())]);
        assert_eq!(lookups("東 1234"), [Numbers("東1234".into()), Numbers("1234".into())]);
        assert_eq!(lookups("ＴestTaro"), [Login("testtaro".into()), Name("testtaro".into())]);
        assert_eq!(lookups("Taro@Mail.example").first(), Some(&Login("taro@mail.example".into())));
        assert_eq!(lookups("保険者番号　06139999"), [Insurer("06139999".into())]);
        let both = meant("63139999 佐藤 800-12");
        assert_eq!(both.insurer.as_deref(), Some("63139999"));
        assert_eq!(both.meanings[1], Meaning { lookup: Numbers("800-12".into()), name: Some("佐藤".into()) });
    }

    #[test]
    fn too_little_is_refused_and_nothing_is_nothing() {
        assert_eq!(meant(" 　"), SearchTerms::default());
        for little in ["ア", "ｱ", "a", "7", "・ あ"] {
            assert_eq!(recognised(little, &[]), Err(TOO_SHORT), "{little}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_understood_or_refused(typed in "\\PC*") {
            let _ = recognised(&typed, &["06139999".into()]);
        }
    }
}
