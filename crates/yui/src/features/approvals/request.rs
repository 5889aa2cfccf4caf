//! Asking for a second person's approval.

use yui_db::Tx;

use super::{
    acts::APPROVAL_ASKED,
    queries::{self, Open},
};
use crate::core::{
    app::App,
    audit::{self, Subject},
    scope::StaffScope,
    society::{Guarded, InSociety},
};

/// Asks for approval. `subject` is what it is done to; `detail` is what the act needs to know when it is done, readable by
/// people. Returns false where the same is asked already.
///
/// # Errors
/// Where the database does not answer.
pub async fn request(
    app: &App,
    tx: &mut Tx,
    staff: &StaffScope,
    act: Guarded,
    subject: &Subject,
    detail: &str,
) -> anyhow::Result<bool> {
    let about = (act.as_str(), subject.id, subject.name.as_str());
    if !queries::request_insert(tx, staff, about, detail, app.clock.now()).await? {
        return Ok(false);
    }
    audit::record(app, tx, staff, APPROVAL_ASKED, Some(subject), &format!("{}: {detail}", act.label())).await?;
    Ok(true)
}

/// Returns whether the society wants this decided by two.
pub fn needed(scope: &impl InSociety, act: Guarded) -> bool {
    act.is_among(&scope.society().policy.two_person)
}

/// Returns the open question about this act and subject, if there is one.
///
/// # Errors
/// Where the database does not answer.
pub async fn open_about(
    app: &App,
    scope: &impl InSociety,
    act: Guarded,
    subject_id: i64,
) -> Result<Option<Open>, yui_db::DbError> {
    queries::open_about(&app.db, scope, act.as_str(), subject_id).await
}

/// Returns how many questions are open.
///
/// # Errors
/// Where the database does not answer.
pub async fn open_count(app: &App, scope: &impl InSociety) -> Result<i64, yui_db::DbError> {
    queries::open_count(&app.db, scope).await
}
