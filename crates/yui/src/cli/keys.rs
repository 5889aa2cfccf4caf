//! `yui keys …`.

use anyhow::{bail, ensure};
use clap::Subcommand;

use super::start::configured;
use crate::{
    core::{app::App, scope::SystemScope, society::InSociety},
    features::keys::{self, Fits, InUse},
};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Seals everything anew with the first of `YUI_KEYS`, so that the others can be retired; stopped, it goes on where it was
    Rotate,
    /// Says which keys are needed for what is sealed
    List,
}

impl Keys {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Rotate => rotate().await,
            Self::List => {
                let app = super::start::configured_to_read().await?;
                let done = list(&app).await;
                app.db.close().await;
                done.map(drop)
            }
        }
    }
}

async fn rotate() -> anyhow::Result<()> {
    let app = configured().await?;
    app.keys()?;
    let mut refused = 0;
    for scope in SystemScope::of_all(&app, "keys").await? {
        let rotated = keys::rotate(&app, &scope).await?;
        say!("{}: {} values sealed anew", scope.society().key, rotated.done);
        for (why, values) in rotated.refused {
            refused += values;
            say!("{}: {values} values stay as they are: {why}", scope.society().key);
        }
    }
    let done = list(&app).await;
    app.db.close().await;
    let fit = done?;
    if refused > 0 {
        bail!("{refused} values could not be sealed anew");
    }
    ensure!(fit, "YUI_KEYS do not fit what is sealed");
    Ok(())
}

/// Prints which keys are needed; returns whether everything can be opened.
async fn list(app: &App) -> anyhow::Result<bool> {
    let in_use = keys::in_use(app, &SystemScope::of_all(app, "keys").await?).await?;
    let words = words(app, &in_use);
    let fit = words.iter().all(Result::is_ok);
    for words in words {
        say!("{}", words.unwrap_or_else(|words| words));
    }
    Ok(fit)
}

/// Says of each key whether it is needed; an error where what is sealed cannot be opened.
pub(super) fn words(app: &App, in_use: &[InUse]) -> Vec<Result<String, String>> {
    let mut all = Vec::new();
    for (place, id) in app.keys.iter().flat_map(|keys| keys.ids()).enumerate() {
        let of = in_use.iter().find(|of| of.key == id);
        let values = of.map_or(0, |of| of.values);
        all.push(match of.and_then(InUse::trouble) {
            Some(trouble) => Err(trouble),
            None if place == 0 => Ok(format!("{id}: seals, and opens {values} values")),
            None if values == 0 => Ok(format!("{id}: opens nothing any more and can be retired")),
            None => {
                Ok(format!("{id}: still needed for {values} values; `yui keys rotate` seals them with the first key"))
            }
        });
    }
    let others = in_use.iter().filter(|of| of.fits == Fits::NotGiven);
    all.extend(others.filter_map(InUse::trouble).map(Err));
    all
}
