//! `yui doctor`.

use anyhow::bail;
use clap::Args;
use yui_db::{Db, Schema};
use yui_print::Fonts;

use crate::{
    app::App,
    config::{self, Config},
    features::{
        account::{self, Events},
        audit::{self, Verdict},
        mails,
        societies::{signing_key, society_list},
    },
    scope::SystemScope,
};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Prints the reference of all settings: meaning, default, example
    #[arg(long)]
    settings: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.settings {
            print!("{}", config::reference());
            return Ok(());
        }
        let config = Config::from_environment()?;
        let mut missing = 0;
        let mut tell = |what: &str, found: Result<String, String>| match found {
            Ok(words) => println!("ok       {what}: {words}"),
            Err(words) => {
                missing += 1;
                println!("missing  {what}: {words}");
            }
        };
        let folders = match config.fonts.as_slice() {
            [] => yui_print::DEFAULT_FONT_DIRS.iter().map(Into::into).collect(),
            folders => folders.to_vec(),
        };
        tell("fonts", Fonts::find(&folders).map(|_| "found".into()).map_err(|error| error.to_string()));
        let schema = match Db::at(config.database.address(false)).await {
            Ok(db) => db.schema().await,
            Err(error) => Err(error),
        };
        let database = match &schema {
            Ok(Schema::Current) => Ok("answers".into()),
            Ok(Schema::Empty) => Err("it is empty: run `yui migrate`".into()),
            Ok(Schema::Older(left)) => Err(format!("{left} migrations are still to be done: run `yui migrate`")),
            Err(error) => Err(error.to_string()),
        };
        tell("database", database);
        let keys = config.keys.as_ref().map(|_| "given".to_owned());
        tell("sealing keys", keys.ok_or_else(|| "YUI_KEYS is not set; tax files can not be signed".into()));
        if matches!(schema, Ok(Schema::Current)) {
            let app = App::start_reading(config).await?;
            let societies = society_list(&app.db).await?;
            if let Some(first) = societies.first() {
                let scope = SystemScope::of_society(&app, &first.key).await?;
                tell("mail server", mails::admin::server_answers(&app, &scope).await.map(|()| "lets us in".into()));
            }
            for society in societies {
                let scope = SystemScope::of_society(&app, &society.key).await?;
                let key = signing_key::newest(&app, &scope).await.map_err(|error| format!("{error:#}"));
                let key = key.and_then(|key| key.map(|_| "present".into()).ok_or_else(|| "none kept".into()));
                tell(&format!("signing key of {}", society.key), key);
                let log = match audit::verify(&app, &scope).await {
                    Ok(Verdict::Whole(count)) => Ok(format!("{count} entries, whole")),
                    Ok(Verdict::Begun(count)) => {
                        Err(format!("tampered with: its {count} entries do not begin with the making of the society"))
                    }
                    Ok(Verdict::Broken(entry)) => Err(format!("tampered with: entry {entry} is not as it was written")),
                    Ok(Verdict::WrongEnd(entry)) => Err(format!("tampered with: it does not end with entry {entry}")),
                    Err(error) => Err(format!("{error:#}")),
                };
                tell(&format!("audit log of {}", society.key), log);
                let events = match account::verify_events(&app, &scope).await {
                    Ok(Events::Whole(0)) => Ok("none is tied to the log yet".into()),
                    Ok(Events::Whole(through)) => Ok(format!("whole up to event {through}")),
                    Ok(Events::Changed(first, last)) => {
                        Err(format!("tampered with: events {first} to {last} are not as they were written"))
                    }
                    Err(error) => Err(error.to_string()),
                };
                tell(&format!("accounts' history of {}", society.key), events);
            }
        }
        if missing > 0 {
            bail!("{missing} missing");
        }
        Ok(())
    }
}
