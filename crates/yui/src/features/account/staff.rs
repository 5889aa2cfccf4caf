//! The acts of staff on an account: unlocking it, initialising its factors, stopping it; and the numbers of accounts.
//! From the console and by the command line.

use anyhow::Context;
use yui_auth::password::Password;
use yui_db::Tx;

use super::{
    events::{AccountEvent, record_event},
    limits::PASSWORDS_OF_USER_ID,
    names::USER_ID_TAKEN,
    queries::{self, InState},
    rules,
    settings::sign_out_everywhere,
    waiting,
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        error::AppError,
        heavy::{self, busy},
        role::Right,
        scope::SystemScope,
        society::{Guarded, InSociety},
    },
    features::approvals::GuardedAct,
    ui::Lang,
};

crate::core::audit::acts! {
    /// An account was unlocked.
    ACCOUNT_UNLOCKED = "account.unlocked" / "加入者のロックを解除";
    /// An account's factors were removed.
    ACCOUNT_FACTORS_RESET = "account.factors_reset" / "加入者の認証方法を初期化";
    /// An account was stopped.
    ACCOUNT_STOPPED = "account.stopped" / "加入者の利用を停止";
    /// An account was resumed.
    ACCOUNT_RESUMED = "account.resumed" / "加入者の利用を再開";
    /// An account's sessions were ended.
    ACCOUNT_SIGNED_OUT = "account.signed_out" / "加入者のログインを全て終了";
    /// An account got another user ID.
    ACCOUNT_USER_ID_CHANGED = "account.user_id_changed" / "加入者のユーザIDを変更";
    /// An account got another temporary pair.
    ACCOUNT_PAIR_REISSUED = "account.pair_reissued" / "仮ID・仮パスワードを再発行";
}

async fn id_of(app: &App, scope: &SystemScope, user_id: &str) -> anyhow::Result<i64> {
    let id = queries::account_id(&app.db, scope, &user_id.to_lowercase()).await?;
    id.with_context(|| format!("there is no account with the user ID {user_id:?}"))
}

/// Returns the account as a subject of the log.
pub(crate) async fn subject(app: &App, scope: &SystemScope, account_id: i64) -> anyhow::Result<(Subject, String)> {
    let person = queries::person(&app.db, scope, account_id).await?;
    Ok((Subject::new("account", account_id, person.name), person.user_id))
}

/// Unlocks an account: its owner may try passwords again.
///
/// # Errors
/// If the society has no account with this user ID.
pub async fn unlock(app: &App, scope: &SystemScope, user_id: &str) -> anyhow::Result<()> {
    let id = id_of(app, scope, user_id).await?;
    unlock_of(app, scope, id, "").await
}

/// As [`unlock`], for the account of this number; the log tells `reason`.
///
/// # Errors
/// Where the society has no such account.
pub async fn unlock_of(app: &App, scope: &SystemScope, account_id: i64, reason: &str) -> anyhow::Result<()> {
    let (subject, user_id) = subject(app, scope, account_id).await?;
    let mut tx = app.db.begin().await?;
    queries::account_unlock(&mut tx, scope, &user_id).await?.context("there is no such account")?;
    PASSWORDS_OF_USER_ID.of(&user_id).forget(app, &mut tx, scope).await?;
    record_event(app, &mut tx, scope, None, account_id, AccountEvent::Unlocked).await?;
    audit::record(app, &mut tx, scope, ACCOUNT_UNLOCKED, Some(&subject), reason).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// 初期化: removes all factors of the account, whose owner's identity staff have verified, and ends its sessions. The next
/// login registers anew.
///
/// # Errors
/// As [`unlock`].
pub async fn reset_factor(app: &App, scope: &SystemScope, user_id: &str) -> anyhow::Result<()> {
    let id = id_of(app, scope, user_id).await?;
    reset_factor_of(app, scope, id, "").await
}

/// As [`reset_factor`], for the account of this number; the log tells `reason`.
///
/// # Errors
/// As [`unlock_of`].
pub async fn reset_factor_of(app: &App, scope: &SystemScope, account_id: i64, reason: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    reset_factor_in(app, &mut tx, scope, account_id, reason).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// As [`reset_factor_of`], in the caller's transaction; the mail is sent when the caller wakes the mailer, or a minute
/// later.
///
/// # Errors
/// As [`unlock_of`].
pub async fn reset_factor_in(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    reason: &str,
) -> anyhow::Result<()> {
    let (subject, _) = subject(app, scope, account_id).await?;
    queries::factors_delete(tx, scope, account_id, None).await?;
    queries::chosen_factor_set(tx, scope, account_id, None).await?;
    sign_out_everywhere(tx, scope, account_id, &[0; 32], &[0; 32]).await?;
    record_event(app, tx, scope, None, account_id, AccountEvent::FactorsReset).await?;
    audit::record(app, tx, scope, ACCOUNT_FACTORS_RESET, Some(&subject), reason).await
}

/// Stops the account: ends its sessions and pending logins, invalidates its links. Passkeys and apps stay, and open
/// nothing. Returns false if it was stopped already.
///
/// # Errors
/// As [`unlock_of`].
pub async fn stop_of(app: &App, scope: &SystemScope, account_id: i64, reason: &str) -> anyhow::Result<bool> {
    let (subject, _) = subject(app, scope, account_id).await?;
    let mut tx = app.db.begin().await?;
    if !queries::account_stop(&mut tx, scope, account_id).await? {
        return Ok(false);
    }
    sign_out_everywhere(&mut tx, scope, account_id, &[0; 32], &[0; 32]).await?;
    waiting::take_back_of(&mut tx, scope, account_id, app.clock.now()).await?;
    record_event(app, &mut tx, scope, None, account_id, AccountEvent::Stopped).await?;
    audit::record(app, &mut tx, scope, ACCOUNT_STOPPED, Some(&subject), reason).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(true)
}

/// Returns a stopped account to its earlier state. Returns false if it is not stopped.
///
/// # Errors
/// As [`unlock_of`].
pub async fn resume_of(app: &App, scope: &SystemScope, account_id: i64, reason: &str) -> anyhow::Result<bool> {
    let (subject, _) = subject(app, scope, account_id).await?;
    let mut tx = app.db.begin().await?;
    if !queries::account_resume(&mut tx, scope, account_id).await? {
        return Ok(false);
    }
    record_event(app, &mut tx, scope, None, account_id, AccountEvent::Resumed).await?;
    audit::record(app, &mut tx, scope, ACCOUNT_RESUMED, Some(&subject), reason).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(true)
}

/// Ends all sessions and pending logins of the account.
///
/// # Errors
/// As [`unlock_of`].
pub async fn sign_out_of(app: &App, scope: &SystemScope, account_id: i64, reason: &str) -> anyhow::Result<()> {
    let (subject, _) = subject(app, scope, account_id).await?;
    let mut tx = app.db.begin().await?;
    sign_out_everywhere(&mut tx, scope, account_id, &[0; 32], &[0; 32]).await?;
    record_event(app, &mut tx, scope, None, account_id, AccountEvent::SignedOut).await?;
    audit::record(app, &mut tx, scope, ACCOUNT_SIGNED_OUT, Some(&subject), reason).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// The result of changing a user ID to one that staff typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// The account has the new user ID.
    Done,
    /// It is refused, with the reason in the words of the page.
    Refused(String),
}

/// Gives an enrolled account another user ID, by the rules that members have.
///
/// # Errors
/// As [`unlock_of`], and [`AppError::Busy`] if too much is being hashed.
pub async fn user_id_change(
    app: &App,
    scope: &SystemScope,
    account_id: i64,
    typed: &str,
    reason: &str,
) -> Result<Renamed, AppError> {
    let refused = |words: &str| Ok(Renamed::Refused(words.to_owned()));
    let user_id = match rules::user_id(Lang::Ja, &scope.society().policy, typed) {
        Ok(user_id) => user_id,
        Err(words) => return refused(&words),
    };
    let (subject, before) = subject(app, scope, account_id).await?;
    if user_id == before {
        return refused("今と同じユーザIDです。");
    }
    let account = queries::auth_account(&app.db, scope, account_id, app.clock.now()).await?;
    let (_, password_hash) = account.context("there is no such account")?;
    let turn = heavy::account(scope, "member", account_id);
    let same = app.hasher.verify(turn, Password::new(user_id.clone()), Some(&password_hash)).await.map_err(busy)?;
    if same.matches {
        // Nobody is told that they guessed a password.
        return refused("このユーザIDは使えません。別のユーザIDを入力してください。");
    }
    let mut tx = app.db.begin().await?;
    match queries::user_id_set(&mut tx, scope, account_id, &user_id).await {
        Err(error) if error.is_taken("accounts_user_id") => return refused(USER_ID_TAKEN),
        set => set?,
    }
    queries::logins_delete_of(&mut tx, scope, account_id, &[0; 32]).await?;
    record_event(app, &mut tx, scope, None, account_id, AccountEvent::UserIdChanged).await?;
    let detail = format!("{before} → {user_id}: {reason}");
    audit::record(app, &mut tx, scope, ACCOUNT_USER_ID_CHANGED, Some(&subject), &detail).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Renamed::Done)
}

/// Returns how many accounts are in each state, by its name; a state without any is left out.
///
/// # Errors
/// Where the database does not answer.
pub async fn counts(app: &App, scope: &impl InSociety) -> Result<Vec<InState>, yui_db::DbError> {
    queries::state_counts(&app.db, scope).await
}

/// 認証方法の初期化, which a second person may have to approve: the detail is the reason.
pub static GUARDED_FACTOR_RESET: GuardedAct = GuardedAct {
    guarded: Guarded::FactorReset,
    may_decide: |role| role.has(Right::Help),
    link: |_, subject| subject.member_id.map(|member_id| format!("/console/members/{member_id}")),
    perform: |act| Box::pin(reset_factor_in(act.app, act.tx, act.scope, act.subject_id, act.detail)),
};
