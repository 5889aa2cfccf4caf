//! Account events: every login and every change of the owner's credentials is recorded, and the owner is told of every
//! change by mail, in the same transaction as the change.

use yui_db::Tx;

use super::{
    letters,
    queries::{self, EventRecord},
};
use crate::core::{
    app::App,
    client_info::ClientInfo,
    mail::{self, MailFrame, Recipient},
    society::InSociety,
};

/// A change to an account that its owner is told of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum AccountEvent {
    /// Somebody logged in, with this strongest proof.
    LoggedIn(&'static str),
    /// … in a browser that was not known.
    NewDevice,
    /// Enrolment is done.
    Enrolled,
    /// Terms of this version were agreed to.
    TermsAgreed(i64),
    /// The password was changed by its owner.
    PasswordChanged,
    /// … by a mailed link.
    PasswordReset,
    /// The user ID was changed.
    UserIdChanged,
    /// Another address was asked for; it is not proved yet.
    EmailChangeAsked,
    /// A mailed password was used.
    MailedPasswordUsed,
    /// The address was changed from this one.
    EmailChanged(Option<String>),
    /// A factor with this label was registered.
    FactorAdded(String),
    /// … was removed.
    FactorRemoved(String),
    /// Staff removed all factors.
    FactorsReset,
    /// Recovery codes were made.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// Wrong passwords, birth dates or codes locked the account.
    Locked,
    /// Staff unlocked it.
    Unlocked,
    /// All other sessions were ended.
    SessionsEnded,
    /// Staff ended all sessions.
    SignedOut,
    /// Staff stopped the account.
    Stopped,
    /// … and took it up again.
    Resumed,
}

impl AccountEvent {
    fn as_str(&self) -> &'static str {
        match self {
            Self::LoggedIn(_) => "logged_in",
            Self::NewDevice => "new_device",
            Self::Enrolled => "enrolled",
            Self::TermsAgreed(_) => "terms_agreed",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::UserIdChanged => "user_id_changed",
            Self::EmailChangeAsked => "email_change_asked",
            Self::MailedPasswordUsed => "mailed_password_used",
            Self::EmailChanged(_) => "email_changed",
            Self::FactorAdded(_) => "factor_added",
            Self::FactorRemoved(_) => "factor_removed",
            Self::FactorsReset => "factors_reset",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::SessionsEnded => "sessions_ended",
            Self::SignedOut => "signed_out",
            Self::Stopped => "stopped",
            Self::Resumed => "resumed",
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::LoggedIn(proof) => Some((*proof).to_owned()),
            Self::TermsAgreed(version) => Some(version.to_string()),
            _ => None,
        }
    }
}

/// Returns an event's Japanese label for staff, from its word and detail.
pub(crate) fn event_label(kind: &str, detail: Option<&str>) -> String {
    let proof = |word: &str| match word {
        "passkey" => "生体認証",
        "app" => "OTPアプリ",
        "email" => "OTPメール",
        "recovery" => "回復コード",
        _ => "パスワード",
    };
    let label = match (kind, detail) {
        ("logged_in", Some(word)) => return format!("ログイン（{}）", proof(word)),
        ("terms_agreed", Some(version)) => return format!("利用規約 第{version}版に同意"),
        ("logged_in", None) => "ログイン",
        ("terms_agreed", None) => "利用規約に同意",
        ("new_device", _) => "新しい端末からログイン",
        ("enrolled", _) => "初回登録を完了",
        ("password_changed", _) => "パスワードを変更",
        ("password_reset", _) => "メールのリンクからパスワードを再設定",
        ("user_id_changed", _) => "ユーザIDを変更",
        ("email_change_asked", _) => "メールアドレスの変更を申込",
        ("mailed_password_used", _) => "メールの仮パスワードでログイン",
        ("email_changed", _) => "メールアドレスを変更",
        ("factor_added", _) => "認証方法を登録",
        ("factor_removed", _) => "認証方法を削除",
        ("factors_reset", _) => "認証方法を初期化",
        ("recovery_codes_made", _) => "回復コードを発行",
        ("recovery_code_used", _) => "回復コードでログイン",
        ("locked", _) => "誤った入力が続きロック",
        ("unlocked", _) => "ロックを解除",
        ("sessions_ended", _) => "ほかの端末のログインを終了",
        ("signed_out", _) => "全てのログインを終了",
        ("stopped", _) => "利用を停止",
        ("resumed", _) => "利用を再開",
        ("pair_issued", _) => "仮ID・仮パスワードを発行",
        _ => kind,
    };
    label.to_owned()
}

/// Records the event and tells the owner, if they have an address. Without a client, staff caused it.
pub(super) async fn record_event(
    app: &App,
    tx: &mut Tx,
    scope: &impl InSociety,
    client: Option<&ClientInfo>,
    account_id: i64,
    what: AccountEvent,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let (detail, address) = (what.detail(), client.map(|client| client.address.to_string()));
    let event = EventRecord {
        account_id,
        kind: what.as_str(),
        detail: detail.as_deref(),
        actor: if client.is_some() { "member" } else { "staff" },
        address: address.as_deref(),
    };
    queries::event_insert(tx, scope, &event, now).await?;
    if matches!(what, AccountEvent::LoggedIn(_) | AccountEvent::TermsAgreed(_)) {
        return Ok(());
    }
    let person = queries::person_in(tx, scope, account_id).await?;
    let frame = MailFrame::of(app, scope.society(), person.lang);
    let device = client.map(|client| client.device(person.lang));
    let letter = letters::notice(&frame, &person, &what, device.as_deref(), now);
    let old = if let AccountEvent::EmailChanged(old) = &what { old.as_deref() } else { None };
    for address in person.email.as_deref().into_iter().chain(old) {
        mail::enqueue(tx, app, scope, Recipient { account_id: Some(account_id), address }, &letter, now).await?;
    }
    Ok(())
}
