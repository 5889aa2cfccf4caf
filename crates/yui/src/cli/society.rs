//! `yui society …`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use kenpo_formats::InsurerNumber;

use super::{
    migration::Migration,
    society_show,
    start::{configured, configured_to_read, for_society, read_society},
};
use crate::{
    core::society::{Preset, society_list},
    features::societies::{create, delete, export, signing_key},
};

#[derive(Debug, Subcommand)]
pub(super) enum SocietyCommand {
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
    /// Shows a society: its policy, counts, newest import, next maintenance, how long its signing key is valid
    Show {
        /// Its short name
        key: String,
    },
    /// Writes everything that belongs to a society into a folder: a JSON line for each row, and a manifest
    Export {
        /// Its short name
        key: String,
        /// The folder, which must be new or empty
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Deletes a society and everything that belongs to it, for ever
    Delete {
        /// Its short name
        key: String,
        /// Its short name once more: without a second look nothing is deleted
        #[arg(long, value_name = "KEY")]
        yes_delete: String,
    },
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

impl SocietyCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { key, host, name, insurer_numbers, preset } => {
                let app = configured().await?;
                let policy = preset.policy()?;
                let id = create::create(&app, &create::NewSociety { key, host, name, insurer_numbers, policy }).await?;
                say!("society {id} made");
            }
            Self::List => {
                for society in society_list(&configured_to_read().await?.db).await? {
                    say!("{}\t{}\t{}\t{}", society.society_id, society.key, society.host, society.name);
                }
            }
            Self::Show { key } => {
                let (app, scope) = read_society(&key).await?;
                society_show::show(&app, &scope).await?;
                app.db.close().await;
            }
            Self::Export { key, to } => {
                let (app, scope) = read_society(&key).await?;
                let manifest = export::export(&app, &scope, &to).await?;
                app.db.close().await;
                let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
                say!("{rows} rows of {} tables written to {}", manifest.tables.len(), to.display());
            }
            Self::Delete { key, yes_delete } => {
                if key != yes_delete {
                    bail!("nothing is deleted: to delete {key} for ever, add --yes-delete {key}, not {yes_delete}");
                }
                let (app, scope) = for_society(&key).await?;
                let rows = delete::delete(&app, &scope, |table, rows| say!("{rows:>10} {table}")).await?;
                let emptied = app.db.empty_log().await?;
                app.db.close().await;
                if !emptied {
                    complain!(
                        "somebody is still reading: deleted rows stay in the log (-wal) until that ends and the log is moved into the file"
                    );
                }
                say!("{rows:>10} rows deleted: {key} is gone");
            }
            Self::SigningKey { society, key, certificate } => {
                let (app, scope) = for_society(&society).await?;
                let read = |path: &PathBuf| {
                    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
                };
                signing_key::keep(&app, &scope, &read(&key)?, &read(&certificate)?).await?;
                say!("signing key kept");
            }
            Self::Migration(migration) => migration.run().await?,
        }
        Ok(())
    }
}
