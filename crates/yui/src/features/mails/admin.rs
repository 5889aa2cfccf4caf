//! The acts of the command line on mail.

use jiff::Timestamp;

use super::{
    queries,
    rules::masked,
    smtp::{DeliveryError, SmtpSession},
};
use crate::{
    core::{
        app::App,
        mail::{Letter, MailFrame, Recipient, Sender, enqueue, mail_kinds, mailer::Transport},
        society::InSociety,
    },
    ui::Lang,
};

mail_kinds! {
    /// The operator's test.
    TEST = "test" / "メールの試験";
}

/// A mail as a list shows it.
#[derive(Debug)]
pub struct ListedMail {
    /// Its number in its society.
    pub mail_id: i64,
    /// The kind of mail, as in `email_verify`.
    pub kind: String,
    /// The recipient's address, masked.
    pub to: String,
    /// The number of tries.
    pub tries: i32,
    /// Its state.
    pub state: MailState,
    /// The reason why the last try failed.
    pub last_error: Option<String>,
}

/// The state of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It is delivered then, or soon after.
    Due(Timestamp),
    /// It was delivered then.
    Sent(Timestamp),
    /// It was given up then.
    Failed(Timestamp),
}

/// Returns a society's mails, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(app: &App, scope: &impl InSociety) -> anyhow::Result<Vec<ListedMail>> {
    let rows = queries::mail_list(&app.db, scope).await?;
    let listed = rows.into_iter().map(|row| ListedMail {
        mail_id: row.mail_id,
        kind: row.kind,
        to: masked(&row.recipient),
        tries: row.tries,
        state: match (row.sent_at, row.failed_at) {
            (Some(at), _) => MailState::Sent(at),
            (None, Some(at)) => MailState::Failed(at),
            (None, None) => MailState::Due(row.due_at),
        },
        last_error: row.last_error,
    });
    Ok(listed.collect())
}

/// Tests the connection to the mail server: whether it accepts the login, and if not, why.
///
/// # Errors
/// The reason.
pub async fn server_answers(app: &App, scope: &impl InSociety) -> Result<(), String> {
    let Transport::Server(server, tls) = &app.mail.transport else {
        return Err("YUI_SMTP_URL is not set; mail waits in the database".to_owned());
    };
    let session = SmtpSession::open(app, scope.society(), server, tls.as_ref()).await.map_err(DeliveryError::reason)?;
    session.close().await;
    Ok(())
}

/// Writes a test mail; returns its id.
///
/// # Errors
/// As [`enqueue`].
pub async fn test(app: &App, scope: &impl InSociety, address: &str, due: Timestamp) -> anyhow::Result<i64> {
    let lang = Lang::Ja;
    let frame = MailFrame::of(app, scope.society(), lang);
    let letter = Letter::new(&frame, Sender::Webmaster, TEST, lang.t("メールの試験"))
        .p(lang.t("このメールは、ポータルからのメールが届くことを確かめるために送りました。"))
        .button(lang.t("ポータルを開く"), frame.url("/"));
    let mut tx = app.db.begin().await?;
    let mail_id = enqueue(&mut tx, app, scope, Recipient { account_id: None, address }, &letter, due).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(mail_id)
}
