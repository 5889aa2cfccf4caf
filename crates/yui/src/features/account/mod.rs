//! Accounts of insured persons: logging in, staying logged in, logging out. Enrolment, second factors and recovery join
//! the same flow at [`login_state::LoginState`].

pub mod create;
mod login;
pub mod login_state;
mod logout;
mod queries;
mod session;

pub(crate) use login::login_path;
pub(crate) use session::resolve;

use crate::{
    app::App,
    router::{
        Permission::{Anybody, Member},
        Routes,
    },
    scope::SystemScope,
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/login", Anybody, login::show)
        .post("/login", Anybody, login::submit)
        .get("/logout", Member, logout::show)
        .post("/logout", Member, logout::submit)
}

/// Lets the owner of a locked account try passwords again.
///
/// # Errors
/// Where the society has no account with this user ID.
pub async fn unlock(app: &App, scope: &SystemScope, user_id: &str) -> anyhow::Result<()> {
    if !queries::account_unlock(&app.db, scope, &user_id.to_lowercase()).await? {
        anyhow::bail!("there is no account with the user ID {user_id:?}");
    }
    Ok(())
}
