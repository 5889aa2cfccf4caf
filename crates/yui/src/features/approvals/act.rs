//! The acts that a society can guard by a second person, as the features that perform them declare them.

use std::fmt::Debug;

use futures::future::BoxFuture;
use yui_db::Tx;

use crate::core::{app::App, role::Role, scope::SystemScope, society::Guarded};

/// An act that waits for a second person: who may decide it, and how it is performed after approval.
pub trait GuardedAct: Debug + Sync {
    /// Returns its name in the policy.
    fn guarded(&self) -> Guarded;

    /// Returns whether staff in this role may decide it.
    fn may_decide(&self, role: Role) -> bool;

    /// Returns the page on which staff in this role can see its subject.
    fn link(&self, _role: Role, _subject: &GuardedSubject) -> Option<String> {
        None
    }

    /// Performs the act in the caller's transaction, after which workers are woken and the directory is read again.
    /// `detail` is the text of the request.
    ///
    /// # Errors
    /// [`CannotBeDone`] with words for staff, or if the subject has changed or the database does not answer.
    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        subject_id: i64,
        detail: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// The subject of a guarded act.
#[derive(Clone, Copy, Debug)]
pub struct GuardedSubject {
    /// Its id.
    pub id: i64,
    /// The member, if it is a member's account.
    pub member_id: Option<i64>,
}

/// The reason why an approved act cannot be performed, in (Japanese) words for staff.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotBeDone(pub String);

/// The acts of the program.
#[derive(Debug)]
pub struct GuardedActs(pub &'static [&'static dyn GuardedAct]);

yui_db::inventory::collect!(GuardedActs);

/// Returns the act of this word in the database.
pub(super) fn act_of(word: &str) -> Option<&'static dyn GuardedAct> {
    let all = yui_db::inventory::iter::<GuardedActs>.into_iter().flat_map(|acts| acts.0);
    all.copied().find(|act| act.guarded().as_str() == word)
}
