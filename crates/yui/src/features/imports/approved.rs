//! Publications and withdrawals that a second person approved.

use futures::future::BoxFuture;
use yui_db::Tx;

use super::{publish::publish_approved, withdraw::withdraw_approved};
use crate::{
    core::{
        app::App,
        role::{Right, Role},
        scope::SystemScope,
        society::Guarded,
    },
    features::approvals::{GuardedAct, GuardedSubject},
};

/// 取込データの公開: `detail` is a [`super::Publication`] in words.
#[derive(Debug)]
pub struct GuardedPublication;

impl GuardedAct for GuardedPublication {
    fn guarded(&self) -> Guarded {
        Guarded::Publication
    }

    fn may_decide(&self, role: Role) -> bool {
        role.has(Right::Data)
    }

    fn link(&self, _: Role, subject: &GuardedSubject) -> Option<String> {
        Some(format!("/console/imports/{}", subject.id))
    }

    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        detail: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(publish_approved(app, tx, scope, batch_id, detail))
    }
}

/// 公開した取込データの取下げ: `detail` is the reason.
#[derive(Debug)]
pub struct GuardedWithdrawal;

impl GuardedAct for GuardedWithdrawal {
    fn guarded(&self) -> Guarded {
        Guarded::Withdrawal
    }

    fn may_decide(&self, role: Role) -> bool {
        role.has(Right::Data)
    }

    fn link(&self, _: Role, subject: &GuardedSubject) -> Option<String> {
        Some(format!("/console/imports/{}", subject.id))
    }

    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        reason: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(withdraw_approved(app, tx, scope, batch_id, reason))
    }
}
