//! The SQL of mails.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use crate::core::society::InSociety;

statements! {
    MAIL_DELETE = "DELETE FROM mails WHERE society_id = $1 AND mail_id = $2";
    MAIL_TAKE_BACK = "
        DELETE FROM mails
        WHERE society_id = $1 AND mail_id = $2 AND sent_at IS NULL AND tries = 0 AND due_at > $3";
    MAILS_TAKE_BACK_OF = "
        DELETE FROM mails
        WHERE society_id = $1 AND account_id = $2 AND sent_at IS NULL AND tries = 0 AND due_at > $3";
    MAILS_DISOWN = "UPDATE mails SET account_id = NULL WHERE society_id = $1 AND account_id = $2";
    MAIL_INSERT = "
        INSERT INTO mails (society_id, mail_id, account_id, kind, sender, recipient, sealed_content, created_at, due_at, ends_at, tries)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
    COUNT_OF = "
        SELECT COUNT(*) AS count FROM mails
        WHERE society_id = $1 AND account_id = $2 AND kind = $3 AND created_at > $4";
    MAIL_KEPT_LIST = "
        SELECT mail_id, kind, sender, recipient, sealed_content, sent_at
        FROM mails WHERE society_id = $1 AND sent_at IS NOT NULL AND ($2 = '' OR LOWER(recipient) = LOWER($2))
        ORDER BY mail_id DESC LIMIT 500";
}

/// A mail about to be.
pub(crate) struct NewMail<'a> {
    pub(crate) mail_id: i64,
    pub(crate) account_id: Option<i64>,
    pub(crate) kind: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) recipient: &'a str,
    pub(crate) sealed: &'a [u8],
    pub(crate) due: Timestamp,
    /// Until when it is of use.
    pub(crate) ends_at: Option<Timestamp>,
}

pub(crate) async fn mail_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    mail: &NewMail<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let NewMail { mail_id, account_id, kind, sender, recipient, sealed, due, ends_at } = *mail;
    let values = params![scope.society_id(), mail_id, account_id, kind, sender, recipient, sealed, now, due, ends_at];
    tx.execute(&MAIL_INSERT, values).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(crate) struct MailCount {
    pub(crate) count: i64,
}

/// Returns how many mails of a kind were written to an account since.
pub(crate) async fn count_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    kind: &str,
    since: Timestamp,
) -> Result<i64, DbError> {
    Ok(tx.one::<MailCount>(&COUNT_OF, params![scope.society_id(), account_id, kind, since]).await?.count)
}

/// A delivered mail whose content may be kept.
#[derive(sqlx::FromRow)]
pub(crate) struct KeptRow {
    pub(crate) mail_id: i64,
    pub(crate) kind: String,
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) sealed_content: Option<Vec<u8>>,
    pub(crate) sent_at: Option<yui_db::Timestamp>,
}

/// Returns the newest delivered mails, to this address or, where it is empty, to any.
pub(crate) async fn mail_kept_list(db: &Db, scope: &impl InSociety, to: &str) -> Result<Vec<KeptRow>, DbError> {
    db.all(&MAIL_KEPT_LIST, params![scope.society_id(), to]).await
}

/// Deletes a mail.
pub(crate) async fn mail_delete(tx: &mut Tx, scope: &impl InSociety, mail_id: i64) -> Result<(), DbError> {
    tx.execute(&MAIL_DELETE, params![scope.society_id(), mail_id]).await.map(drop)
}

/// Deletes a mail that is not due yet; returns false where there is none.
pub(crate) async fn mail_take_back(
    tx: &mut Tx,
    scope: &impl InSociety,
    mail_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(&MAIL_TAKE_BACK, params![scope.society_id(), mail_id, now]).await? == 1)
}

/// Deletes the account's mails that are not due yet, and makes the others nobody's.
pub(crate) async fn mails_disown(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&MAILS_TAKE_BACK_OF, params![scope.society_id(), account_id, now]).await?;
    tx.execute(&MAILS_DISOWN, params![scope.society_id(), account_id]).await.map(drop)
}
