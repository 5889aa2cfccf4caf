//! The policy's values as staff see them: name, explanation and form of each, by its place in the policy's JSON.

use serde_json::Value;

use crate::core::society::{Guarded, Policy};

/// A value of the policy.
#[derive(Debug)]
pub(crate) struct Field {
    /// The path of the value in the policy's JSON, as in `user_id.min`; also the name in the form.
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) explanation: &'static str,
    pub(crate) form: FieldKind,
}

/// The kind of input for a value.
#[derive(Debug)]
pub(crate) enum FieldKind {
    /// A whole number in this range, with its unit.
    Number(i64, i64, &'static str),
    /// As [`FieldKind::Number`], or nothing.
    OptionalNumber(i64, i64, &'static str),
    /// One of these: word and label.
    Choice(&'static [(&'static str, &'static str)]),
    /// As [`FieldKind::Choice`], or none.
    OptionalChoice(&'static [(&'static str, &'static str)]),
    /// Any of these.
    Several(&'static [(&'static str, &'static str)]),
    /// Yes or no.
    Switch,
}

/// A group of values that belong together.
#[derive(Debug)]
pub(crate) struct FieldGroup {
    pub(crate) id: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) fields: &'static [Field],
}

const FACTORS: &[(&str, &str)] = &[
    ("passkey", "生体認証（パスキー）"),
    ("app", "認証アプリ（OTPアプリ）"),
    ("email", "メールのコード（OTPメール）"),
];

const GUARDED: &[(&str, &str)] = &[
    (Guarded::Publication.as_str(), Guarded::Publication.label()),
    (Guarded::MassMail.as_str(), Guarded::MassMail.label()),
    (Guarded::FactorReset.as_str(), Guarded::FactorReset.label()),
];

const fn field(path: &'static str, label: &'static str, explanation: &'static str, form: FieldKind) -> Field {
    Field { path, label, explanation, form }
}

/// Everything that the policy page shows, in order. Services, maintenance, mail senders and postcards have pages of their own.
pub(crate) const GROUPS: &[FieldGroup] = &[
    FieldGroup {
        id: "enrolment",
        heading: "初回登録",
        fields: &[
            field(
                "enrolment",
                "登録の手順",
                "新しく登録する人の手順です。登録済みの人には影響しません。",
                FieldKind::Choice(&[
                    ("renewed", "新しい手順（メール確認・ユーザID・二要素認証）"),
                    ("classic", "従来の手順（本人確認と個人情報を一度に入力）"),
                ]),
            ),
            field(
                "identity_check",
                "本人確認",
                "仮ID・仮パスワードのほかに、初回登録でたずねる項目です。",
                FieldKind::Choice(&[
                    ("birth_date", "生年月日"),
                    ("insurer_number_and_birth_date", "保険者番号と生年月日"),
                ]),
            ),
            field(
                "asks_relationship",
                "被保険者・被扶養者の別をたずねる",
                "従来の手順の本人確認でたずねます。",
                FieldKind::Switch,
            ),
            field(
                "temporary_days",
                "仮パスワードの有効期間",
                "これから発行する仮パスワードの期限です。過ぎると再発行が必要です。",
                FieldKind::Number(1, 365, "日"),
            ),
        ],
    },
    FieldGroup {
        id: "user-id",
        heading: "ユーザIDとパスワード",
        fields: &[
            field(
                "user_id.min",
                "ユーザIDの最小文字数",
                "新しく決めるユーザIDに適用されます。",
                FieldKind::Number(3, 64, "文字"),
            ),
            field(
                "user_id.max",
                "ユーザIDの最大文字数",
                "今のユーザIDは、長くてもそのまま使えます。",
                FieldKind::Number(3, 255, "文字"),
            ),
            field(
                "user_id.may_change",
                "登録後のユーザIDの変更",
                "加入者が自分で変更できるようにします。",
                FieldKind::Switch,
            ),
            field(
                "password.min",
                "パスワードの最小文字数",
                "次にパスワードを決めるときから適用されます。長いほど安全です。",
                FieldKind::Number(8, 64, "文字"),
            ),
            field(
                "password.max",
                "パスワードの最大文字数",
                "長いパスワードを妨げないよう、64文字以上をおすすめします。",
                FieldKind::Number(8, 128, "文字"),
            ),
            field(
                "password.complexity",
                "パスワードに必要な文字",
                "文字の種類より長さのほうが安全に役立ちます。",
                FieldKind::Choice(&[("free", "指定なし"), ("letter_and_digit", "英字と数字を1文字以上ずつ")]),
            ),
            field(
                "password.renew_after_years",
                "パスワードの更新",
                "この年数がたつと、ログインのときに新しいパスワードを求めます。空欄なら求めません。",
                FieldKind::OptionalNumber(1, 10, "年"),
            ),
            field(
                "lock_after_wrong_passwords",
                "ロックまでの誤り回数",
                "続けて誤るとロックし、職員が解除するまでログインできません。",
                FieldKind::Number(5, 100, "回"),
            ),
        ],
    },
    FieldGroup {
        id: "factors",
        heading: "メールと二要素認証",
        fields: &[
            field(
                "email",
                "メールアドレス",
                "登録を必須にすると、これから初回登録する人に求めます。",
                FieldKind::Choice(&[
                    ("optional", "任意"),
                    ("required", "必須"),
                    ("required_verified", "必須（届いたリンクで確認）"),
                ]),
            ),
            field(
                "factors",
                "使える認証方法",
                "一つも選ばないと、パスワードだけのログインになります。外した方法しかない人には、次のログインで別の方法の登録を求めます。",
                FieldKind::Several(FACTORS),
            ),
            field(
                "recommended_factor",
                "おすすめの認証方法",
                "登録の画面で「推奨」と表示します。",
                FieldKind::OptionalChoice(FACTORS),
            ),
            field(
                "recovery_codes",
                "回復コード",
                "端末をなくしたときのための使い捨てのコードを、加入者が印刷できるようにします。",
                FieldKind::Switch,
            ),
        ],
    },
    FieldGroup {
        id: "session",
        heading: "ログインの長さ",
        fields: &[
            field(
                "session.idle_minutes",
                "操作がないときのログアウト",
                "この時間、操作がないとログアウトします。",
                FieldKind::Number(5, 120, "分"),
            ),
            field(
                "session.absolute_hours",
                "ログインの最長時間",
                "操作を続けていても、この時間でログアウトします。",
                FieldKind::Number(1, 24, "時間"),
            ),
            field(
                "session.remember_days",
                "ログイン状態の保存",
                "加入者が選んだときに、端末に保存する日数です。",
                FieldKind::Number(1, 90, "日"),
            ),
            field(
                "session.health_hours",
                "医療の情報を見るための再確認",
                "ログインを保存していても、この時間がたつと本人確認を求めます。",
                FieldKind::Number(1, 24, "時間"),
            ),
        ],
    },
    FieldGroup {
        id: "recovery",
        heading: "忘れたとき",
        fields: &[
            field(
                "forgotten_password",
                "パスワードを忘れた人",
                "リンクのほうが、メールに残るパスワードより安全です。",
                FieldKind::Choice(&[
                    ("mailed_link", "メールのリンク（5分間有効）"),
                    ("temporary_password", "メールの仮パスワード"),
                ]),
            ),
            field(
                "forgotten_user_id",
                "ユーザIDを忘れた人",
                "画面に表示する案内が変わります。",
                FieldKind::Choice(&[
                    ("birth_date_and_email", "生年月日とメールアドレスで、メールで知らせる"),
                    ("welcome_mail", "登録完了のメールを見てもらう"),
                    ("ask_society", "組合にメールで問い合わせてもらう"),
                ]),
            ),
        ],
    },
    FieldGroup {
        id: "data",
        heading: "データと管理",
        fields: &[
            field(
                "expenses_visible_years",
                "医療費を表示する年数",
                "今年のほかに、何年前の分まで表示するか。短くすると、それより前の医療費がすぐに見えなくなります。データは残り、医療費控除のデータは5年前の分まで受け取れます。",
                FieldKind::Number(1, 10, "年"),
            ),
            field(
                "expenses_expected_after_months",
                "医療費が届くまでの月数",
                "診療月の何か月後に公開するか。届いていない月に「○月ごろ」と表示します。",
                FieldKind::Number(1, 12, "か月"),
            ),
            field(
                "migrated_from_older_system",
                "以前のシステムから移行した",
                "移行した人への案内を表示します。",
                FieldKind::Switch,
            ),
            field(
                "two_person",
                "二人の確認が必要な操作",
                "選んだ操作は、別の職員が承認すると実行されます。職員が二人以上必要です。加入者台帳の取込は含まれません。選んだものを外すときも、別の管理者の承認が必要です。",
                FieldKind::Several(GUARDED),
            ),
        ],
    },
];

/// Returns all fields.
pub(crate) fn all() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|group| group.fields)
}

/// Returns the policy as JSON.
///
/// # Errors
/// Where it cannot be written, which no policy causes.
pub(crate) fn json(policy: &Policy) -> serde_json::Result<Value> {
    serde_json::to_value(policy)
}

/// Returns the value at a path.
pub(crate) fn at<'v>(json: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(json, |value, part| value.get(part).unwrap_or(&Value::Null))
}

/// Sets the value at an existing path.
pub(crate) fn put(json: &mut Value, path: &str, value: Value) {
    let place = path.split('.').try_fold(json, |place, part| place.get_mut(part));
    if let Some(place) = place {
        *place = value;
    }
}

impl Field {
    /// Returns the value as people read it.
    pub(crate) fn words(&self, value: &Value) -> String {
        let label = |choices: &[(&str, &str)], word: &str| {
            choices.iter().find(|(choice, _)| *choice == word).map_or(word.to_owned(), |(_, label)| (*label).to_owned())
        };
        match (&self.form, value) {
            (FieldKind::Number(_, _, unit) | FieldKind::OptionalNumber(_, _, unit), Value::Number(number)) => {
                format!("{number}{unit}")
            }
            (FieldKind::Choice(choices) | FieldKind::OptionalChoice(choices), Value::String(word)) => {
                label(choices, word)
            }
            (FieldKind::Several(choices), Value::Array(words)) if !words.is_empty() => {
                words.iter().filter_map(Value::as_str).map(|word| label(choices, word)).collect::<Vec<_>>().join("、")
            }
            (FieldKind::Switch, Value::Bool(on)) => (if *on { "する" } else { "しない" }).to_owned(),
            _ => "なし".to_owned(),
        }
    }

    /// Reads the value from the form.
    ///
    /// # Errors
    /// The mistake in it, in words.
    pub(crate) fn read(&self, typed: &[(String, String)]) -> Result<Value, String> {
        let given: Vec<&str> =
            typed.iter().filter(|(name, _)| name == self.path).map(|(_, value)| value.trim()).collect();
        let one = given.first().copied().unwrap_or_default();
        let known = |choices: &[(&str, &str)], word: &str| choices.iter().any(|(choice, _)| *choice == word);
        match &self.form {
            FieldKind::OptionalNumber(..) | FieldKind::OptionalChoice(_) if one.is_empty() => Ok(Value::Null),
            FieldKind::Number(from, to, unit) | FieldKind::OptionalNumber(from, to, unit) => match one.parse::<i64>() {
                Ok(number) if (*from..=*to).contains(&number) => Ok(number.into()),
                _ => Err(format!("{}は{from}から{to}までの数字（{unit}）で入力してください。", self.label)),
            },
            FieldKind::Choice(choices) | FieldKind::OptionalChoice(choices) if known(choices, one) => Ok(one.into()),
            FieldKind::Choice(_) | FieldKind::OptionalChoice(_) => Err(format!("{}を選んでください。", self.label)),
            FieldKind::Several(choices) => {
                let chosen = choices.iter().map(|(word, _)| *word).filter(|word| given.contains(word));
                Ok(chosen.map(Value::from).collect())
            }
            FieldKind::Switch => Ok((one == "yes").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::society::Preset;

    /// Returns the value as the form sends it back.
    fn typed(field: &Field, value: &Value) -> Vec<(String, String)> {
        let pair = |text: String| (field.path.to_owned(), text);
        match value {
            Value::Null | Value::Bool(false) => Vec::new(),
            Value::Bool(true) => vec![pair("yes".into())],
            Value::Array(words) => words.iter().map(|word| pair(word.as_str().unwrap().into())).collect(),
            Value::String(word) => vec![pair(word.clone())],
            other => vec![pair(other.to_string())],
        }
    }

    #[test]
    fn every_preset_survives_the_form() {
        for preset in Preset::ALL {
            let policy = preset.policy().unwrap();
            let mut json = json(&policy).unwrap();
            for field in all() {
                let value = at(&json, field.path).clone();
                assert_ne!(field.words(&value), "", "{}", field.path);
                let read = field.read(&typed(field, &value)).unwrap_or_else(|words| panic!("{preset:?}: {words}"));
                put(&mut json, field.path, read);
            }
            let back: Policy = serde_json::from_value(json).unwrap();
            let sorted = |policy: &Policy| {
                let mut policy = policy.clone();
                policy.factors.sort_by_key(|factor| factor.as_str());
                policy
            };
            assert_eq!(sorted(&back), sorted(&policy), "{preset:?}");
        }
    }

    #[test]
    fn every_value_of_the_policy_has_its_field_or_its_page() {
        let json = json(&Preset::Minato.policy().unwrap()).unwrap();
        let elsewhere = ["services", "maintenance", "senders", "postcards"];
        for (name, value) in json.as_object().unwrap() {
            let inside = value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_else(Vec::new);
            let paths = if inside.is_empty() {
                vec![name.clone()]
            } else {
                inside.iter().map(|key| format!("{name}.{key}")).collect()
            };
            for path in paths {
                let known = all().any(|field| field.path == path) || elsewhere.contains(&name.as_str());
                assert!(known, "{path} has no field");
            }
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let days = all().find(|field| field.path == "temporary_days").unwrap();
        let read = |text: &str| days.read(&[("temporary_days".to_owned(), text.to_owned())]);
        assert_eq!(read(" 30 "), Ok(30.into()));
        assert_eq!(read("0").unwrap_err(), "仮パスワードの有効期間は1から365までの数字（日）で入力してください。");
        assert!(read("九十").is_err() && read("").is_err());
        let flow = all().find(|field| field.path == "enrolment").unwrap();
        assert_eq!(flow.read(&[("enrolment".into(), "modern".into())]).unwrap_err(), "登録の手順を選んでください。");
    }
}
