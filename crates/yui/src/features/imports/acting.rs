//! In whose name work is done that a worker does later.

use serde::{Deserialize, Serialize};

use crate::core::{audit::Actor, scope::SystemScope};

/// A member of staff, as they are kept beside the work that they want.
#[derive(Deserialize, Serialize)]
struct StoredActor {
    staff_id: i64,
    name: String,
    address: String,
}

/// Returns who acts, by name.
pub(super) fn name(scope: &SystemScope) -> &str {
    &scope.actor.name
}

/// Returns who acts, to be kept beside the work.
pub(super) fn kept(scope: &SystemScope) -> String {
    let actor = &scope.actor;
    let kept = actor.staff_id().map(|staff_id| StoredActor {
        staff_id,
        name: actor.name.clone(),
        address: actor.address().unwrap_or_default().to_owned(),
    });
    serde_json::json!(kept).to_string()
}

/// Returns the worker's scope as that of the member of staff who wanted the work, or the command line's.
pub(super) fn of(worker: &SystemScope, kept: &str) -> SystemScope {
    let staff = serde_json::from_str::<Option<StoredActor>>(kept).ok().flatten();
    worker.acting_for(match staff {
        Some(StoredActor { staff_id, name, address }) => Actor::staff(staff_id, &name, &address),
        None => Actor::command(),
    })
}
