//! The acts of staff on an account, each with its words.

use super::act::{ActionOutcome, ActionTarget, Asks, MemberAction, MemberActionForm, Words};
use crate::{
    core::{
        app::App,
        audit::Subject,
        error::AppError,
        scope::StaffScope,
        society::{Guarded, InSociety},
    },
    features::{
        account::staff::{self as accounts, Renamed},
        approvals, temporary_ids,
    },
};

fn sentences<const N: usize>(all: [&str; N]) -> Vec<String> {
    all.into_iter().map(str::to_owned).collect()
}

const TOLD: &str = "登録されているメールアドレスへ、本人にお知らせします。";

/// ロック解除.
pub(super) struct Unlock;

impl MemberAction for Unlock {
    const WORDS: Words =
        Words {
            path: "unlock", title: "ロックの解除", button: "ロックを解除する", danger: false, asks: Asks::Note
        };

    fn is_possible(target: &ActionTarget) -> bool {
        !target.is("stopped") && target.account.as_ref().is_some_and(|account| account.locked_at.is_some())
    }

    fn effects(_: &StaffScope, _: &ActionTarget) -> Vec<String> {
        sentences(["今のパスワードで、もう一度ログインできるようになります。", "誤りの回数は0に戻ります。", TOLD])
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        accounts::unlock_of(app, &staff.acting(), target.account()?.account_id, &typed.told()).await?;
        Ok(ActionOutcome::Done("unlocked"))
    }
}

/// 全てのログインを終わらせる.
pub(super) struct SignOut;

impl MemberAction for SignOut {
    const WORDS: Words = Words {
        path: "sign-out",
        title: "全てのログインの終了",
        button: "全てのログインを終わらせる",
        danger: false,
        asks: Asks::Note,
    };

    fn is_possible(target: &ActionTarget) -> bool {
        target.is("enrolled")
    }

    fn effects(_: &StaffScope, _: &ActionTarget) -> Vec<String> {
        sentences([
            "全ての端末で、すぐにログアウトされます。",
            "メールで送った確認や再設定のリンクも使えなくなります。",
            "パスワードと認証方法は変わりません。",
            TOLD,
        ])
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        accounts::sign_out_of(app, &staff.acting(), target.account()?.account_id, &typed.told()).await?;
        Ok(ActionOutcome::Done("signed-out"))
    }
}

/// 初期化.
pub(super) struct FactorsReset;

impl MemberAction for FactorsReset {
    const WORDS: Words = Words {
        path: "factors",
        title: "認証方法の初期化",
        button: "認証方法を初期化する",
        danger: true,
        asks: Asks::Identity,
    };

    fn is_possible(target: &ActionTarget) -> bool {
        target.is("enrolled")
    }

    fn effects(staff: &StaffScope, _: &ActionTarget) -> Vec<String> {
        let mut all = sentences([
            "登録されている認証方法と回復コードが、すべて削除されます。",
            "全ての端末で、すぐにログアウトされます。",
            "次のログインでは、パスワードだけを確かめたあと、新しい認証方法を登録してもらいます。",
            TOLD,
        ]);
        if approvals::needed(staff, Guarded::FactorReset) {
            all.insert(0, "この組合では二人の確認が必要です。ほかの職員が承認すると実行されます。".to_owned());
        }
        all
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let account_id = target.account()?.account_id;
        if !approvals::needed(staff, Guarded::FactorReset) {
            accounts::reset_factor_of(app, &staff.acting(), account_id, &typed.told()).await?;
            return Ok(ActionOutcome::Done("factors-reset"));
        }
        let subject = Subject::new("account", account_id, &target.member.name);
        let mut tx = app.db.begin().await?;
        if !approvals::request(app, &mut tx, staff, Guarded::FactorReset, &subject, &typed.told()).await? {
            let words = "この人の初期化は、すでに承認を依頼しています。承認の画面でご確認ください。";
            return Ok(ActionOutcome::Refused("reason", words.to_owned()));
        }
        tx.commit().await?;
        Ok(ActionOutcome::ApprovalRequested)
    }
}

/// 仮ID・仮パスワードの再発行.
pub(super) struct PairReissue;

impl MemberAction for PairReissue {
    const WORDS: Words = Words {
        path: "pair",
        title: "仮ID・仮パスワードの再発行",
        button: "再発行する",
        danger: true,
        asks: Asks::Reason,
    };

    fn is_possible(target: &ActionTarget) -> bool {
        target.is("temporary")
    }

    fn effects(staff: &StaffScope, _: &ActionTarget) -> Vec<String> {
        let days = staff.society().policy.temporary_days;
        let mut all = sentences([
            "前に送った仮パスワードやリンクは、すぐに使えなくなります。初回登録の途中なら、はじめからになります。",
            "新しい仮パスワードは画面には出ません。次のハガキ・CSVの作成のときに、ほかの分といっしょに書き出されます。",
        ]);
        all.push(format!("有効期限は、今日から{days}日後の終わりまでです。"));
        all
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let done =
            temporary_ids::pair_reissue(app, &staff.acting(), target.account()?.account_id, &typed.told()).await?;
        Ok(ActionOutcome::Done(if done { "pair-reissued" } else { "changed" }))
    }
}

/// ユーザIDの変更.
pub(super) struct UserIdChange;

impl MemberAction for UserIdChange {
    const WORDS: Words = Words {
        path: "user-id",
        title: "ユーザIDの変更",
        button: "ユーザIDを変更する",
        danger: false,
        asks: Asks::UserId,
    };

    fn is_possible(target: &ActionTarget) -> bool {
        target.is("enrolled")
    }

    fn effects(staff: &StaffScope, target: &ActionTarget) -> Vec<String> {
        let rule = staff.society().policy.user_id;
        let now = target.account.as_ref().map(|account| account.user_id.as_str()).unwrap_or_default();
        vec![
            format!("今のユーザID「{now}」では、ログインできなくなります。"),
            format!("新しいユーザIDは{}文字以上{}文字以内です。", rule.min, rule.max),
            "新しいユーザIDは、本人に伝えてください。変更されたことだけを、メールで本人にお知らせします。".to_owned(),
        ]
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let (account_id, reason) = (target.account()?.account_id, typed.told());
        match accounts::user_id_change(app, &staff.acting(), account_id, &typed.user_id, &reason).await? {
            Renamed::Done => Ok(ActionOutcome::Done("user-id-changed")),
            Renamed::Refused(words) => Ok(ActionOutcome::Refused("user_id", words)),
        }
    }
}

/// 利用停止.
pub(super) struct Stop;

impl MemberAction for Stop {
    const WORDS: Words =
        Words {
            path: "stop", title: "利用の停止", button: "利用を停止する", danger: true, asks: Asks::Reason
        };

    fn is_possible(target: &ActionTarget) -> bool {
        target.account.is_some() && !target.is("stopped")
    }

    fn effects(_: &StaffScope, _: &ActionTarget) -> Vec<String> {
        sentences([
            "全ての端末で、すぐにログアウトされます。",
            "パスワード、生体認証、メールのリンクの、どれでもログインできなくなります。",
            "認証方法は残ります。再開すると、またそのまま使えます。",
            TOLD,
        ])
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let done = accounts::stop_of(app, &staff.acting(), target.account()?.account_id, &typed.told()).await?;
        Ok(ActionOutcome::Done(if done { "stopped" } else { "changed" }))
    }
}

/// 再開.
pub(super) struct Resume;

impl MemberAction for Resume {
    const WORDS: Words =
        Words {
            path: "resume", title: "利用の再開", button: "利用を再開する", danger: false, asks: Asks::Reason
        };

    fn is_possible(target: &ActionTarget) -> bool {
        target.is("stopped")
    }

    fn effects(_: &StaffScope, _: &ActionTarget) -> Vec<String> {
        sentences([
            "停止の前と同じユーザID、パスワード、認証方法で、またログインできるようになります。",
            "ロックされていた場合は、ロックされたままです。",
            TOLD,
        ])
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let done = accounts::resume_of(app, &staff.acting(), target.account()?.account_id, &typed.told()).await?;
        Ok(ActionOutcome::Done(if done { "resumed" } else { "changed" }))
    }
}
