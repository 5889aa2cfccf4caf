//! Two-person approval: what a society's policy wants decided by two. One asks, another approves, and with that it is done.

mod list;
mod queries;

pub use queries::Open;
use yui_db::Tx;

use crate::core::{
    app::App,
    audit::{self, Subject},
    role::{Right, Role},
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
    scope::StaffScope,
    society::{Guarded, InSociety},
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/console/approvals", Staff(Right::Look), list::show)
        .post("/console/approvals/{id}/approve", StaffFresh(Right::Look), list::approve)
        .post("/console/approvals/{id}/refuse", StaffFresh(Right::Look), list::refuse)
}

crate::core::audit::acts! {
    /// Somebody asked for a second person's approval.
    APPROVAL_ASKED = "approval.asked" / "承認を依頼";
    /// … and got it.
    APPROVAL_GIVEN = "approval.given" / "承認";
    /// … or did not.
    APPROVAL_REFUSED = "approval.refused" / "承認を却下";
    /// Questions about members were looked at.
    APPROVALS_VIEWED = "approval.viewed" / "加入者についての承認の依頼を表示";
}

/// Returns whether the society wants this decided by two.
pub fn needed(scope: &impl InSociety, act: Guarded) -> bool {
    act.is_among(&scope.society().policy.two_person)
}

/// Returns whether somebody in this role may decide this. Who joins the staff, any colleague who may change something can tell: a society
/// has often one administrator.
fn may_decide(role: Role, act: Guarded) -> bool {
    match act {
        Guarded::Publication | Guarded::MassMail | Guarded::Withdrawal => role.has(Right::Data),
        Guarded::FactorReset => role.has(Right::Help),
        Guarded::Loosening => role.has(Right::Manage),
        Guarded::Invitation | Guarded::RoleChange => role != Role::Viewer,
    }
}

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
