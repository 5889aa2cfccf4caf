//! Announcements that a second person approved.

use futures::future::BoxFuture;
use yui_db::Tx;

use super::{order::order_approved, refusal::AnnouncementRefusal};
use crate::{
    core::{
        app::App,
        role::{Right, Role},
        scope::SystemScope,
        society::Guarded,
    },
    features::approvals::{CannotBeDone, GuardedAct, GuardedSubject},
};

/// 移行の案内: `detail` is the day of sending and the last day of the way in, in words.
#[derive(Debug)]
pub struct GuardedAnnouncements;

impl GuardedAct for GuardedAnnouncements {
    fn guarded(&self) -> Guarded {
        Guarded::MassMail
    }

    fn may_decide(&self, role: Role) -> bool {
        role.has(Right::Data)
    }

    fn link(&self, _: Role, _: &GuardedSubject) -> Option<String> {
        Some("/console/migration".to_owned())
    }

    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        _subject_id: i64,
        detail: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let ordered = order_approved(app, tx, scope, detail).await;
            ordered.map_err(|error| match error.downcast::<AnnouncementRefusal>() {
                Ok(refusal) => CannotBeDone(refusal.words()).into(),
                Err(error) => error,
            })
        })
    }
}
