//! The console's pages of imports: the list, a new file, the work under way, what a check found, and a batch with its
//! publication and withdrawal. They are the same for every kind of files.

mod batch;
mod download;
mod help;
mod list;
mod new;
mod paths;
mod preview;
mod profiles;
mod progress;
mod publish;
mod receive;
mod withdraw;

use axum::{extract::DefaultBodyLimit, handler::Handler};

use crate::core::{
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
};

/// The largest file whose header is taken for a column profile.
const PROFILE_FILE: usize = 256 << 20;

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let (look, data, fresh) = (Staff(Right::Look), Staff(Right::Data), StaffFresh(Right::Data));
    routes
        .get("/console/imports", look, list::show)
        .get("/console/imports/help", look, help::show)
        .get("/console/imports/template/{kind}", look, download::template)
        .get("/console/imports/new", data, new::show)
        // The handler has a limit of its own, and tells whose file is above it.
        .post("/console/imports/new", data, new::submit.layer(DefaultBodyLimit::disable()))
        .get("/console/imports/profiles", data, profiles::list)
        .get("/console/imports/profiles/new", data, profiles::new)
        // The header is looked at, whatever comes after it.
        .post("/console/imports/profiles/new", data, profiles::create.layer(DefaultBodyLimit::max(PROFILE_FILE)))
        .get("/console/imports/profiles/{id}", data, profiles::show)
        .post("/console/imports/profiles/{id}", data, profiles::save)
        .post("/console/imports/profiles/{id}/delete", data, profiles::delete)
        .get("/console/imports/uploads/{id}", data, preview::show)
        .get("/console/imports/uploads/{id}/progress", data, progress::events)
        .get("/console/imports/uploads/{id}/faults.csv", data, download::upload_faults)
        .get("/console/imports/uploads/{id}/changes.csv", data, download::upload_changes)
        .post("/console/imports/uploads/{id}/apply", data, preview::apply)
        .post("/console/imports/uploads/{id}/drop", data, preview::discard)
        .post("/console/imports/uploads/{id}/resume", data, preview::resume)
        .get("/console/imports/{id}", look, batch::show)
        .get("/console/imports/{id}/faults.csv", data, download::batch_faults)
        .get("/console/imports/{id}/notices.csv", data, download::batch_notices)
        .get("/console/imports/{id}/publish", fresh, publish::show)
        .post("/console/imports/{id}/publish", fresh, publish::submit)
        .post("/console/imports/{id}/publish/cancel", data, publish::cancel)
        .get("/console/imports/{id}/withdraw", fresh, withdraw::show)
        .post("/console/imports/{id}/withdraw", fresh, withdraw::submit)
        .get("/console/imports/{id}/withdraw/status", look, withdraw::status)
}
