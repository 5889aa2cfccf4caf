//! The society's staff: accounts apart from members', under /console, never without a second factor. An administrator (or
//! the command line, for the first one) invites by mail; what a role may do is in [`Role`].

mod acts;
mod add_factor;
pub mod admin;
mod approved;
mod confirm;
mod devices;
mod events;
mod invitation;
mod letters;
mod list;
mod login;
mod me;
mod one;
mod prove;
mod queries;
mod session;

pub use approved::{GUARDED_INVITATION, GUARDED_ROLE_CHANGE};
pub(crate) use confirm::{due as confirm_due, path_after as confirm_path_after};
pub(crate) use login::login_path_after;
pub(crate) use session::{owner as owner_of_session, resolve, tidy};

use crate::core::{
    app::App,
    role::Right,
    routes::{
        Permission::{Anybody, Staff, StaffFresh, Step},
        Routes,
    },
    society::InSociety,
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let look = Staff(Right::Look);
    let manage = StaffFresh(Right::Manage);
    routes
        .get("/console/login", Anybody, login::show)
        .post("/console/login", Anybody, login::submit)
        .get("/console/login/factor", Step, prove::show)
        .post("/console/login/factor/app", Step, prove::app_submit)
        .post("/console/login/factor/passkey/begin", Step, prove::passkey_begin)
        .post("/console/login/factor/passkey/finish", Step, prove::passkey_finish)
        .get("/console/invitation/{token}", Anybody, invitation::show)
        .post("/console/invitation/{token}", Anybody, invitation::submit)
        .get("/console/register", Step, add_factor::show)
        .get("/console/register/qr/{question}", Step, add_factor::qr)
        .post("/console/register/app", Step, add_factor::app_submit)
        .post("/console/register/passkey/begin", Step, add_factor::passkey_begin)
        .post("/console/register/passkey/finish", Step, add_factor::passkey_finish)
        .post("/console/logout", look, login::log_out)
        .get("/console/confirm", look, confirm::show)
        .post("/console/confirm", look, confirm::submit)
        .post("/console/confirm/passkey/begin", look, confirm::passkey_begin)
        .post("/console/confirm/passkey/finish", look, confirm::passkey_finish)
        .get("/console/me", look, me::show)
        .post("/console/me/factors/{id}/delete", StaffFresh(Right::Look), me::factor_delete)
        .post("/console/me/password", StaffFresh(Right::Look), me::password_submit)
        .post("/console/me/sign-out-others", look, me::sign_out_others)
        .get("/console/staff", Staff(Right::Manage), list::show)
        .get("/console/staff/new", manage, list::invite_show)
        .post("/console/staff/new", manage, list::invite_submit)
        .get("/console/staff/{id}", Staff(Right::Manage), one::show)
        .post("/console/staff/{id}", manage, one::change)
        .post("/console/staff/{id}/stop", manage, one::stop)
        .post("/console/staff/{id}/unlock", manage, one::unlock)
        .post("/console/staff/{id}/invite-again", manage, one::invite_again)
}

/// Returns the name of a member of staff, stopped ones too.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn name_of(
    app: &App,
    scope: &impl InSociety,
    staff_id: i64,
) -> Result<Option<String>, yui_db::DbError> {
    let staff = queries::staff_list(&app.db, scope).await?;
    Ok(staff.into_iter().find(|line| line.staff_id == staff_id).map(|line| line.name))
}
