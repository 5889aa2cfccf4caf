//! Forms that came too late. Where a session, or the proof of who is there, ran out while somebody was typing, what they sent is kept,
//! sealed, and filled in again on the page it was sent from as soon as they are back: nothing that was typed is lost, and nothing is done
//! that they do not see.
//!
//! A form belongs to the account whose session ran out and to the browser that sent it: nobody else who logs in there sees it, and
//! nobody elsewhere can lay one before its owner. Passwords and files are not kept, and the login page says so.

mod fill;
mod keep;
pub(crate) mod late;
mod queries;

pub(crate) use keep::{BrowserKey, FormOwner, Keeping, keep};
pub(crate) use keep::{LIFE, tidy};

#[doc(hidden)]
pub use keep::is_secret;
