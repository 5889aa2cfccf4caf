//! Publishing a new version.

use anyhow::bail;
use jiff::Timestamp;

use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        clock::japan,
        scope::SystemScope,
        society::directory::InSociety,
    },
    features::terms::{TERMS_PUBLISHED, queries},
};

/// Publishes a new version that counts from this instant on; returns its number. The text of the newest one again, as by a double
/// click, asks nobody a second time: that one's number is returned.
///
/// # Errors
/// Where the text is empty or the newest version begins later.
pub async fn publish(app: &App, scope: &SystemScope, body: &str, valid_from: Timestamp) -> anyhow::Result<i64> {
    if body.trim().is_empty() {
        bail!("the terms have no text");
    }
    let mut tx = app.db.begin().await?;
    let newest = queries::newest_held(&mut tx, scope).await?;
    if let Some(queries::NewestTerms { version, body: before, valid_from: from }) = &newest {
        if before == body {
            return Ok(*version);
        }
        if *from > valid_from {
            bail!("version {version} counts from {} on, which is later", from);
        }
    }
    let newest = newest.map_or(0, |newest| newest.version);
    let span = (valid_from, app.clock.now());
    queries::terms_insert(&mut tx, scope.society_id(), newest + 1, body, span).await?;
    let subject = Subject::new("terms", newest + 1, format!("第{}版", newest + 1));
    let day = valid_from.to_zoned(japan()).strftime("%Y/%m/%d %H:%M").to_string();
    audit::record(app, &mut tx, scope, TERMS_PUBLISHED, Some(&subject), &format!("{day}から")).await?;
    tx.commit().await?;
    Ok(newest + 1)
}
