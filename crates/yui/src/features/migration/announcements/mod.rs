//! Telling users of the older system, by mail and on a date that staff choose, that the portal is renewed and how to get in:
//! from the command line at once, from the console by an order that a worker takes (docs/decisions/0021).

mod acts;
mod announce;
mod approved;
mod order;
mod pages;
mod queries;
mod refusal;
mod take_back;

pub use announce::{Announced, announce, take_back};
pub use approved::GUARDED_ANNOUNCEMENTS;
pub(crate) use queries::LeasedAnnouncement;
pub use refusal::AnnouncementRefusal;

use crate::core::{
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
};

/// The pages of this part.
pub(crate) fn routes(routes: Routes) -> Routes {
    let (look, order) = (Staff(Right::Data), StaffFresh(Right::Data));
    routes
        .get("/console/migration", look, pages::show)
        .get("/console/migration/announce", order, pages::check)
        .post("/console/migration/announce", order, pages::send)
        .get("/console/migration/take-back", order, take_back::show)
        .post("/console/migration/take-back", order, take_back::submit)
}
