//! The acts that a society can guard by a second person, as the features that perform them declare them.

use futures::future::BoxFuture;
use yui_db::Tx;

use crate::core::{app::App, role::Role, scope::SystemScope, society::Guarded};

/// An act that a second person has to approve.
#[derive(Debug)]
pub struct GuardedAct {
    /// Its name in the policy.
    pub guarded: Guarded,
    /// Returns whether staff in this role may decide it.
    pub may_decide: fn(Role) -> bool,
    /// Returns the page on which staff in this role can see its subject, if there is one.
    pub link: fn(Role, &GuardedSubject) -> Option<String>,
    /// Performs the act after its approval. Fails with [`CannotBeDone`] and words for staff, or if the subject has changed or the
    /// database does not answer.
    pub perform: for<'a> fn(ApprovedAct<'a>) -> BoxFuture<'a, anyhow::Result<()>>,
}

/// The subject of a guarded act.
#[derive(Clone, Copy, Debug)]
pub struct GuardedSubject {
    /// Its id.
    pub id: i64,
    /// The member, if it is a member's account.
    pub member_id: Option<i64>,
}

/// An approved request. The caller commits the transaction, wakes the workers and has the directory read again.
#[derive(Debug)]
pub struct ApprovedAct<'a> {
    /// The portal.
    pub app: &'a App,
    /// The transaction of the decision.
    pub tx: &'a mut Tx,
    /// The scope of the person who approved.
    pub scope: &'a SystemScope,
    /// The id of the subject.
    pub subject_id: i64,
    /// The text of the request.
    pub detail: &'a str,
}

/// The reason why an approved act cannot be performed, in (Japanese) words for staff.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotBeDone(pub String);

/// The acts of the program.
#[derive(Debug)]
pub struct GuardedActs(pub &'static [&'static GuardedAct]);

yui_db::inventory::collect!(GuardedActs);

/// Returns the act of this word in the database.
pub(super) fn act_of(word: &str) -> Option<&'static GuardedAct> {
    let all = yui_db::inventory::iter::<GuardedActs>.into_iter().flat_map(|acts| acts.0);
    all.copied().find(|act| act.guarded.as_str() == word)
}
