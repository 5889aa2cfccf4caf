//! Search keys for members who were there before there were keys. It goes on where it stopped, whatever was killed when.

use super::queries;
use crate::core::{app::App, scope::SystemScope};

/// How many members get their keys in one transaction: few enough that nobody waits long for the write lock.
const PORTION: i64 = 200;

/// Writes the missing keys of all societies' members; returns how many members got theirs.
///
/// # Errors
/// Where the database does not answer.
pub async fn backfill(app: &App) -> Result<usize, yui_db::DbError> {
    let mut written = 0;
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        written += backfill_of(app, &scope).await?;
    }
    Ok(written)
}

/// Writes the missing keys of a society's members; returns how many members got theirs.
pub(super) async fn backfill_of(app: &App, scope: &SystemScope) -> Result<usize, yui_db::DbError> {
    let mut written = 0;
    loop {
        let mut tx = app.db.begin().await?;
        let Some(from) = queries::backfill_next(&mut tx, scope).await? else { return Ok(written) };
        let (count, next) = queries::backfill(&mut tx, scope, from, PORTION).await?;
        tx.commit().await?;
        written += count;
        if next.is_none() {
            return Ok(written);
        }
    }
}
