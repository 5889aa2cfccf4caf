//! Checks of names of people and institutions.

use super::odd_characters;
use crate::fault::{Fault, quote};
use crate::written::spreadsheet_damage;

/// The most characters of a person's name that the tax XML holds, in the provisional profile.
pub(crate) const PERSON_NAME: usize = 30;
/// The most characters of an institution's name that the tax XML holds, in the provisional profile.
pub(crate) const PROVIDER_NAME: usize = 60;

/// Returns what is wrong with a name: an error or formula of a spreadsheet.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    spreadsheet_damage(name)
}

/// Returns what is wrong with a name in kana whose widths are folded: it has kana, long vowel marks, spaces, middle dots and the latin letters of foreign
/// names.
pub(crate) fn kana_fault(kana: &str) -> Option<String> {
    if let Some(damage) = spreadsheet_damage(kana) {
        return Some(damage);
    }
    let wrong = kana.chars().find(|character| !may_be_in_kana(*character))?;
    let kind = match wrong {
        '0'..='9' => "数字",
        _ if is_kanji(wrong) => "漢字",
        _ => "使えない文字",
    };
    Some(format!("カナ氏名に{kind}{}があります。カタカナで入力してください。", quote(&wrong.to_string())))
}

fn may_be_in_kana(character: char) -> bool {
    matches!(character, 'ぁ'..='ゟ' | '゠'..='ヿ' | 'ㇰ'..='ㇿ')
        || "-‐‑−–—―.,'’･~〜".contains(character)
        || character.is_whitespace()
        || (character.is_alphabetic() && is_latin(character))
        // 外字 and marks that nobody sees are told as notices.
        || matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_latin(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn is_kanji(character: char) -> bool {
    matches!(character, '々' | '〇' | '\u{3400}'..='\u{4dbf}' | '一'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Returns what staff should look at in a name that is taken: characters that cannot be shown, and more than `limit` characters.
pub(crate) fn name_notices(line: u64, column: &str, name: &str, limit: usize) -> Vec<Fault> {
    let length = name.chars().count();
    let long = (length > limit).then(|| {
        let reason = format!(
            "{length}文字あります。確定申告用のXMLには{limit}文字までしか入らないため、{limit}文字で切って出します。画面と帳票には全部出ます。"
        );
        Fault::new(line, column, reason)
    });
    odd_characters(line, column, name).into_iter().chain(long).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fold;
    use super::*;
    use crate::tax_xml::Profile;

    #[test]
    fn limits_are_those_of_the_profile() {
        let limits = Profile::provisional().limits;
        assert_eq!((PERSON_NAME, PROVIDER_NAME), (limits.patient_name, limits.provider_name));
    }

    #[test]
    fn kana_of_all_sorts() {
        for good in [
            "テスト タロウ",
            "ﾃｽﾄ ﾀﾞﾛｳ",
            "てすと　たろう",
            "テスト・ジョン",
            "ヴァン-ダイク",
            "O'Hara Mary",
            "ＳＭＩＴＨ",
            "ゴー\u{30fd}",
            "",
        ] {
            assert_eq!(kana_fault(&fold(good)), None, "{good}");
        }
        for (bad, word) in [
            ("テスト 太郎", "漢字"),
            ("テスト タロウ2", "数字"),
            ("#N/A", "Excel"),
            ("=A1", "計算式"),
            ("テスト★", "使えない文字"),
            ("佐々木", "漢字"),
        ] {
            assert!(kana_fault(&fold(bad)).unwrap().contains(word), "{bad}");
        }
    }

    #[test]
    fn long_names_are_told() {
        assert_eq!(name_notices(2, "氏名", &"あ".repeat(30), PERSON_NAME), []);
        let told = name_notices(2, "氏名", &format!("{}\u{e000}", "あ".repeat(30)), PERSON_NAME);
        assert_eq!(told.len(), 2);
        assert!(told[1].reason.contains("31文字"), "{}", told[1]);
    }
}
