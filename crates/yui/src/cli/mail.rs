//! `yui mail …`.

use clap::Subcommand;
use jiff::SignedDuration;

use super::start::{for_society, read_society};
use crate::features::mails::{
    self,
    admin::{self, MailState},
};

#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// Lists a society's mails: number, what it is, masked address, tries, where it stands
    List {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// Only those given up
        #[arg(long)]
        failed: bool,
    },
    /// Tries a mail that was given up again
    Retry {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The mail's number
        mail_id: i64,
    },
    /// Sends a mail that shows whether mail arrives
    Test {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The address to send it to
        #[arg(long)]
        to: String,
        /// In how many minutes
        #[arg(long, default_value_t = 0)]
        minutes: u32,
    },
}

impl Mail {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (Self::List { society, .. } | Self::Retry { society, .. } | Self::Test { society, .. }) = &self;
        let (app, scope) = match &self {
            Self::List { .. } => read_society(society).await?,
            Self::Retry { .. } | Self::Test { .. } => for_society(society).await?,
        };
        match self {
            Self::List { failed, .. } => {
                let mails = admin::list(&app, &scope).await?.into_iter();
                for mail in mails.filter(|mail| !failed || matches!(mail.state, MailState::Failed(_))) {
                    let state = match mail.state {
                        MailState::Due(at) => format!("due {at:.0}"),
                        MailState::Sent(at) => format!("sent {at:.0}"),
                        MailState::Failed(at) => format!("failed {at:.0}"),
                    };
                    let why = mail.last_error.unwrap_or_default();
                    say!("{}\t{}\t{}\t{}\t{state}\t{why}", mail.mail_id, mail.kind, mail.to, mail.tries);
                }
            }
            Self::Retry { mail_id, .. } => {
                mails::retry(&app, &scope, mail_id).await?;
                say!("mail {mail_id} is tried again");
            }
            Self::Test { to, minutes, .. } => {
                let due = app.clock.now().checked_add(SignedDuration::from_mins(minutes.into()))?;
                let mail_id = admin::test(&app, &scope, &to, due).await?;
                say!("mail {mail_id} written");
            }
        }
        app.db.close().await;
        Ok(())
    }
}
