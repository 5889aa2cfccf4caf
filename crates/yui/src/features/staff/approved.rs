//! Invitations and changes of role as acts that a second person has to approve. Every role but the viewer may decide them: a
//! society often has only one administrator, and any colleague can tell who joins the staff.

use super::admin::{invite_approved, role_change_approved};
use crate::{
    core::{
        role::{Right, Role},
        society::Guarded,
    },
    features::approvals::{GuardedAct, GuardedSubject},
};

fn staff_page(role: Role, subject: &GuardedSubject) -> Option<String> {
    role.has(Right::Manage).then(|| format!("/console/staff/{}", subject.id))
}

/// 職員の招待.
pub static GUARDED_INVITATION: GuardedAct = GuardedAct {
    guarded: Guarded::Invitation,
    may_decide: |role| role != Role::Viewer,
    link: staff_page,
    perform: |act| Box::pin(invite_approved(act.app, act.tx, act.scope, act.subject_id)),
};

/// 職員の役割の変更: the detail is the change in words.
pub static GUARDED_ROLE_CHANGE: GuardedAct = GuardedAct {
    guarded: Guarded::RoleChange,
    may_decide: |role| role != Role::Viewer,
    link: staff_page,
    perform: |act| Box::pin(role_change_approved(act.app, act.tx, act.scope, act.subject_id, act.detail)),
};
