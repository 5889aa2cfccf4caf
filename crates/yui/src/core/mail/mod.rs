//! Letters and the outbox: a mail is written in the transaction of what causes it, and a worker delivers it (`features/mails`).
//! Never sent for what was rolled back, never lost; one that was being sent when its worker was killed may arrive twice, with
//! one Message-ID.

pub(crate) mod address;
mod kind;
pub(crate) mod letter;
pub(crate) mod mailer;
pub(crate) mod outbox;
pub(crate) mod queries;
pub(crate) mod server;
pub(crate) mod unsubscribe;

pub(crate) use address::domain;
pub(crate) use kind::mail_kinds;

pub use self::{
    kind::MailKind,
    letter::{Letter, MailFrame, Sender},
    mailer::Mailer,
    outbox::{DeliveredMail, Recipient, enqueue, rehearse},
    server::SmtpServer,
};
pub(crate) use self::{
    outbox::{disown, kept, take_back},
    queries::count_of,
};
