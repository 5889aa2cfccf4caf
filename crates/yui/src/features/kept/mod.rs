//! Forms that came too late. Where a session, or the proof of who is there, ran out while somebody was typing, what they sent is kept,
//! sealed, and filled in again on the page it was sent from as soon as they are back: nothing that was typed is lost, and nothing is done
//! that they do not see.
//!
//! A form belongs to the account whose session ran out and to the browser that sent it: nobody else who logs in there sees it, and
//! nobody elsewhere can lay one before its owner. Passwords and files are not kept, and the login page says so.

mod fill;
mod keep;
mod queries;

use jiff::SignedDuration;
#[doc(hidden)]
pub use keep::is_secret;
pub(crate) use keep::{BrowserKey, FormOwner, Keeping, keep};

use crate::core::{app::App, scope::SystemScope};

/// How long a form is kept, and how long it is known whose a session or login was that is over.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Deletes what nobody came back for; returns how many forms.
pub(crate) async fn tidy(app: &App, scope: &SystemScope, tx: &mut yui_db::Tx) -> anyhow::Result<u64> {
    Ok(queries::forget_over(tx, scope, app.clock.now().checked_sub(LIFE)?).await?)
}
