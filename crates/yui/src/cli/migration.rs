//! `yui society …`, as far as it is about members who come in: postcards, the older system, the terms.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use anyhow::Context;
use clap::Subcommand;
use jiff::civil::Date;

use super::start::{for_society, read_society};
use crate::{
    core::clock::japan,
    features::{
        migration, societies,
        temporary_ids::{self, Recipients},
        terms,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Migration {
    /// Writes temporary IDs and passwords for the printing house, for everybody who has no other way in
    IssueTemporaryIds {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The file, which must not be there yet; standard output where none is given
        #[arg(long)]
        out: Option<PathBuf>,
        /// For everybody, too, whose pair, link or first password died before enrolment was done
        #[arg(long, conflicts_with = "reissue")]
        expired: bool,
        /// Only for the account with this user ID, whose paper was lost: the old pair is dead at once
        #[arg(long, value_name = "USER_ID")]
        reissue: Option<String>,
    },
    /// Mails users of the older system, on a day, that the portal is renewed; nobody gets it twice
    Announce {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The day, at nine in Japan; a mail that still waits is moved to it
        #[arg(long, required_unless_present = "take_back")]
        on: Option<Date>,
        /// The last day of the way in, where it is not to stay that of the import
        #[arg(long)]
        until: Option<Date>,
        /// Takes back what still waits
        #[arg(long, conflicts_with_all = ["on", "until"])]
        take_back: bool,
    },
    /// Shows how many of each group were mailed, have begun enrolment, are enrolled, and came too late
    Progress {
        /// The society's short name
        #[arg(long)]
        society: String,
    },
    /// Has the older system's host name show where the portal is now
    OlderHost {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The host name
        #[arg(long)]
        host: String,
        /// The day from which the older system is closed
        #[arg(long)]
        closes: Date,
    },
    /// Shows the versions of the terms of use and how many agreed to each; with a file, publishes a new one
    Terms {
        /// The society's short name
        #[arg(long)]
        society: String,
        /// The text
        #[arg(long)]
        file: Option<PathBuf>,
        /// The day from which it counts; at once where none is given
        #[arg(long, requires = "file")]
        from: Option<Date>,
    },
}

impl Migration {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::IssueTemporaryIds { society, out, expired, reissue } => {
                issue(&society, out, expired, reissue.as_deref()).await?;
            }
            Self::Announce { society, on, until, .. } => {
                let (app, scope) = for_society(&society).await?;
                match on {
                    Some(on) => {
                        let done = migration::announce(&app, &scope, on, until).await?;
                        let migration::Announced { written, moved, as_before, .. } = done;
                        say!("{written} announcements written ({moved} moved), {as_before} wait as before");
                    }
                    None => say!("{} announcements taken back", migration::take_back(&app, &scope).await?),
                }
                app.db.close().await;
            }
            Self::Progress { society } => {
                let (app, scope) = read_society(&society).await?;
                say!("group\taccounts\tmailed\tbegun\tfinished\texpired");
                for group in migration::progress(&app.db, &scope, app.clock.now()).await? {
                    let migration::MigrationGroup { origin, accounts, mailed, begun, finished, expired } = group;
                    say!("{origin}\t{accounts}\t{mailed}\t{begun}\t{finished}\t{expired}");
                }
            }
            Self::OlderHost { society, host, closes } => {
                let (app, scope) = for_society(&society).await?;
                societies::older_host::keep(&app, &scope, &host, closes).await?;
                say!("{host} shows where the portal is");
                app.db.close().await;
            }
            Self::Terms { society, file: Some(file), from } => {
                let (app, scope) = for_society(&society).await?;
                let body = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let from = from.map(|from| from.to_zoned(japan())).transpose()?;
                let from = from.map_or(app.clock.now(), |from| from.timestamp());
                say!("version {} published", terms::publish(&app, &scope, &body, from).await?);
                app.db.close().await;
            }
            Self::Terms { society, file: None, .. } => {
                let (app, scope) = read_society(&society).await?;
                say!("version\tfrom\tagreed");
                for terms::TermsVersion { version, valid_from, agreed } in terms::versions(&app.db, &scope).await? {
                    say!("{version}\t{}\t{agreed}", valid_from.to_zoned(japan()).date());
                }
            }
        }
        Ok(())
    }
}

async fn issue(society: &str, out: Option<PathBuf>, expired: bool, reissue: Option<&str>) -> anyhow::Result<()> {
    let (app, scope) = for_society(society).await?;
    // Before anything is made: the file is new, and nobody else may read it.
    let file = out.as_ref().map(new_file).transpose()?;
    let whom = match reissue {
        Some(user_id) => Recipients::Account(user_id),
        None if expired => Recipients::Expired,
        None => Recipients::WithoutPair,
    };
    let deliver = |csv: &[u8]| match file {
        Some(mut file) => file.write_all(csv).and_then(|()| file.sync_all()),
        None => {
            let mut out = io::stdout().lock();
            out.write_all(csv).and_then(|()| out.flush())
        }
    };
    let count = temporary_ids::issue(&app, &scope, whom, deliver).await?;
    complain!("{count} pairs written");
    app.db.close().await;
    Ok(())
}

fn new_file(path: &PathBuf) -> anyhow::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("cannot make {}", path.display()))
}
