//! `yui migrate`.

use yui_db::Db;

use crate::core::config::Config;

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_environment()?;
    let db = Db::at(yui_db::Address { connections: 1, ..config.database.address(true) }).await?;
    db.migrate().await?;
    say!("the database is up to date");
    Ok(())
}
