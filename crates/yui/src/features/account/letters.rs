//! The letters of this feature.

use jiff::{Timestamp, civil::Date};

use super::{events::AccountEvent, queries::AccountPerson};
use crate::{
    core::{
        clock::japan,
        mail::{Letter, MailFrame, Sender, mail_kinds},
    },
    ui::Lang,
};

mail_kinds! {
    /// The link that proves an address.
    EMAIL_VERIFY = "email_verify" / "メールアドレスの確認";
    /// The address was typed for another account.
    EMAIL_TAKEN = "email_taken" / "メールアドレスの登録について";
    /// A one-time code.
    MAIL_CODE = "mail_code" / "ワンタイムパスワード";
    /// The enrolment is complete.
    WELCOME = "welcome" / "初回登録の完了";
    /// The link to a new password.
    PASSWORD_RESET = "password_reset" / "パスワードの再設定";
    /// A temporary password.
    TEMPORARY_PASSWORD = "temporary_password" / "仮パスワード";
    /// The forgotten user ID.
    USER_ID = "user_id" / "ユーザIDのお知らせ";
    /// The announcement to users of an older system.
    ANNOUNCEMENT = "announcement" / "ポータル更新の案内";
    /// A change of the account.
    NOTICE = "notice" / "アカウントのお知らせ";
}

/// The link that proves an address.
pub(super) fn email_verify(frame: &MailFrame, path: &str) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::NoReply, EMAIL_VERIFY, lang.t("メールアドレスの確認"))
        .p(lang.tf("{0}の加入者ポータルで、このメールアドレスが登録されようとしています。", [&frame.society]))
        .p(lang.t("下のリンクを開き、「メールアドレスの確認」を押してください。別の端末で開いてもかまいません。"))
        .button(lang.t("メールアドレスの確認"), frame.url(path))
        .p(lang.t("このリンクの有効時間は30分です。一度だけ使えます。"))
        .fine(lang.t("お心当たりがない場合は、リンクを開かずにこのメールを削除してください。"))
}

/// Tells the owner of an address that somebody typed it for another account.
pub(super) fn email_taken(frame: &MailFrame) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::NoReply, EMAIL_TAKEN, lang.t("メールアドレスの登録について"))
        .p(lang.tf(
            "{0}の加入者ポータルで、別のアカウントにこのメールアドレスを登録する操作がありました。",
            [&frame.society],
        ))
        .p(lang.t("メールアドレスは、1つのアカウントだけで使えます。すでにあなたのアカウントで使われているため、登録されていません。"))
        .p(lang.t("ご自身やご家族の操作の場合は、画面に戻り、別のメールアドレスを入力してください。"))
        .fine(lang.t("お心当たりがない場合は、何もする必要はありません。あなたのアカウントは変わっていません。"))
}

/// The code of OTPメール.
pub(super) fn mail_code(frame: &MailFrame, code: &str) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::NoReply, MAIL_CODE, lang.t("ワンタイムパスワードのお知らせ"))
        .p(lang.t("ログインの画面に、次のワンタイムパスワードを入力してください。"))
        .code(code)
        .p(lang.t("有効時間は10分です。ほかの人に教えないでください。職員がおたずねすることはありません。"))
        .fine(lang.t(
            "お心当たりがない場合は、パスワードをほかの人が知っているおそれがあります。パスワードを変更してください。",
        ))
}

/// The welcome, which carries the user ID.
pub(super) fn welcome(frame: &MailFrame, person: &AccountPerson) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::Webmaster, WELCOME, lang.tf("{0} 加入者ポータルへようこそ", [&frame.society]))
        .p(lang.tf("{0} 様", [&person.name]))
        .p(lang.t("初回登録が完了しました。仮ユーザIDと仮パスワードは、もうお使いいただけません。"))
        .p(lang.t("あなたのユーザIDは次のとおりです。このメールを保存しておいてください。"))
        .code(&person.user_id)
        .button(lang.t("ポータルを開く"), frame.url("/"))
}

/// The link of パスワードを忘れた方はこちら.
pub(super) fn password_reset(frame: &MailFrame, path: &str) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::NoReply, PASSWORD_RESET, lang.t("パスワードの再設定"))
        .p(lang.t("パスワードを再設定するお申し込みを受け付けました。下のリンクを開いて、新しいパスワードを設定してください。"))
        .button(lang.t("パスワードの再設定"), frame.url(path))
        .p(lang.t("このリンクの有効時間は5分です。一度だけ使えます。"))
        .fine(lang.t("お心当たりがない場合は、リンクを開かずにこのメールを削除してください。パスワードは変わりません。"))
}

/// The temporary password of classic societies.
pub(super) fn temporary_password(frame: &MailFrame, password: &str) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::NoReply, TEMPORARY_PASSWORD, lang.t("仮パスワードのお知らせ"))
        .p(lang.t("仮パスワードを発行しました。ログインすると、新しいパスワードの設定をお願いします。"))
        .code(password)
        .button(lang.t("ログインする"), frame.url("/login"))
        .p(lang.t("仮パスワードの有効時間は60分です。一度だけ使えます。"))
        .fine(lang.t("お心当たりがない場合は、健康保険組合へご連絡ください。"))
}

/// The answer to ユーザIDを忘れた方はこちら.
pub(super) fn user_id(frame: &MailFrame, user_id: &str) -> Letter {
    let lang = frame.lang;
    Letter::new(frame, Sender::NoReply, USER_ID, lang.t("ユーザIDのお知らせ"))
        .p(lang.t("お問い合わせいただいたユーザIDは次のとおりです。"))
        .code(user_id)
        .button(lang.t("ログインする"), frame.url("/login"))
        .fine(lang.t("お心当たりがない場合は、このメールを削除してください。"))
}

/// The announcement of the renewed portal to a user of the older one, with the way in.
pub(crate) fn announcement(frame: &MailFrame, user_id: &str, way: &FirstWay) -> Letter {
    let lang = frame.lang;
    let until = crate::ui::format::date(lang, way.until());
    let letter = Letter::new(frame, Sender::Webmaster, ANNOUNCEMENT, lang.tf("{0} 加入者ポータルが新しくなりました", [&frame.society]))
        .p(lang.t("加入者ポータルが新しくなりました。引き続きご利用いただくために、初回登録をお願いします。10分ほどで終わります。"))
        .p(lang.t("お使いになるユーザIDは次のとおりです。"))
        .code(user_id);
    match way {
        FirstWay::Link { path, .. } => letter
            .button(lang.t("初回登録を始める"), frame.url(path))
            .p(lang.tf("このリンクは{0}まで、一度だけ使えます。ほかの人に渡さないでください。", [until])),
        FirstWay::NumbersAndBirthDate { .. } => letter
            .button(lang.t("ログインする"), frame.url("/login"))
            .p(lang.tf("最初のパスワードは「記号＋番号＋生年月日（西暦8桁）」です。{0}まで使えます。", [until]))
            .list([lang.t("例：記号800、番号1234、2001年1月1日生まれの方は 800123420010101")]),
    }
}

/// How a user of the older system gets in for the first time.
#[derive(Debug)]
pub(crate) enum FirstWay {
    /// By a link that works once.
    Link { path: String, until: Date },
    /// By a password made of symbol, number and birth date.
    NumbersAndBirthDate { until: Date },
}

impl FirstWay {
    fn until(&self) -> Date {
        match self {
            Self::Link { until, .. } | Self::NumbersAndBirthDate { until } => *until,
        }
    }
}

/// The notice of something that happened to the account. It links to no act: who is startled goes to the portal by
/// themselves.
pub(super) fn notice(
    frame: &MailFrame,
    person: &AccountPerson,
    what: &AccountEvent,
    device: Option<&str>,
    now: Timestamp,
) -> Letter {
    let lang = frame.lang;
    if *what == AccountEvent::Enrolled {
        return welcome(frame, person);
    }
    let subject = subject(lang, what);
    let when = now.to_zoned(japan()).strftime("%Y/%m/%d %H:%M").to_string();
    let mut letter = Letter::new(frame, Sender::NoReply, NOTICE, &subject)
        .p(lang.tf("{0} 様", [&person.name]))
        .p(sentence(lang, what))
        .list([lang.tf("日時：{0}", [when])].into_iter().chain(device.map(|device| lang.tf("端末：{0}", [device]))));
    letter = match what {
        AccountEvent::Locked if person.has_passkey => letter.p(lang.t(
            "生体認証では、そのままログインできます。パスワードのロックを解除するには、健康保険組合へご連絡ください。",
        )),
        AccountEvent::Locked => letter.p(lang.t("ロックを解除するには、健康保険組合へご連絡ください。")),
        AccountEvent::FactorsReset => letter.p(lang.t("次のログインのときに、新しい認証方法を登録してください。")),
        _ => letter,
    };
    letter.p(lang.t(match what {
        // Nobody can change a password now, or the society did it.
        AccountEvent::Locked | AccountEvent::Stopped => "お心当たりがない場合は、健康保険組合へご連絡ください。",
        _ => "お心当たりがない場合は、すぐにパスワードを変更し、健康保険組合へご連絡ください。",
    }))
}

fn subject(lang: Lang, what: &AccountEvent) -> String {
    lang.t(match what {
        AccountEvent::LoggedIn(_) | AccountEvent::NewDevice => "新しい端末からログインがありました",
        AccountEvent::Enrolled | AccountEvent::TermsAgreed(_) => "初回登録が完了しました",
        AccountEvent::PasswordChanged | AccountEvent::PasswordReset => "パスワードが変更されました",
        AccountEvent::UserIdChanged => "ユーザIDが変更されました",
        AccountEvent::EmailChangeAsked => "メールアドレスの変更が申し込まれました",
        AccountEvent::MailedPasswordUsed => "仮パスワードが使われました",
        AccountEvent::EmailChanged(_) => "メールアドレスが変更されました",
        AccountEvent::FactorAdded(_) => "認証方法が登録されました",
        AccountEvent::FactorRemoved(_) => "認証方法が削除されました",
        AccountEvent::FactorsReset => "認証方法が初期化されました",
        AccountEvent::RecoveryCodesMade => "回復コードが発行されました",
        AccountEvent::RecoveryCodeUsed => "回復コードが使われました",
        AccountEvent::Locked => "アカウントがロックされました",
        AccountEvent::Unlocked => "アカウントのロックが解除されました",
        AccountEvent::SessionsEnded => "全てのデバイスからサインアウトしました",
        AccountEvent::SignedOut => "全てのデバイスからサインアウトされました",
        AccountEvent::Stopped => "アカウントの利用が停止されました",
        AccountEvent::Resumed => "アカウントの利用が再開されました",
    })
    .to_owned()
}

fn sentence(lang: Lang, what: &AccountEvent) -> String {
    match what {
        AccountEvent::LoggedIn(_) | AccountEvent::NewDevice => lang.t("これまで使われていない端末から、ログインがありました。").to_owned(),
        AccountEvent::Enrolled | AccountEvent::TermsAgreed(_) => lang.t("初回登録が完了しました").to_owned(),
        AccountEvent::PasswordChanged => lang.t("アカウントのパスワードが変更されました。").to_owned(),
        AccountEvent::PasswordReset => lang.t("メールのリンクから、アカウントのパスワードが再設定されました。").to_owned(),
        AccountEvent::UserIdChanged => lang.t("アカウントのユーザIDが変更されました。").to_owned(),
        AccountEvent::EmailChangeAsked => lang.t("別のメールアドレスへの変更が申し込まれました。新しいアドレスが確認されるまでは、このアドレスのままです。").to_owned(),
        AccountEvent::MailedPasswordUsed => lang.t("メールでお送りした仮パスワードでログインがありました。以前のパスワードは、もう使えません。").to_owned(),
        AccountEvent::EmailChanged(_) => lang.t("アカウントのメールアドレスが変更されました。このメールは、変更前と変更後の両方のアドレスへお送りしています。").to_owned(),
        AccountEvent::FactorAdded(label) => lang.tf("認証方法「{0}」が登録されました。", [label]),
        AccountEvent::FactorRemoved(label) => lang.tf("認証方法「{0}」が削除されました。", [label]),
        AccountEvent::FactorsReset => lang.t("お申し出により、健康保険組合が認証方法を初期化しました。").to_owned(),
        AccountEvent::RecoveryCodesMade => lang.t("新しい回復コードが発行されました。以前の回復コードは使えません。").to_owned(),
        AccountEvent::RecoveryCodeUsed => lang.t("回復コードを使ってログインがありました。使われたコードは、もう使えません。").to_owned(),
        AccountEvent::Locked => lang.t("誤った入力が続いたため、アカウントをロックしました。").to_owned(),
        AccountEvent::Unlocked => lang.t("健康保険組合が、アカウントのロックを解除しました。").to_owned(),
        AccountEvent::SessionsEnded => lang.t("ほかの全てのデバイスのログインを終わらせました。").to_owned(),
        AccountEvent::SignedOut => lang.t("健康保険組合が、全てのデバイスのログインを終わらせました。").to_owned(),
        AccountEvent::Stopped => lang.t("健康保険組合が、アカウントの利用を停止しました。再開については、健康保険組合へご連絡ください。").to_owned(),
        AccountEvent::Resumed => lang.t("健康保険組合が、アカウントの利用を再開しました。").to_owned(),
    }
}
