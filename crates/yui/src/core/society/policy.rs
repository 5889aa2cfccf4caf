//! The policy record: how one society wants its portal. Data, not code; staff may edit every value.

use serde::{Deserialize, Serialize};

/// A society's decisions on enrolment, login, retention and services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The enrolment flow of new accounts.
    pub enrolment: EnrolmentFlow,
    /// The identity check at enrolment, besides the temporary credentials.
    pub identity_check: IdentityCheck,
    /// Whether the identity check also asks if one is insured or a dependent (被保険者種・被扶養者種).
    #[serde(default)]
    pub asks_relationship: bool,
    /// The days after which temporary credentials expire.
    #[serde(default = "ninety")]
    pub temporary_days: u16,
    /// The form of user IDs.
    pub user_id: UserIdRule,
    /// The form and age of passwords.
    pub password: PasswordRule,
    /// Whether an account needs an address.
    pub email: EmailRule,
    /// The second factors a member may choose from; none: the password alone.
    pub factors: Vec<Factor>,
    /// The factor that is marked as recommended.
    pub recommended_factor: Option<Factor>,
    /// Whether members may print recovery codes.
    #[serde(default)]
    pub recovery_codes: bool,
    /// The number of calendar years before the present one whose expenses are shown.
    pub expenses_visible_years: u8,
    /// The number of months after which the expenses of a month have usually arrived.
    #[serde(default = "three")]
    pub expenses_expected_after_months: u8,
    /// The number of wrong passwords in a row that lock the account until staff unlock it.
    pub lock_after_wrong_passwords: i32,
    /// The times when the portal is closed to members.
    pub maintenance: Vec<MaintenanceRule>,
    /// The duration of a login.
    pub session: SessionRule,
    /// Whether users of an older system were taken over.
    pub migrated_from_older_system: bool,
    /// The way to a new password for a member who forgot it.
    pub forgotten_password: ForgottenPassword,
    /// The way to the user ID for a member who forgot it.
    pub forgotten_user_id: ForgottenUserId,
    /// The services that members see, in order.
    pub services: Vec<Service>,
    /// The acts that two members of staff decide.
    #[serde(default)]
    pub two_person: Vec<Guarded>,
    /// The sender addresses of mails.
    #[serde(default)]
    pub senders: Senders,
    /// The society's own lines on postcards.
    #[serde(default)]
    pub postcards: PostcardLines,
}

/// The two generations of enrolment (spec 10-account, A and F).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentFlow {
    /// Verified e-mail, own user ID, a second factor.
    Renewed,
    /// Identity check and personal data on one screen; password alone.
    Classic,
}

/// The proof at enrolment that the postcard reached the right person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityCheck {
    /// The birth date.
    BirthDate,
    /// The insurer number and the birth date.
    InsurerNumberAndBirthDate,
}

/// The form of user IDs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserIdRule {
    /// The fewest characters.
    pub min: u16,
    /// The most characters.
    pub max: u16,
    /// Whether it may change after enrolment.
    pub may_change: bool,
}

/// The form and age of passwords.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRule {
    /// The fewest characters.
    pub min: u16,
    /// The most characters.
    pub max: u16,
    /// The required kinds of characters.
    pub complexity: Complexity,
    /// The number of years after which a new password is required.
    pub renew_after_years: Option<u8>,
}

/// The required kinds of characters in a password.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    /// Anything.
    Free,
    /// At least a letter and a digit.
    LetterAndDigit,
}

/// Whether an account needs an address.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailRule {
    /// It may have one.
    Optional,
    /// It must have one.
    Required,
    /// It must have one that was verified by a mailed link.
    RequiredVerified,
}

/// A second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// 生体認証.
    Passkey,
    /// OTPアプリ.
    App,
    /// OTPメール.
    Email,
}

impl Factor {
    /// Returns the word in the database and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::App => "app",
            Self::Email => "email",
        }
    }

    /// Returns the factor for the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Passkey, Self::App, Self::Email].into_iter().find(|factor| factor.as_str() == word)
    }

    /// Returns its (Japanese) name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Passkey => "生体認証",
            Self::App => "ワンタイムパスワード（OTP）アプリ認証",
            Self::Email => "ワンタイムパスワード（OTP）メール認証",
        }
    }
}

/// A time when the portal is closed, in Japan's time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
pub enum MaintenanceRule {
    /// The same weekday of every month, as in the third Thursday.
    Weekday {
        /// Which one of the month: 1 to 5.
        nth: u8,
        /// 1 Monday to 7 Sunday.
        weekday: u8,
        /// The hour it begins.
        from_hour: u8,
        /// The hour it ends.
        to_hour: u8,
    },
    /// The same day of every month, or the business day before where it is none.
    DayOfMonth {
        /// 1 to 31.
        day: u8,
        /// The hour it begins.
        from_hour: u8,
        /// The hour it ends.
        to_hour: u8,
    },
}

/// The duration of a login.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRule {
    /// Minutes without a request after which it ends.
    pub idle_minutes: u16,
    /// Hours after which it ends in any case.
    pub absolute_hours: u16,
    /// Days that ログイン状態の保存 keeps it over restarts of the browser.
    pub remember_days: u16,
    /// Hours after the last proof within which pages of a household's health may be seen without another.
    #[serde(default = "a_day")]
    pub health_hours: u16,
}

fn ninety() -> u16 {
    90
}

fn three() -> u8 {
    3
}

/// NIST SP 800-63B-4 2.2.3: at most 24 hours for what two factors protect.
fn a_day() -> u16 {
    24
}

/// The way to a new password for a member who forgot it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgottenPassword {
    /// A link by mail that works once for five minutes.
    MailedLink,
    /// A temporary password by mail.
    TemporaryPassword,
}

/// The way to the user ID for a member who forgot it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgottenUserId {
    /// The member enters birth date and address, and gets the user ID by mail.
    BirthDateAndEmail,
    /// The member looks it up in the welcome mail.
    WelcomeMail,
    /// The member asks the society by mail.
    AskSociety,
}

/// The parts before the `@` of the sender addresses of mails (the operator decides the part after it), and the address
/// for answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Senders {
    /// Codes, links, notices: nobody reads the answers.
    pub no_reply: String,
    /// News of the portal's services.
    pub info: String,
    /// The welcome.
    pub webmaster: String,
    /// The address for answers to news and the welcome, as in `kyufu@kenpo.example.jp`.
    pub reply_to: Option<String>,
}

impl Default for Senders {
    fn default() -> Self {
        let [no_reply, info, webmaster] = ["no-reply", "info", "webmaster"].map(str::to_owned);
        Self { no_reply, info, webmaster, reply_to: None }
    }
}

/// The lines of the postcards with temporary IDs that are the society's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostcardLines {
    /// The return address, under the society's name.
    pub sender: Vec<String>,
    /// The postage mark; with none its place stays free for a stamp.
    pub postage: Vec<String>,
    /// The contact for questions, under the society's name; if empty, the address for answers to mails.
    pub inquiry: Vec<String>,
}

/// An act that a society may require two members of staff for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarded {
    /// Showing a batch to members.
    Publication,
    /// Mail to many: showing a batch of which members are told, and the announcements to users of an older system.
    MassMail,
    /// Removing a member's second factors.
    FactorReset,
    /// Letting one decide again what two decide: by two wherever a society has anything decided by two.
    Loosening,
    /// Inviting somebody who could be the second person: as above.
    Invitation,
    /// Giving somebody a role with more rights: as above.
    RoleChange,
    /// Withdrawing what members see: by two where its publication is.
    Withdrawal,
}

impl Guarded {
    /// The acts for which a society can choose a decision by two.
    pub const CHOICES: [Self; 3] = [Self::Publication, Self::MassMail, Self::FactorReset];

    /// The acts that are decided by two because other acts are. The first three in every society that has anything
    /// decided by two: else one could make a second of themselves.
    const FOLLOWING: [Self; 4] = [Self::Loosening, Self::Invitation, Self::RoleChange, Self::Withdrawal];

    /// Returns whether this act is decided by two if the acts in `chosen` are.
    pub fn is_among(self, chosen: &[Self]) -> bool {
        match self {
            Self::Publication | Self::MassMail | Self::FactorReset => chosen.contains(&self),
            Self::Loosening | Self::Invitation | Self::RoleChange => !chosen.is_empty(),
            Self::Withdrawal => chosen.contains(&Self::Publication),
        }
    }

    /// Returns the word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publication => "publication",
            Self::MassMail => "mass_mail",
            Self::FactorReset => "factor_reset",
            Self::Loosening => "loosening",
            Self::Invitation => "invitation",
            Self::RoleChange => "role_change",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// Returns the act for the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::CHOICES.into_iter().chain(Self::FOLLOWING).find(|act| act.as_str() == word)
    }

    /// Returns its (Japanese) name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Publication => "取込データの公開",
            Self::MassMail => "大勢へのメール（公開のお知らせ、移行の案内）",
            Self::FactorReset => "認証方法の初期化",
            Self::Loosening => "二人の確認をやめる変更",
            Self::Invitation => "職員の招待",
            Self::RoleChange => "職員の役割の変更",
            Self::Withdrawal => "公開した取込データの取下げ",
        }
    }
}

/// A service that a society can switch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// 医療費情報.
    Expenses,
    /// 医療費控除申告用データ.
    Deduction,
}

impl Service {
    /// Every service there is.
    pub const ALL: [Self; 2] = [Self::Expenses, Self::Deduction];

    /// Returns the word in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expenses => "expenses",
            Self::Deduction => "deduction",
        }
    }

    /// Returns its (Japanese) name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Expenses => "医療費情報",
            Self::Deduction => "医療費控除",
        }
    }
}

/// One of the five policies that ship with Yui.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// Renewed flow, all factors, five years.
    Fumitsuki,
    /// Classic flow, password alone, two years, renewed after three years.
    Soyokaze,
    /// Classic flow, password alone, two years, renewed after five years, closed on the 25th.
    Midori,
    /// Renewed flow without the app.
    Nanohana,
    /// Renewed flow, e-mail recommended, closed on the third Thursday.
    Minato,
}

impl Preset {
    /// Every preset, in the order of the specification's table.
    pub const ALL: [Self; 5] = [Self::Fumitsuki, Self::Soyokaze, Self::Midori, Self::Nanohana, Self::Minato];

    /// Returns the preset's name, which is also the demo society's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Fumitsuki => "fumitsuki",
            Self::Soyokaze => "soyokaze",
            Self::Midori => "midori",
            Self::Nanohana => "nanohana",
            Self::Minato => "minato",
        }
    }

    /// Returns the policy of the shipped file.
    ///
    /// # Errors
    /// Where the shipped file is broken, which a test excludes.
    pub fn policy(self) -> serde_json::Result<Policy> {
        serde_json::from_str(match self {
            Self::Fumitsuki => include_str!("presets/fumitsuki.json"),
            Self::Soyokaze => include_str!("presets/soyokaze.json"),
            Self::Midori => include_str!("presets/midori.json"),
            Self::Nanohana => include_str!("presets/nanohana.json"),
            Self::Minato => include_str!("presets/minato.json"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(preset: Preset) -> Policy {
        preset.policy().unwrap()
    }

    #[test]
    fn the_presets_say_what_the_table_says() {
        let [fumitsuki, soyokaze, midori, nanohana, minato] = Preset::ALL.map(policy);
        assert_eq!(
            [&fumitsuki, &soyokaze, &midori, &nanohana, &minato].map(|policy| policy.expenses_visible_years),
            [5, 2, 2, 5, 5]
        );
        assert_eq!([&fumitsuki, &nanohana, &minato].map(|policy| policy.enrolment), [EnrolmentFlow::Renewed; 3]);
        assert_eq!([&soyokaze, &midori].map(|policy| policy.enrolment), [EnrolmentFlow::Classic; 2]);
        assert_eq!(
            soyokaze.password,
            PasswordRule { min: 8, max: 20, complexity: Complexity::LetterAndDigit, renew_after_years: Some(3) }
        );
        assert_eq!(midori.password.renew_after_years, Some(5));
        assert_eq!(nanohana.factors, [Factor::Passkey, Factor::Email]);
        assert_eq!(minato.recommended_factor, Some(Factor::Email));
        assert!(soyokaze.factors.is_empty() && midori.factors.is_empty());
        assert_eq!(minato.user_id, UserIdRule { min: 3, max: 255, may_change: true });
        assert_eq!(soyokaze.user_id, UserIdRule { min: 8, max: 13, may_change: false });
        assert_eq!(minato.maintenance, [MaintenanceRule::Weekday { nth: 3, weekday: 4, from_hour: 19, to_hour: 22 }]);
        assert_eq!(midori.maintenance, [MaintenanceRule::DayOfMonth { day: 25, from_hour: 21, to_hour: 24 }]);
        assert!(Preset::ALL.map(policy).iter().all(|policy| policy.lock_after_wrong_passwords == 11));
    }

    #[test]
    fn a_policy_that_is_older_than_a_value_has_its_default() {
        let text = include_str!("presets/minato.json");
        assert!(!text.contains("senders") && !text.contains("postcards"));
        let minato = policy(Preset::Minato);
        assert_eq!((minato.senders, minato.postcards), (Senders::default(), PostcardLines::default()));
    }

    #[test]
    fn an_unknown_word_in_a_policy_is_refused_by_name() {
        let text = serde_json::to_string(&policy(Preset::Fumitsuki)).unwrap().replace("enrolment", "enrollment");
        let error = serde_json::from_str::<Policy>(&text).unwrap_err().to_string();
        assert!(error.contains("enrollment"), "{error}");
    }
}
