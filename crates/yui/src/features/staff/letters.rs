//! The letters to staff, in Japanese.

use crate::features::mails::{Letter, MailFrame, Sender};

/// The invitation.
pub(super) fn invitation(frame: &MailFrame, name: &str, role: &str, path: &str) -> Letter {
    Letter::new(frame, Sender::NoReply, "staff_invitation", format!("{} 管理画面への招待", frame.society))
        .p(format!("{name} 様"))
        .p(format!("{}の加入者ポータルの管理画面に、{role}として招待されました。", frame.society))
        .p("下のリンクを開いて、パスワードと、二つ目の認証方法（パスキーまたは認証アプリ）を登録してください。")
        .button("招待に応じる", frame.url(path))
        .p("このリンクは7日間、一度だけ使えます。ほかの人に渡さないでください。")
        .fine("お心当たりがない場合は、リンクを開かずにこのメールを削除してください。")
}
