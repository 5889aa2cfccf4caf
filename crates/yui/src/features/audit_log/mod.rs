//! The log of what staff, commands and workers see and do in a society's name: append-only, and chained so that what was
//! changed or removed afterwards is detected with the sealing keys ([`verify`]).

mod log;
mod verify;

pub use verify::{LogVerdict, verify};

use crate::core::{
    role::Right,
    routes::{Permission::Staff, Routes},
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/console/audit", Staff(Right::Manage), log::show)
        .post("/console/audit", Staff(Right::Manage), log::submit)
        .get("/console/audit.csv", Staff(Right::Manage), log::csv)
}
