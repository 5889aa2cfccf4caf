//! The transport of mail, and the signal that wakes the worker.

use std::path::Path;

use anyhow::{Context, ensure};
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use tokio::sync::Notify;

use super::server::{Privacy, SmtpServer};
use crate::core::config::MailConfig;

/// The transport of mail, ready to be used, with the signal that wakes the worker.
#[derive(Debug)]
pub struct Mailer {
    signal: Notify,
    pub(crate) transport: Transport,
}

/// The transport of mail.
pub(crate) enum Transport {
    /// A mail server.
    Server(SmtpServer, Option<TlsParameters>),
    /// No transport: in the demo the mailbox shows mails as delivered.
    Mailbox,
    /// No mail server is configured: mail waits.
    Nobody,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(server, _) => write!(f, "{server:?}"),
            Self::Mailbox => f.write_str("Mailbox"),
            Self::Nobody => f.write_str("Nobody"),
        }
    }
}

impl Mailer {
    /// Prepares the transport that the settings name.
    pub(crate) fn of(config: &MailConfig, in_demo: bool) -> anyhow::Result<Self> {
        let root = config.extra_root.as_deref().map(certificate).transpose()?;
        let transport = match &config.server {
            Some(server) => {
                let tls = (server.tls != Privacy::None).then(|| parameters(server, root)).transpose()?;
                Transport::Server(server.clone(), tls)
            }
            None if in_demo => Transport::Mailbox,
            None => Transport::Nobody,
        };
        Ok(Self { signal: Notify::new(), transport })
    }

    /// Has the worker of this process look at once. Without it a mail is delivered as well, some seconds later.
    pub fn wake(&self) {
        self.signal.notify_one();
    }

    /// Waits for [`Mailer::wake`]; one that came before is not lost.
    pub(crate) async fn woken(&self) {
        self.signal.notified().await;
    }
}

fn parameters(server: &SmtpServer, root: Option<Certificate>) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(root) = root {
        builder = builder.add_root_certificate(root);
    }
    builder.build_rustls().context("YUI_SMTP_CA: the trusted roots")
}

/// Reads the certificate that may vouch for the mail server.
fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    let pem = std::fs::read(path).with_context(|| format!("YUI_SMTP_CA: cannot read {}", path.display()))?;
    // A file without any is read as no certificate at all.
    let begins = pem.windows(BEGIN.len()).any(|part| part == BEGIN);
    ensure!(begins, "YUI_SMTP_CA: {} has no certificate (PEM)", path.display());
    Certificate::from_pem(&pem).with_context(|| format!("YUI_SMTP_CA: {}", path.display()))
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
