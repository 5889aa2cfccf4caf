//! The addresses that lead to the login.

use crate::{
    features::kept::late::{LateFormMessage, with_word},
    ui::page::encoded,
};

/// Returns the address of the login page that leads on to this path.
pub(crate) fn login_path(return_to: &str) -> String {
    match return_to {
        "" | "/" => "/login".to_owned(),
        path => format!("/login?return_to={}", encoded(path)),
    }
}

/// Returns the same, which says why.
pub(crate) fn login_path_after(return_to: &str, told: LateFormMessage) -> String {
    with_word(login_path(return_to), told)
}
