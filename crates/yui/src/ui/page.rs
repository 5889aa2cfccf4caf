//! The frame around every page.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::Lang;
use crate::{
    error::AppError,
    features::societies::{Service, Society},
};

/// What a request brings for the frame: made at the router's door.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) lang: Lang,
    pub(crate) society: Option<Arc<Society>>,
    /// The name of the signed-in person.
    pub(crate) user: Option<String>,
    /// Path and query of the request.
    pub(crate) path: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    pub(crate) demo: bool,
}

impl<S: Sync> FromRequestParts<S> for Shell {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::door("Shell"))
    }
}

impl Shell {
    /// Returns the sentence in the page's language.
    pub(crate) fn t<'s>(&self, sentence: &'s str) -> &'s str {
        self.lang.t(sentence)
    }

    /// Returns the frame of a page with this (Japanese, translated here) title.
    pub(crate) fn page(&self, title: &str) -> Page {
        self.page_titled(self.lang.t(title).to_owned())
    }

    /// Returns the frame of a page whose form has mistakes.
    pub(crate) fn page_with_errors(&self, title: &str) -> Page {
        let prefix = self.lang.t("エラー:");
        self.page_titled(format!("{prefix} {}", self.lang.t(title)))
    }

    /// Returns the frame of a page with this title, which is in the page's language already.
    pub(crate) fn page_titled(&self, title: String) -> Page {
        let path = self.path.split('?').next().unwrap_or_default();
        let services = self.society.as_ref().map(|society| society.policy.services.as_slice()).unwrap_or_default();
        let nav = services
            .iter()
            .filter(|_| self.user.is_some())
            .map(|service| {
                let (href, label, icon) = service_link(*service);
                NavItem { href, label: self.lang.t(label).to_owned(), icon, current: path.starts_with(href) }
            })
            .collect();
        Page {
            lang: self.lang,
            title,
            society: self.society.as_ref().map(|society| society.name.clone()),
            user: self.user.clone(),
            nav,
            path: self.path.clone(),
            style: self.style.clone(),
            script: self.script.clone(),
            icon: self.icon.clone(),
            demo: self.demo,
        }
    }
}

/// Returns where a service is, its (Japanese) name and its picture.
fn service_link(service: Service) -> (&'static str, &'static str, &'static str) {
    match service {
        Service::Expenses => ("/expenses", "医療費情報", "yen"),
        Service::Deduction => ("/deduction", "医療費控除", "file"),
    }
}

/// The frame of one page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) society: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) nav: Vec<NavItem>,
    pub(crate) path: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    pub(crate) demo: bool,
}

/// A service in the menu.
#[derive(Clone, Debug)]
pub(crate) struct NavItem {
    pub(crate) href: &'static str,
    pub(crate) label: String,
    pub(crate) icon: &'static str,
    pub(crate) current: bool,
}

impl Page {
    /// Returns the sentence in the page's language.
    pub(crate) fn t<'s>(&self, sentence: &'s str) -> &'s str {
        self.lang.t(sentence)
    }

    /// Returns the sentence in the page's language with `{0}`, `{1}` … replaced.
    pub(crate) fn tf<V: AsRef<str>>(&self, sentence: &str, values: impl IntoIterator<Item = V>) -> String {
        self.lang.tf(sentence, values)
    }

    /// Returns whether this is a page of logging in or of enrolment, from which another way to the login leads astray.
    pub(crate) fn logs_in(&self) -> bool {
        ["/login", "/enrolment", "/factors"].iter().any(|beginning| self.path.starts_with(beginning))
    }
}

/// Returns the path where it is one of this host, else the top page: an address given by a stranger is not followed.
pub(crate) fn local_path(given: &str) -> String {
    let plain = given.starts_with('/')
        && !given.starts_with("//")
        && !given.contains(['\\', '\r', '\n', '\t'])
        && given.chars().all(|c| c.is_ascii_graphic());
    if plain { given.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_host_is_followed() {
        assert_eq!(local_path("/expenses?year=2025"), "/expenses?year=2025");
        for elsewhere in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", "javascript:x", "/a b"]
        {
            assert_eq!(local_path(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
