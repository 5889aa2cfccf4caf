//! Telling users of the older system, by mail and on a date that staff choose, that the portal is renewed and how to get in:
//! from the command line at once, from the console by an order that a worker takes (docs/decisions/0021).

mod announce;
mod order;
mod pages;
mod queries;
mod refusal;
mod take_back;

pub(in super::super) use announce::take_back_of;
pub use announce::{Announced, announce, take_back};
pub(crate) use order::order_approved;
pub(super) use queries::LeasedAnnouncement;
pub use refusal::AnnouncementRefusal;

use super::end_of;
use crate::core::{
    audit::{self, Subject},
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
};

/// The pages of this part.
pub(super) fn routes(routes: Routes) -> Routes {
    let (look, order) = (Staff(Right::Data), StaffFresh(Right::Data));
    routes
        .get("/console/migration", look, pages::show)
        .get("/console/migration/announce", order, pages::check)
        .post("/console/migration/announce", order, pages::send)
        .get("/console/migration/take-back", order, take_back::show)
        .post("/console/migration/take-back", order, take_back::submit)
}

audit::acts! {
    /// Announcements were ordered.
    ANNOUNCEMENTS_ORDERED = "announcements.ordered" / "移行の案内メールの送信を指示";
    /// They are written, and wait for their time.
    ANNOUNCEMENTS_WRITTEN = "announcements.written" / "移行の案内メールを用意";
    /// Taking back those that wait was ordered.
    ANNOUNCEMENTS_BACK_ORDERED = "announcements.take_back_ordered" / "移行の案内メールの取消しを指示";
    /// Those that waited are taken back.
    ANNOUNCEMENTS_TAKEN_BACK = "announcements.taken_back" / "移行の案内メールを取消し";
}

/// What approvals know the announcements by: there is one for the whole society.
pub(crate) const ALL: i64 = 0;

/// Returns the announcements as the log and the approvals name them.
fn subject() -> Subject {
    Subject::new("announcements", ALL, "移行の案内メール")
}
