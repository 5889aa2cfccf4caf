//! Registering a factor: in a login that leads to it, or from the settings of somebody signed in.

mod app;
mod choose;
mod email;
mod owner;
mod passkey;

pub(super) use app::{insert as app_insert, qr as app_qr, show as app_show, submit as app_submit};
pub(super) use choose::{later, show as choose_show};
pub(super) use email::{insert as email_insert, send as email_send, show as email_show, submit as email_submit};
pub(super) use owner::{LABEL_MAX, label};
pub(super) use passkey::{begin as passkey_begin, finish as passkey_finish, show as passkey_show};
