//! Forms that came too late. Where a session, or the proof of who is there, ran out while somebody was typing, what they sent is kept,
//! sealed, and filled in again on the page it was sent from as soon as they are back: nothing that was typed is lost, and nothing is done
//! that they do not see.
//!
//! A form belongs to the account whose session ran out and to the browser that sent it: nobody else who logs in there sees it, and
//! nobody elsewhere can lay one before its owner. Passwords and files are not kept, and the login page says so.

pub(crate) mod late;
pub(crate) use self::keep::{LIFE, tidy};

mod fill;
mod keep;
mod queries;

#[doc(hidden)]
pub use keep::is_secret;
pub(crate) use keep::{BrowserKey, FormOwner, Keeping, keep};
