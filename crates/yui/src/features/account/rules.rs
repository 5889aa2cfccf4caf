//! The rules for user IDs, addresses, passwords and birth dates. Each check returns the mistake, in the words of the
//! page.

use jiff::civil::Date;
use kenpo_formats::{
    email_address::{self, is_email_address},
    text::{fold, visible},
};
use unicode_normalization::UnicodeNormalization;
use yui_auth::strength::{self, Weakness};

use super::queries::AccountPerson;
use crate::{
    core::society::{Complexity, Policy},
    ui::Lang,
};

/// Returns the user ID in lower case, or its mistake.
pub(crate) fn user_id(lang: Lang, policy: &Policy, typed: &str) -> Result<String, String> {
    let rule = policy.user_id;
    let folded = folded(typed);
    if folded.is_empty() {
        return Err(lang.t("ユーザIDを入力してください。").to_owned());
    }
    if !(usize::from(rule.min)..=usize::from(rule.max)).contains(&folded.chars().count()) {
        let bounds = [rule.min.to_string(), rule.max.to_string()];
        return Err(lang.tf("ユーザIDは{0}文字以上{1}文字以内で入力してください。", bounds));
    }
    if !folded.chars().all(is_user_id_character) {
        return Err(lang
            .t("ユーザIDに使えない文字が含まれています。半角の英字・数字と、- _ . @ が使えます。")
            .to_owned());
    }
    Ok(folded)
}

/// Returns whether a user ID may contain this character.
pub(super) fn is_user_id_character(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '@')
}

/// Returns the typed text in half width and lower case, without surrounding spaces and invisible characters.
pub(crate) fn folded(typed: &str) -> String {
    fold(&visible(typed)).trim().to_lowercase()
}

/// Returns the address in lower case, or its mistake, in Japanese.
pub(crate) fn email_as_kept(typed: &str) -> Result<String, String> {
    email(Lang::Ja, typed).map_err(|wrong| wrong.concat())
}

/// Returns the address in lower case, or all its mistakes.
pub(crate) fn email(lang: Lang, typed: &str) -> Result<String, Vec<String>> {
    let address = folded(typed);
    if address.is_empty() {
        return Err(vec![lang.t("メールアドレスを入力してください。").to_owned()]);
    }
    let invalid =
        || lang.t("無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。").to_owned();
    if address.chars().count() > email_address::MAX {
        return Err(vec![invalid(), lang.t("設定可能なメールアドレスの最大文字数は255文字です。").to_owned()]);
    }
    if is_email_address(&address) { Ok(address) } else { Err(vec![invalid()]) }
}

/// A password as it is kept: exactly as typed, its composed and decomposed forms made one (NFC), because keyboards
/// differ in that and people cannot see it.
pub(crate) fn password_as_kept(typed: &str) -> String {
    typed.nfc().collect()
}

/// The longest password that is checked, whatever a society's policy says.
const PASSWORD_MAX: usize = 128;

/// Returns the mistakes of a new password.
pub(super) fn password(
    lang: Lang,
    policy: &Policy,
    typed: &str,
    person: &AccountPerson,
    user_id: &str,
) -> Option<String> {
    let rule = policy.password;
    let length = typed.chars().count();
    if length == 0 {
        return Some(lang.t("新しいパスワードを入力してください。").to_owned());
    }
    let max = usize::from(rule.max).min(PASSWORD_MAX);
    if !(usize::from(rule.min)..=max).contains(&length) {
        let bounds = [rule.min.to_string(), max.to_string()];
        return Some(lang.tf("パスワードは{0}文字以上{1}文字以内で入力してください。", bounds));
    }
    if !typed.chars().all(|c| c.is_ascii_graphic()) {
        return Some(lang.t("パスワードには、半角の英字・数字・記号が使えます。").to_owned());
    }
    let mixed = typed.contains(|c: char| c.is_ascii_alphabetic()) && typed.contains(|c: char| c.is_ascii_digit());
    if rule.complexity == Complexity::LetterAndDigit && !mixed {
        return Some(lang.t("パスワードには、英字と数字をそれぞれ1文字以上使ってください。").to_owned());
    }
    if typed.to_lowercase() == user_id.to_lowercase() {
        return Some(lang.t("パスワードをユーザIDと同じにすることはできません。").to_owned());
    }
    let own = own_words(person, user_id);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    strength::weakness(typed, &own).map(|weakness| lang.t(weak_words(weakness)).to_owned())
}

fn weak_words(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::Common => {
            "よく使われているパスワードのため、推測されるおそれがあります。別のパスワードを入力してください。"
        }
        Weakness::Context => {
            "健康保険に関する言葉が中心のパスワードは、推測されるおそれがあります。別のパスワードを入力してください。"
        }
        Weakness::Name => "名前が中心のパスワードは、推測されるおそれがあります。別のパスワードを入力してください。",
        Weakness::Date => "日付が中心のパスワードは、推測されるおそれがあります。別のパスワードを入力してください。",
        Weakness::OwnData => {
            "ご自身の情報が中心のパスワードは、推測されるおそれがあります。別のパスワードを入力してください。"
        }
        Weakness::Repetition => "同じ文字の繰り返しは、推測されるおそれがあります。別のパスワードを入力してください。",
    }
}

/// Returns the words that a stranger would try first for this person.
fn own_words(person: &AccountPerson, user_id: &str) -> Vec<String> {
    let birth = person.birth_date;
    let (year, month, day) = (birth.year(), birth.month(), birth.day());
    let mut own = vec![
        user_id.to_owned(),
        person.user_id.clone(),
        format!("{year:04}{month:02}{day:02}"),
        format!("{month:02}{day:02}"),
        person.holder.replace(' ', ""),
    ];
    own.extend(person.holder.split(' ').map(str::to_owned));
    own.extend(person.email.iter().flat_map(|email| email.split('@').map(str::to_owned)));
    own.retain(|word| word.len() >= 3);
    own
}

/// Returns the date of eight digits `YYYYMMDD`, typed in full or half width.
pub(super) fn birth_date(typed: &str) -> Option<Date> {
    let digits: String =
        visible(typed).nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '/' | '.')).collect();
    if digits.len() != 8 || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Date::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::society::Preset;

    fn person() -> AccountPerson {
        AccountPerson {
            user_id: "kari000003".into(),
            email: Some("mihon@mail.example".into()),
            lang: Lang::Ja,
            name: "見本 一郎".into(),
            birth_date: jiff::civil::date(1979, 8, 22),
            holder: "800 1234".into(),
            register_email: None,
            has_passkey: false,
        }
    }

    #[test]
    fn a_user_id_is_folded_and_bounded() {
        let policy = Preset::Minato.policy().unwrap();
        assert_eq!(user_id(Lang::Ja, &policy, " Taro-Test_1.@ ").unwrap(), "taro-test_1.@");
        assert!(user_id(Lang::Ja, &policy, "ab").unwrap_err().contains("3文字以上255文字以内"));
        assert_eq!(user_id(Lang::Ja, &policy, "Ｔａｒｏ＿０１\u{200b}").unwrap(), "taro_01");
        for forbidden in "<>&\"' $%!#?§,;:*~/\\|^=[]{}()`あ".chars() {
            assert!(user_id(Lang::Ja, &policy, &format!("ab{forbidden}cd")).is_err(), "{forbidden:?}");
        }
        let classic = Preset::Soyokaze.policy().unwrap();
        assert!(user_id(Lang::Ja, &classic, "abcdefg").is_err() && user_id(Lang::Ja, &classic, "abcdefgh").is_ok());
        assert!(user_id(Lang::Ja, &classic, "abcdefghijklmn").is_err());
    }

    #[test]
    fn an_address_is_folded_and_its_faults_are_all_named() {
        let faults = |typed: &str| email(Lang::Ja, typed).unwrap_err();
        assert_eq!(email(Lang::Ja, " Taro.Test@Mail.Example ").unwrap(), "taro.test@mail.example");
        assert_eq!(email(Lang::Ja, "taro＠ｍａｉｌ．example\u{feff}").unwrap(), "taro@mail.example");
        assert_eq!(faults(""), ["メールアドレスを入力してください。"]);
        for wrong in [
            "taro?@mail.example",
            "taro.@mail.example",
            "taro",
            "@mail.example",
            "a@b",
            "a..b@mail.example",
            "あ@mail.example",
            "a@-b.example",
            "a b@mail.example",
            "a@mail.example\r\nbcc:x@y.example",
        ] {
            assert_eq!(
                faults(wrong),
                ["無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。"],
                "{wrong}"
            );
        }
        let long = |length: usize| format!("a@{}{}.example", "b.".repeat(100), "c".repeat(length - 210));
        assert_eq!((long(255).len(), email(Lang::Ja, &long(255)).is_ok()), (255, true));
        assert_eq!(faults(&long(256)).len(), 2, "malformed and too long are said together");
    }

    #[test]
    fn a_password_follows_the_society_and_is_not_easily_guessed() {
        let wrong =
            |preset: Preset, typed: &str| password(Lang::Ja, &preset.policy().unwrap(), typed, &person(), "kumonoue8");
        assert_eq!(wrong(Preset::Fumitsuki, "Kumo-no-ue-2026"), None);
        assert!(wrong(Preset::Fumitsuki, "short7!").unwrap().contains("8文字以上64文字以内"));
        assert!(wrong(Preset::Soyokaze, "hakumokurenbana").unwrap().contains("英字と数字"));
        assert!(wrong(Preset::Soyokaze, &"x7".repeat(11)).unwrap().contains("8文字以上20文字以内"));
        assert!(wrong(Preset::Fumitsuki, "Kumonoue8").unwrap().contains("ユーザIDと同じ"));
        for guessed in ["password1", "19790822", "8001234", "mihon@mail.example", "kenpo2026", "あいうえおかきく"]
        {
            assert!(wrong(Preset::Fumitsuki, guessed).is_some(), "{guessed}");
        }
    }

    #[test]
    fn a_birth_date_is_read_in_any_width_and_a_wrong_one_is_none() {
        let expected = Some(jiff::civil::date(1979, 8, 22));
        for typed in ["19790822", "１９７９０８２２", " 1979-08-22", "1979/08/22", "\u{2068}19790822\u{2069}"] {
            assert_eq!(birth_date(typed), expected, "{typed}");
        }
        for typed in ["", "790822", "19790230", "1979082", "昭和540822", "20261301"] {
            assert_eq!(birth_date(typed), None, "{typed}");
        }
    }
}
