//! Writing a mail, and reading its sealed content.

use anyhow::Context;
use jiff::Timestamp;
use yui_auth::seal;
use yui_db::Tx;

use super::{
    address::sender_address,
    letter::{Content, Letter, Sender},
    queries::{self, NewMail},
};
use crate::core::{
    app::App,
    society::{self, InSociety},
};

/// The recipient of a mail.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The account, if the mail goes to an account's owner.
    pub account_id: Option<i64>,
    /// The mail address.
    pub address: &'a str,
}

fn context<'a>(society: &'a str, row: &'a str) -> seal::Context<'a> {
    seal::Context { society, table: "mails", column: "sealed_content", row }
}

/// Writes a mail in the caller's transaction, to be delivered when it is due; returns its id. After the commit,
/// `app.mail.wake()` has it delivered at once.
///
/// # Errors
/// Where the database fails, or no sealing key is configured.
pub async fn enqueue(
    tx: &mut Tx,
    app: &App,
    scope: &impl InSociety,
    to: Recipient<'_>,
    letter: &Letter,
    due: Timestamp,
) -> anyhow::Result<i64> {
    let keys = app.keys()?;
    let mail_id = society::ids_take(tx, scope, "mail", 1).await?;
    let content = serde_json::to_vec(&letter.content().context("drawing a letter")?)?;
    let (society, row) = (scope.society_id().to_string(), mail_id.to_string());
    let sealed = keys.seal(&context(&society, &row), app.random.bytes()?, &content)?;
    let mail = NewMail {
        mail_id,
        account_id: to.account_id,
        kind: letter.kind.word,
        sender: letter.sender.as_str(),
        recipient: to.address,
        sealed: &sealed,
        due,
        ends_at: letter.ends_at,
    };
    queries::mail_insert(tx, scope, &mail, app.clock.now()).await?;
    Ok(mail_id)
}

/// Does the work of writing a mail without writing one, so that an answer takes as long if nobody is written to.
///
/// # Errors
/// As [`enqueue`].
pub async fn rehearse(tx: &mut Tx, app: &App, scope: &impl InSociety, letter: &Letter) -> anyhow::Result<()> {
    let nobody = Recipient { account_id: None, address: "nobody@mail.invalid" };
    let mail_id = enqueue(tx, app, scope, nobody, letter, app.clock.now()).await?;
    Ok(queries::mail_delete(tx, scope, mail_id).await?)
}

/// Withdraws a mail that is not due yet; returns false if it is due, and may be on its way.
pub(crate) async fn take_back(
    tx: &mut Tx,
    scope: &impl InSociety,
    mail_id: i64,
    now: Timestamp,
) -> Result<bool, yui_db::DbError> {
    queries::mail_take_back(tx, scope, mail_id, now).await
}

/// Detaches an account that is about to be deleted from its mails: those that are not due yet are withdrawn, the others
/// stay for the record without an account.
pub(crate) async fn disown(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<(), yui_db::DbError> {
    queries::mails_disown(tx, scope, account_id, now).await
}

/// Returns the content of a mail.
pub(crate) fn opened(app: &App, scope: &impl InSociety, mail_id: i64, sealed: &[u8]) -> anyhow::Result<Content> {
    let keys = app.keys()?;
    let (society, row) = (scope.society_id().to_string(), mail_id.to_string());
    Ok(serde_json::from_slice(&keys.open(&context(&society, &row), sealed)?)?)
}

/// A delivered mail, as the demo's mailbox shows it.
#[derive(Clone, Debug)]
pub struct DeliveredMail {
    /// Its number in its society.
    pub mail_id: i64,
    /// The kind of mail, as in `email_verify`.
    pub kind: String,
    /// The sender's address.
    pub from: String,
    /// The recipient's address.
    pub to: String,
    /// The time of delivery.
    pub sent_at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its HTML, a whole page.
    pub html: String,
}

/// Returns a society's delivered mails whose content was kept, newest first: to this address or, if it is empty, to
/// any.
pub(crate) async fn kept(app: &App, scope: &impl InSociety, to: &str) -> anyhow::Result<Vec<DeliveredMail>> {
    let rows = queries::mail_kept_list(&app.db, scope, to).await?;
    let kept = rows.into_iter().filter_map(|row| {
        let (sealed, sent_at) = (row.sealed_content?, row.sent_at?);
        let from = sender_address(app, scope.society(), Sender::parse(&row.sender));
        Some(opened(app, scope, row.mail_id, &sealed).map(|Content { subject, text, html, .. }| DeliveredMail {
            mail_id: row.mail_id,
            kind: row.kind,
            from,
            to: row.recipient,
            sent_at,
            subject,
            text,
            html,
        }))
    });
    kept.collect()
}
