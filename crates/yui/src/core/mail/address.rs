//! The addresses that mail comes from.

use super::letter::Sender;
use crate::core::{app::App, society::Society};

/// Returns the domain of a society's sender addresses.
pub(crate) fn domain<'a>(app: &'a App, society: &'a Society) -> &'a str {
    app.config.mail.domain.as_deref().unwrap_or(&society.host)
}

/// Returns a society's sender address: `no-reply@portal.example.jp`.
pub(crate) fn sender_address(app: &App, society: &Society, sender: Sender) -> String {
    format!("{}@{}", sender.local_part(&society.policy.senders), domain(app, society))
}
