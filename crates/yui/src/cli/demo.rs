//! `yui demo`.

use std::path::PathBuf;

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use yui_auth::password::Cost;

use super::serve;
use crate::{
    core::{
        app::{self, App},
        config::{self, Config},
        random::Random,
    },
    demo,
};

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where to listen; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where to keep the data; a temporary folder, gone at the end, where none is given
    #[arg(long)]
    data: Option<PathBuf>,
    /// What its clock shows when it starts, as in 2026-09-15T12:00:00+09:00; the machine's time where none is given
    #[arg(long)]
    clock: Option<jiff::Timestamp>,
    /// Hash passwords as cheaply as can be, for tests, which log in a thousand times
    #[arg(long, hide = true)]
    cheap_passwords: bool,
}

impl DemoArgs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let mut config = Config::from_environment()?;
        config.http.listen = config::listen(&self.listen)?;
        config.http.https = false;
        let temporary = tempfile::tempdir().context("a temporary folder for the demo")?;
        let folder = self.data.unwrap_or_else(|| temporary.path().to_owned());
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        if config.database.url == config::DEFAULT_DATABASE {
            config.database.url = format!("sqlite://{}", folder.join("yui.db").display());
        }
        config.files.folder = folder.join("files");
        config.keys = Some(match config.keys {
            Some(keys) => keys,
            None => sealing_keys(&folder.join("keys"))?,
        });
        let listener = serve::listen(&config).await?;
        let port = listener.local_addr()?.port();
        let password_cost = if self.cheap_passwords { Cost::Least } else { Cost::Today };
        let app = App::start(config, Some(app::Demo { port, password_cost })).await?;
        if let Some(clock) = self.clock {
            app.clock.advance(clock.duration_since(app.clock.now()).as_secs());
        }
        demo::seed(&app).await.context("filling the demo")?;
        serve::serve(&app, listener, &format!("http://localhost:{port}/")).await
    }
}

/// Returns the demo's sealing key: the one kept beside its data, or a fresh one that is kept there.
fn sealing_keys(path: &PathBuf) -> anyhow::Result<String> {
    if let Ok(kept) = std::fs::read_to_string(path) {
        return Ok(kept);
    }
    let fresh = format!("demo:{}", STANDARD.encode(Random.bytes::<32>()?));
    std::fs::write(path, &fresh).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(fresh)
}
