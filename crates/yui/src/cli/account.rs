//! `yui account …`.

use std::io::Read;

use anyhow::Context;
use clap::Subcommand;

use super::start::for_society;
use crate::features::account::{create, staff, steps::AccountState};

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Makes an account for the insured person of a household; the password is read from standard input
    Create {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The insurer number of the household
        #[arg(long)]
        insurer_number: String,
        /// Its symbol (記号)
        #[arg(long, default_value = "")]
        symbol: String,
        /// Its number (番号)
        #[arg(long)]
        number: String,
        /// The user ID
        #[arg(long)]
        user_id: String,
    },
    /// Removes all second factors of an account (初期化), after its owner was made sure of; the next login registers anew
    ResetFactor {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The user ID
        #[arg(long)]
        user_id: String,
    },
    /// Unlocks an account that wrong passwords locked
    Unlock {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The user ID
        #[arg(long)]
        user_id: String,
    },
}

impl Account {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { society, insurer_number, symbol, number, user_id } => {
                let (app, scope) = for_society(&society).await?;
                let mut password = String::new();
                std::io::stdin().read_to_string(&mut password).context("the password is read from standard input")?;
                let new = create::NewAccount {
                    holder: (&insurer_number, &symbol, &number),
                    user_id: &user_id,
                    password: password.trim_end_matches(['\r', '\n']),
                    state: AccountState::Enrolled,
                    email: None,
                    locked_at: None,
                    factor: None,
                };
                create::create(&app, &scope, &new).await?;
                say!("account made");
            }
            Self::ResetFactor { society, user_id } => {
                let (app, scope) = for_society(&society).await?;
                staff::reset_factor(&app, &scope, &user_id).await?;
                say!("factors removed, sessions ended");
            }
            Self::Unlock { society, user_id } => {
                let (app, scope) = for_society(&society).await?;
                staff::unlock(&app, &scope, &user_id).await?;
                say!("account unlocked");
            }
        }
        Ok(())
    }
}
