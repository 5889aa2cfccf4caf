//! `yui doctor`.

use anyhow::bail;
use clap::Args;
use yui_db::Db;
use yui_print::Fonts;

use crate::{
    app::App,
    config::{Config, KEYS},
    features::{
        mails,
        societies::{signing_key, society_list},
    },
    scope::SystemScope,
};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Lists every setting with its default
    #[arg(long)]
    settings: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.settings {
            for key in KEYS {
                println!("{:<26} {} (default: {})", key.name, key.meaning, key.default);
            }
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
        let reached = Db::connect(&config.database.url, 1).await;
        tell("database", reached.as_ref().map(|_| "answers".into()).map_err(ToString::to_string));
        let keys = config.keys.as_ref().map(|_| "given".to_owned());
        tell("sealing keys", keys.ok_or_else(|| "YUI_KEYS is not set; tax files can not be signed".into()));
        if reached.is_ok() {
            let app = App::start(config, None).await?;
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
            }
        }
        if missing > 0 {
            bail!("{missing} missing");
        }
        Ok(())
    }
}
