//! 利用規約: versions with the date from which each counts, and who agreed to which. A new version asks everybody again.

mod queries;

pub(crate) use queries::{Terms, agree, current, forget};
pub use queries::{Version, versions};

use anyhow::{Context, bail};
use jiff::Timestamp;
use yui_db::Tx;

use crate::{
    app::{App, japan},
    scope::{InSociety, SystemScope},
};

/// The terms that a new society begins with, for staff to replace by their own.
const FIRST: &str = include_str!("first.txt");

/// Gives a new society its first terms, which count from today's beginning in Japan.
pub(crate) async fn begin(tx: &mut Tx, society_id: i64, now: Timestamp) -> anyhow::Result<()> {
    let today = now.to_zoned(japan()).start_of_day()?.timestamp();
    Ok(queries::terms_insert(tx, society_id, 1, FIRST, (today, now)).await?)
}

/// Publishes a new version that counts from this instant on; returns its number.
///
/// # Errors
/// Where the text is empty or the newest version begins later.
pub async fn publish(app: &App, scope: &SystemScope, body: &str, valid_from: Timestamp) -> anyhow::Result<i64> {
    if body.trim().is_empty() {
        bail!("the terms have no text");
    }
    let mut tx = app.db.begin().await?;
    let (newest, from) = queries::newest(&mut tx, scope).await?;
    if from.is_some_and(|from| from > valid_from) {
        bail!("version {newest} counts from {} on, which is later", from.context("its date")?);
    }
    let span = (valid_from, app.clock.now());
    queries::terms_insert(&mut tx, scope.society_id(), newest + 1, body, span).await?;
    tx.commit().await?;
    Ok(newest + 1)
}
