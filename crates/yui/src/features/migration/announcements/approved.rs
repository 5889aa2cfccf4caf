//! Announcements as an act that a second person has to approve.

use super::{order::order_approved, refusal::AnnouncementRefusal};
use crate::{
    core::{role::Right, society::Guarded},
    features::approvals::{CannotBeDone, GuardedAct},
};

/// 移行の案内: the detail is the day of sending and the last day of the first login, in words.
pub static GUARDED_ANNOUNCEMENTS: GuardedAct = GuardedAct {
    guarded: Guarded::MassMail,
    may_decide: |role| role.has(Right::Data),
    link: |_, _| Some("/console/migration".to_owned()),
    perform: |act| {
        Box::pin(async move {
            let ordered = order_approved(act.app, act.tx, act.scope, act.detail).await;
            ordered.map_err(|error| match error.downcast::<AnnouncementRefusal>() {
                Ok(refusal) => CannotBeDone(refusal.words()).into(),
                Err(error) => error,
            })
        })
    },
};
