//! Publications and withdrawals as acts that a second person has to approve.

use super::{publish::publish_approved, withdraw::withdraw_approved};
use crate::{
    core::{role::Right, society::Guarded},
    features::approvals::{GuardedAct, GuardedSubject},
};

fn batch_page(subject: &GuardedSubject) -> Option<String> {
    Some(format!("/console/imports/{}", subject.id))
}

/// 取込データの公開: the detail is a [`super::Publication`] in words.
pub static GUARDED_PUBLICATION: GuardedAct = GuardedAct {
    guarded: Guarded::Publication,
    may_decide: |role| role.has(Right::Data),
    link: |_, subject| batch_page(subject),
    perform: |act| Box::pin(publish_approved(act.app, act.tx, act.scope, act.subject_id, act.detail)),
};

/// 公開した取込データの取下げ: the detail is the reason.
pub static GUARDED_WITHDRAWAL: GuardedAct = GuardedAct {
    guarded: Guarded::Withdrawal,
    may_decide: |role| role.has(Right::Data),
    link: |_, subject| batch_page(subject),
    perform: |act| Box::pin(withdraw_approved(act.app, act.tx, act.scope, act.subject_id, act.detail)),
};
