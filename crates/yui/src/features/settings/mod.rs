//! 組合の設定: everything that a society's administrators decide themselves.

mod branding;
mod colour;
mod consequences;
mod fields;
mod index;
mod keep;
mod loosen;
mod mail;
mod maintenance;
mod older;
mod policy;
mod postcards;
mod services;
mod signing;

pub use loosen::GUARDED_LOOSENING;

use crate::core::{
    role::Right,
    routes::{
        Permission::{Anybody, Staff, StaffFresh},
        Routes,
    },
};

/// The pages of the settings, and what a society's own colour and sign are fetched by.
pub(crate) fn routes(routes: Routes) -> Routes {
    let (look, manage) = (Staff(Right::Manage), StaffFresh(Right::Manage));
    routes
        .get("/brand/{file}", Anybody, branding::file)
        .get("/console/settings", look, index::show)
        .get("/console/settings/policy", manage, policy::show)
        .post("/console/settings/policy", manage, policy::check)
        .post("/console/settings/policy/keep", manage, policy::keep)
        .get("/console/settings/services", manage, services::show)
        .post("/console/settings/services", manage, services::submit)
        .get("/console/settings/mail", manage, mail::show)
        .post("/console/settings/mail", manage, mail::submit)
        .get("/console/settings/postcards", manage, postcards::show)
        .post("/console/settings/postcards", manage, postcards::submit)
        .get("/console/settings/postcards/sample.pdf", look, postcards::sample)
        .get("/console/settings/branding", manage, branding::show)
        .post("/console/settings/branding", manage, branding::submit)
        .get("/console/settings/maintenance", manage, maintenance::show)
        .post("/console/settings/maintenance", manage, maintenance::submit)
        .post("/console/settings/maintenance/remove", manage, maintenance::remove)
        .get("/console/settings/signing-key", manage, signing::show)
        .post("/console/settings/signing-key", manage, signing::submit)
        .get("/console/settings/older-hosts", manage, older::show)
        .post("/console/settings/older-hosts", manage, older::submit)
        .post("/console/settings/older-hosts/remove", manage, older::remove)
}
