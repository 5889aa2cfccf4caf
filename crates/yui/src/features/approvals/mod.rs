//! Two-person approval: what a society's policy wants decided by two. One asks, another approves, and with that it is done.

mod act;
mod acts;
mod list;
mod queries;
mod request;

pub use act::{ApprovedAct, CannotBeDone, GuardedAct, GuardedActs, GuardedSubject};
pub use queries::Open;
pub use request::{needed, open_about, open_count, request};

use crate::core::{
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/console/approvals", Staff(Right::Look), list::show)
        .post("/console/approvals/{id}/approve", StaffFresh(Right::Look), list::approve)
        .post("/console/approvals/{id}/refuse", StaffFresh(Right::Look), list::refuse)
}
