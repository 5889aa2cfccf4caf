//! Mail: written in the transaction of what causes it (outbox), delivered by a worker with retries. Never sent for what
//! was rolled back, never lost; one that was being sent when its worker was killed may arrive twice, with one Message-ID.

pub mod admin;
mod letter;
mod outbox;
mod post;
mod queries;
mod rules;
mod smtp;
mod worker;

pub(crate) use letter::kind_label;
pub use letter::{Letter, MailFrame, Sender};
pub(crate) use outbox::kept;
pub use outbox::{Kept, Recipient, enqueue, rehearse};
pub(crate) use outbox::{disown, take_back};
pub use post::Post;
pub use smtp::SmtpServer;
pub(crate) use smtp::domain;
pub use worker::{Delivered, deliver_due, run};
