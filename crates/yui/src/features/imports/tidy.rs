//! Removing files that nobody needs any more: what staff upload is about people.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use super::{queries, upload::files_remove};
use crate::core::{app::App, scope::SystemScope, society::InSociety};

/// How long an upload waits for somebody to go on with it.
const WAITS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Removes the files of uploads that are done, of those with which nobody went on for thirty days, and what killed processes
/// left: unfinished, or whole but named by no upload; returns how many uploads and files.
///
/// # Errors
/// Where the database or the folder of files fails.
pub async fn tidy(app: &App) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let (mut removed, mut named) = (0, HashMap::<i64, HashSet<String>>::new());
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        for upload in queries::uploads_forgotten(&app.db, &scope, now.checked_sub(WAITS)?).await? {
            files_remove(app, &scope, &upload).await?;
            queries::upload_files_gone(&app.db, &scope, upload.upload_id).await?;
            removed += 1;
        }
        named.insert(scope.society_id(), queries::file_names(&app.db, &scope).await?.into_iter().collect());
    }
    let files = app.files.clone();
    Ok(removed + tokio::task::spawn_blocking(move || files.tidy(now, &named)).await??)
}
