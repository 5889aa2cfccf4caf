//! The beginning of every command: the settings, the portal, the society.

use crate::core::{app::App, config::Config, scope::SystemScope};

/// Returns the portal as configured, for a command.
pub(crate) async fn configured() -> anyhow::Result<App> {
    App::start(Config::from_environment()?, None).await
}

/// As [`configured`], for a command that only reads: it makes no database and changes none.
pub(crate) async fn configured_to_read() -> anyhow::Result<App> {
    App::start_reading(Config::from_environment()?).await
}

/// As [`for_society`], for a command that only reads.
pub(crate) async fn read_society(key: &str) -> anyhow::Result<(App, SystemScope)> {
    let app = configured_to_read().await?;
    let scope = SystemScope::of_society(&app, key).await?;
    Ok((app, scope))
}

/// Returns the portal and the scope of the society with this key.
pub(crate) async fn for_society(key: &str) -> anyhow::Result<(App, SystemScope)> {
    let app = configured().await?;
    let scope = SystemScope::of_society(&app, key).await?;
    Ok((app, scope))
}
