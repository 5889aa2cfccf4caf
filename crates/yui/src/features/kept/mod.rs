//! Forms that came too late. Where a session, or the proof of who is there, ran out while somebody was typing, what they sent is
//! kept, sealed, and they go on with it after the login: nothing that was typed is lost.
//!
//! A form belongs to the account whose session ran out and to the browser that sent it: nobody else who logs in there sees it, and
//! nobody elsewhere can lay one before its owner. There is one for each account, for a day. Passwords and files are not kept; their
//! sender is led back to the page they came from.

mod keep;
mod pages;
mod queries;

#[doc(hidden)]
pub use keep::is_secret;
pub(crate) use keep::{Owner, keep};
pub(crate) use pages::{MEMBERS_PAGE, STAFF_PAGE};

use jiff::SignedDuration;

use crate::{
    app::App,
    features::staff::Right,
    router::{
        Permission::{Member, Staff},
        Routes,
    },
    scope::SystemScope,
};

/// How long a form is kept, and how long it is known whose a session was that is over.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let look = Staff(Right::Look);
    routes
        .get(MEMBERS_PAGE, Member, pages::member_show)
        .post(MEMBERS_PAGE, Member, pages::member_go_on)
        .post("/kept/discard", Member, pages::member_discard)
        .get(STAFF_PAGE, look, pages::staff_show)
        .post(STAFF_PAGE, look, pages::staff_go_on)
        .post("/console/kept/discard", look, pages::staff_discard)
}

/// Deletes what nobody went on with; returns how many forms.
pub(crate) async fn tidy(app: &App, scope: &SystemScope, tx: &mut yui_db::Tx) -> anyhow::Result<u64> {
    Ok(queries::forget_over(tx, scope, app.clock.now().checked_sub(LIFE)?).await?)
}
