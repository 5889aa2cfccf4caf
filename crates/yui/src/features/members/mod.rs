//! 加入者: staff look people up, see who they are and how their account stands, and help them. Of anybody's health there is one
//! page, for staff whom a member asks about a month (docs/decisions/0035), and one file, for the person whose it is
//! (docs/decisions/0025).

mod account_acts;
mod act;
mod acts;
mod certificate;
mod detail;
mod flags;
mod queries;
mod recognise;
mod search;
mod statement;

pub use flags::end_over;

use crate::core::{
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
};
use account_acts::{FactorsReset, PairReissue, Resume, SignOut, Stop, Unlock, UserIdChange};
use flags::{End, NonDisclosure, Objection, Set};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let look = Staff(Right::Look);
    let help = Staff(Right::Help);
    let fresh = StaffFresh(Right::Help);
    let data = StaffFresh(Right::Data);
    routes
        .get("/console/members", look, search::show)
        .post("/console/members", look, search::submit)
        .get("/console/members/{id}", look, detail::show)
        .get("/console/members/{id}/unlock", help, act::show::<Unlock>)
        .post("/console/members/{id}/unlock", help, act::submit::<Unlock>)
        .get("/console/members/{id}/sign-out", help, act::show::<SignOut>)
        .post("/console/members/{id}/sign-out", help, act::submit::<SignOut>)
        .get("/console/members/{id}/factors", fresh, act::show::<FactorsReset>)
        .post("/console/members/{id}/factors", fresh, act::submit::<FactorsReset>)
        .get("/console/members/{id}/pair", data, act::show::<PairReissue>)
        .post("/console/members/{id}/pair", data, act::submit::<PairReissue>)
        .get("/console/members/{id}/user-id", fresh, act::show::<UserIdChange>)
        .post("/console/members/{id}/user-id", fresh, act::submit::<UserIdChange>)
        .get("/console/members/{id}/stop", fresh, act::show::<Stop>)
        .post("/console/members/{id}/stop", fresh, act::submit::<Stop>)
        .get("/console/members/{id}/resume", fresh, act::show::<Resume>)
        .post("/console/members/{id}/resume", fresh, act::submit::<Resume>)
        .get("/console/members/{id}/certificate", fresh, certificate::show)
        .post("/console/members/{id}/certificate", fresh, certificate::submit)
        .get("/console/members/{id}/statement", fresh, statement::show)
        .post("/console/members/{id}/statement", fresh, statement::submit)
        .get("/console/members/{id}/objection", fresh, act::show::<Set<Objection>>)
        .post("/console/members/{id}/objection", fresh, act::submit::<Set<Objection>>)
        .get("/console/members/{id}/objection-end", fresh, act::show::<End<Objection>>)
        .post("/console/members/{id}/objection-end", fresh, act::submit::<End<Objection>>)
        .get("/console/members/{id}/non-disclosure", fresh, act::show::<Set<NonDisclosure>>)
        .post("/console/members/{id}/non-disclosure", fresh, act::submit::<Set<NonDisclosure>>)
        .get("/console/members/{id}/non-disclosure-end", fresh, act::show::<End<NonDisclosure>>)
        .post("/console/members/{id}/non-disclosure-end", fresh, act::submit::<End<NonDisclosure>>)
}
