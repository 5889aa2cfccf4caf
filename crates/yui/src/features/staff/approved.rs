//! Invitations and changes of role that a second person approved. Any colleague who may change something can tell who joins the
//! staff: a society has often one administrator.

use futures::future::BoxFuture;
use yui_db::Tx;

use super::admin::{invite_approved, role_change_approved};
use crate::{
    core::{
        app::App,
        role::{Right, Role},
        scope::SystemScope,
        society::Guarded,
    },
    features::approvals::{GuardedAct, GuardedSubject},
};

/// 職員の招待.
#[derive(Debug)]
pub struct GuardedInvitation;

impl GuardedAct for GuardedInvitation {
    fn guarded(&self) -> Guarded {
        Guarded::Invitation
    }

    fn may_decide(&self, role: Role) -> bool {
        role != Role::Viewer
    }

    fn link(&self, role: Role, subject: &GuardedSubject) -> Option<String> {
        role.has(Right::Manage).then(|| format!("/console/staff/{}", subject.id))
    }

    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        staff_id: i64,
        _detail: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(invite_approved(app, tx, scope, staff_id))
    }
}

/// 職員の役割の変更: `detail` is the change in words.
#[derive(Debug)]
pub struct GuardedRoleChange;

impl GuardedAct for GuardedRoleChange {
    fn guarded(&self) -> Guarded {
        Guarded::RoleChange
    }

    fn may_decide(&self, role: Role) -> bool {
        role != Role::Viewer
    }

    fn link(&self, role: Role, subject: &GuardedSubject) -> Option<String> {
        role.has(Right::Manage).then(|| format!("/console/staff/{}", subject.id))
    }

    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        staff_id: i64,
        detail: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(role_change_approved(app, tx, scope, staff_id, detail))
    }
}
