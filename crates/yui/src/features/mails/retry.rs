//! Trying mails again that were given up: one, or all that are worth it.

use jiff::{SignedDuration, Timestamp};

use super::{
    acts::{MAIL_RETRIED, MAILS_RETRIED},
    queries,
    rules::{Useless, masked},
};
use crate::core::{
    app::App,
    audit::{self, Subject},
    mail::MailKind,
    scope::SystemScope,
};

/// How far back mails that were given up are shown, and tried again together.
const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why a mail is not tried again: in English for the command line, in Japanese for a page.
#[derive(Debug, thiserror::Error)]
pub enum RetryRefusal {
    /// It was not given up, or is on its way again.
    #[error("mail {0} is not among those given up")]
    NotFailed(i64),
    /// Nobody could use it.
    #[error("mail {0} is of no use any more: {1:?}")]
    Useless(i64, Useless),
}

/// Returns since when mails that were given up are shown.
pub(super) fn since(app: &App) -> anyhow::Result<Timestamp> {
    Ok(app.clock.now().checked_sub(BACK)?)
}

/// Lets a mail that was given up be tried again, from the beginning.
///
/// # Errors
/// [`RetryRefusal`], or where the database does not answer.
pub async fn retry(app: &App, scope: &SystemScope, mail_id: i64) -> anyhow::Result<()> {
    let now = app.clock.now();
    let row = queries::failed_one(&app.db, scope, mail_id, now).await?.ok_or(RetryRefusal::NotFailed(mail_id))?;
    if let Some(why) = row.useless() {
        return Err(RetryRefusal::Useless(mail_id, why).into());
    }
    let owner = queries::owners(&app.db, scope, row.account_id.as_slice()).await?.pop();
    let subject = match owner {
        Some(owner) => Subject::new("account", owner.account_id, owner.name),
        None => Subject::new("mail", mail_id, MailKind::label_of(&row.kind)),
    };
    let mut tx = app.db.begin().await?;
    if !queries::mail_retry(&mut tx, scope, mail_id, now).await? {
        return Err(RetryRefusal::NotFailed(mail_id).into());
    }
    let detail = format!("{} {}", MailKind::label_of(&row.kind), masked(&row.recipient));
    audit::record(app, &mut tx, scope, MAIL_RETRIED, Some(&subject), &detail).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// Lets all mails be tried again that were given up lately and are worth it; returns how many.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn retry_all(app: &App, scope: &SystemScope) -> anyhow::Result<u64> {
    let mut tx = app.db.begin().await?;
    let count = queries::mails_retry(&mut tx, scope, (since(app)?, app.clock.now())).await?;
    if count > 0 {
        audit::record(app, &mut tx, scope, MAILS_RETRIED, None, &format!("{count}通")).await?;
        tx.commit().await?;
        app.mail.wake();
    }
    Ok(count)
}
