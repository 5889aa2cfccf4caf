//! The acts that a society can want decided by two, as the features that do them declare them.

use std::fmt::Debug;

use futures::future::BoxFuture;
use yui_db::Tx;

use crate::core::{app::App, role::Role, scope::SystemScope, society::Guarded};

/// An act that waits for a second person: who may decide it, and how it is done once it is approved.
pub trait GuardedAct: Debug + Sync {
    /// Returns what the policy calls it.
    fn guarded(&self) -> Guarded;

    /// Returns whether somebody in this role may decide it.
    fn may_decide(&self, role: Role) -> bool;

    /// Returns the page on which its subject can be looked at by somebody in this role.
    fn link(&self, _role: Role, _subject: &GuardedSubject) -> Option<String> {
        None
    }

    /// Does it in the caller's transaction, after which workers are woken and the directory is read again. `detail` is what the
    /// request said.
    ///
    /// # Errors
    /// [`CannotBeDone`] with words for staff, or where the subject is no longer what it was or the database does not answer.
    fn perform<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        subject_id: i64,
        detail: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// What an act is done to.
#[derive(Clone, Copy, Debug)]
pub struct GuardedSubject {
    /// Its id.
    pub id: i64,
    /// The member, where it is a member's account.
    pub member_id: Option<i64>,
}

/// Why an approved act cannot be done, in (Japanese) words for staff.
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
