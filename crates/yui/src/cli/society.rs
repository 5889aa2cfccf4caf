//! `yui society …`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use kenpo_formats::InsurerNumber;

use super::{configured, for_society, migration::Migration};
use crate::features::societies::{Preset, create, signing_key, society_list};

#[derive(Debug, Subcommand)]
pub(super) enum Society {
    /// Makes a society
    Create {
        /// Its short name: lower-case letters and digits
        #[arg(long)]
        key: String,
        /// The host name its members will type
        #[arg(long)]
        host: String,
        /// Its full name
        #[arg(long)]
        name: String,
        /// An insurer number of 8 digits; give it twice where the society has two
        #[arg(long = "insurer-number", required = true)]
        insurer_numbers: Vec<InsurerNumber>,
        /// The policy to begin with
        #[arg(long)]
        preset: Preset,
    },
    /// Lists the societies
    List,
    /// Keeps the key that signs the society's tax files
    SigningKey {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The private key, PEM
        #[arg(long)]
        key: PathBuf,
        /// Its certificate, PEM
        #[arg(long)]
        certificate: PathBuf,
    },
    #[command(flatten)]
    Migration(Migration),
}

impl Society {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { key, host, name, insurer_numbers, preset } => {
                let app = configured().await?;
                let policy = preset.policy()?;
                let id = create::create(&app, &create::NewSociety { key, host, name, insurer_numbers, policy }).await?;
                println!("society {id} made");
            }
            Self::List => {
                for society in society_list(&configured().await?.db).await? {
                    println!("{}\t{}\t{}\t{}", society.society_id, society.key, society.host, society.name);
                }
            }
            Self::SigningKey { society, key, certificate } => {
                let (app, scope) = for_society(&society).await?;
                let read = |path: &PathBuf| {
                    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
                };
                signing_key::keep(&app, &scope, &read(&key)?, &read(&certificate)?).await?;
                println!("signing key kept");
            }
            Self::Migration(migration) => migration.run().await?,
        }
        Ok(())
    }
}
