//! The SQL of mails.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::InSociety;

statements! {
    fn mail_delete(society_id: i64, mail_id: i64) = "DELETE FROM mails WHERE society_id = $1 AND mail_id = $2";
    fn mail_take_back(society_id: i64, mail_id: i64, now: Timestamp) = "
        DELETE FROM mails
        WHERE society_id = $1 AND mail_id = $2 AND sent_at IS NULL AND tries = 0 AND due_at > $3";
    fn mails_take_back_of(society_id: i64, account_id: i64, now: Timestamp) = "
        DELETE FROM mails
        WHERE society_id = $1 AND account_id = $2 AND sent_at IS NULL AND tries = 0 AND due_at > $3";
    fn mails_disown(society_id: i64, account_id: i64) =
        "UPDATE mails SET account_id = NULL WHERE society_id = $1 AND account_id = $2";
    fn mail_insert(
        society_id: i64,
        mail_id: i64,
        account_id: Option<i64>,
        kind: &str,
        sender: &str,
        recipient: &str,
        sealed: &[u8],
        now: Timestamp,
        due: Timestamp,
        ends_at: Option<Timestamp>,
    ) = "
        INSERT INTO mails (society_id, mail_id, account_id, kind, sender, recipient, sealed_content, created_at, due_at, ends_at, tries)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
    fn count_of(society_id: i64, account_id: i64, kind: &str, since: Timestamp) -> MailCount = "
        SELECT COUNT(*) AS count FROM mails
        WHERE society_id = $1 AND account_id = $2 AND kind = $3 AND created_at > $4";
    fn mail_kept_list(society_id: i64, to: &str) -> KeptRow = "
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
    tx.execute(Sql::mail_insert(
        scope.society_id(),
        mail_id,
        account_id,
        kind,
        sender,
        recipient,
        sealed,
        now,
        due,
        ends_at,
    ))
    .await?;
    Ok(())
}

#[derive(yui_db::Row)]
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
    Ok(tx.one(Sql::count_of(scope.society_id(), account_id, kind, since)).await?.count)
}

/// A delivered mail whose content may be kept.
#[derive(yui_db::Row)]
pub(crate) struct KeptRow {
    pub(crate) mail_id: i64,
    pub(crate) kind: String,
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) sealed_content: Option<Vec<u8>>,
    pub(crate) sent_at: Option<jiff::Timestamp>,
}

/// Returns the newest delivered mails, to this address or, where it is empty, to any.
pub(crate) async fn mail_kept_list(db: &Db, scope: &impl InSociety, to: &str) -> Result<Vec<KeptRow>, DbError> {
    db.all(Sql::mail_kept_list(scope.society_id(), to)).await
}

/// Deletes a mail.
pub(crate) async fn mail_delete(tx: &mut Tx, scope: &impl InSociety, mail_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::mail_delete(scope.society_id(), mail_id)).await.map(drop)
}

/// Deletes a mail that is not due yet; returns false where there is none.
pub(crate) async fn mail_take_back(
    tx: &mut Tx,
    scope: &impl InSociety,
    mail_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::mail_take_back(scope.society_id(), mail_id, now)).await? == 1)
}

/// Deletes the account's mails that are not due yet, and makes the others nobody's.
pub(crate) async fn mails_disown(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::mails_take_back_of(scope.society_id(), account_id, now)).await?;
    tx.execute(Sql::mails_disown(scope.society_id(), account_id)).await.map(drop)
}
