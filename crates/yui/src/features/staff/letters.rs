//! The letters to staff, in Japanese.

use jiff::Timestamp;

use super::events::StaffEvent;
use crate::{
    core::mail::{Letter, MailFrame, Sender, mail_kinds},
    ui::format,
};

mail_kinds! {
    /// An invitation.
    STAFF_INVITATION = "staff_invitation" / "職員の招待";
    /// A change of the account.
    STAFF_NOTICE = "staff_notice" / "職員のアカウントのお知らせ";
}

/// The invitation.
pub(super) fn invitation(frame: &MailFrame, name: &str, role: &str, path: &str) -> Letter {
    Letter::new(frame, Sender::NoReply, STAFF_INVITATION, format!("{} 管理画面への招待", frame.society))
        .p(format!("{name} 様"))
        .p(format!("{}の加入者ポータルの管理画面に、{role}として招待されました。", frame.society))
        .p("下のリンクを開いて、パスワードと、二つ目の認証方法（パスキーまたは認証アプリ）を登録してください。")
        .button("招待に応じる", frame.url(path))
        .p("このリンクは7日間、一度だけ使えます。ほかの人に渡さないでください。")
        .fine("お心当たりがない場合は、リンクを開かずにこのメールを削除してください。")
}

/// The notice of something that happened to the account, with when and whence. It links to no act: who is startled goes to an
/// administrator.
pub(super) fn notice(frame: &MailFrame, name: &str, what: StaffEvent<'_>, (at, whence): (Timestamp, String)) -> Letter {
    let (subject, sentence) = words(what);
    Letter::new(frame, Sender::NoReply, STAFF_NOTICE, format!("{} 管理画面の{subject}", frame.society))
        .p(format!("{name} 様"))
        .p(sentence)
        .list([format!("日時：{}", format::minute(at)), whence])
        .p(match what {
            StaffEvent::Locked => {
                "お心当たりがない場合は、ほかの人がパスワードを知っています。すぐに、健康保険組合の管理者へ知らせてください。"
            }
            _ => "お心当たりがない場合は、すぐに、健康保険組合の管理者へ知らせてください。",
        })
}

/// Returns what happened, as the end of a subject and as a sentence.
fn words(what: StaffEvent<'_>) -> (&'static str, String) {
    let (subject, sentence) = match what {
        StaffEvent::PasswordSet => {
            ("パスワードが設定されました", "招待のリンクから、管理画面のパスワードが設定されました。")
        }
        StaffEvent::PasswordChanged => {
            ("パスワードが変更されました", "管理画面のパスワードが変更されました。ほかの端末のログインは終わりました。")
        }
        StaffEvent::FactorAdded(label) => {
            return ("認証方法が登録されました", format!("管理画面の認証方法「{label}」が登録されました。"));
        }
        StaffEvent::FactorRemoved(label) => {
            return ("認証方法が削除されました", format!("管理画面の認証方法「{label}」が削除されました。"));
        }
        StaffEvent::Reset => (
            "認証が初期化されました",
            "管理画面のパスワードと認証方法が初期化され、改めて招待されました。これまでのものは使えません。続きは、別にお送りする招待のメールをご覧ください。",
        ),
        StaffEvent::RoleChanged(from, to) => {
            let sentence = format!("管理画面での役割が「{}」から「{}」に変更されました。", from.label(), to.label());
            return ("役割が変更されました", sentence);
        }
        StaffEvent::Locked => (
            "アカウントがロックされました",
            "誤った確認コードが続いたため、管理画面のアカウントをロックしました。解除するには、管理者へご連絡ください。",
        ),
        StaffEvent::Unlocked => {
            ("アカウントのロックが解除されました", "管理者が、管理画面のアカウントのロックを解除しました。")
        }
        StaffEvent::Stopped => {
            ("アカウントの利用が停止されました", "管理者が、管理画面のアカウントの利用を停止しました。")
        }
        StaffEvent::Resumed => (
            "アカウントの利用が再開されました",
            "管理者が、管理画面のアカウントの利用を再開し、改めて招待しました。これまでのパスワードと認証方法は使えません。続きは、別にお送りする招待のメールをご覧ください。",
        ),
    };
    (subject, sentence.to_owned())
}
