//! `yui staff …`.

use anyhow::Context;
use clap::Subcommand;

use super::start::{for_society, read_society};
use crate::{core::role::Role, features::staff::admin};

#[derive(Debug, Subcommand)]
pub(super) enum Staff {
    /// Invites somebody to the society's staff: the first administrator
    Invite {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The mail address, with which they will log in
        #[arg(long)]
        email: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// admin, benefits, desk or viewer
        #[arg(long, default_value = "admin")]
        role: String,
    },
    /// Takes away the password and factors of a member of staff, unlocks the account and invites them again: for an administrator who
    /// lost their phone and has no colleague to do it in the console
    Reset {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// Their mail address
        #[arg(long)]
        email: String,
    },
    /// Lists a society's staff
    List {
        /// The society's short name
        #[arg(long)]
        society: String,
    },
}

impl Staff {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Invite { society, email, name, role } => {
                let role = Role::parse(&role)
                    .with_context(|| format!("{role:?} is no role: admin, benefits, desk, viewer"))?;
                let (app, scope) = for_society(&society).await?;
                admin::invite(&app, &scope, &admin::Invited { email: &email, name: &name, role }).await?;
                app.db.close().await;
                say!("an invitation to {email} is in the outbox; `yui serve` or `yui worker` sends it");
            }
            Self::Reset { society, email } => {
                let (app, scope) = for_society(&society).await?;
                admin::reset(&app, &scope, &email).await?;
                app.db.close().await;
                say!("a new invitation to {email} is in the outbox; `yui serve` or `yui worker` sends it");
            }
            Self::List { society } => {
                let (app, scope) = read_society(&society).await?;
                for line in admin::lines(&app, &scope).await? {
                    say!("{line}");
                }
            }
        }
        Ok(())
    }
}
