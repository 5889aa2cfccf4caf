//! The frame around every page.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::Lang;
use crate::core::{
    error::AppError,
    role::{Right, Role},
    society::{Branding, Service, Society, maintenance::Window},
};

/// The context of a page: the request's part of the frame, made at authorisation.
#[derive(Clone, Debug)]
pub(crate) struct PageContext {
    pub(crate) lang: Lang,
    pub(crate) society: Option<Arc<Society>>,
    /// The name of the signed-in person.
    pub(crate) user: Option<String>,
    /// The signed-in member of staff, on the console's pages.
    pub(crate) staff: Option<Signed>,
    /// The maintenance that is near.
    pub(crate) coming: Option<Window>,
    /// Path and query of the request.
    pub(crate) path: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    pub(crate) demo: bool,
}

/// The signed-in member of staff, as the frame shows them.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) name: String,
    pub(crate) role: Role,
}

impl<S: Sync> FromRequestParts<S> for PageContext {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::missing_scope("PageContext"))
    }
}

impl PageContext {
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
            staff: self.staff.clone(),
            nav,
            coming: self.coming.map(|window| window.words(self.lang)),
            closed: false,
            shown_once: false,
            path: self.path.clone(),
            style: self.style.clone(),
            script: self.script.clone(),
            icon: self.icon.clone(),
            demo: self.demo,
            branding: self.society.as_ref().and_then(|society| society.branding.clone()),
        }
    }
}

impl PageContext {
    /// Returns the frame of a page of the console; its title is Japanese, as everything there.
    pub(crate) fn console(&self, title: &str) -> Page {
        let path = self.path.split('?').next().unwrap_or_default();
        let role = self.staff.as_ref().map(|staff| staff.role);
        let nav = CONSOLE
            .iter()
            .filter(|(_, _, _, right)| role.is_some_and(|role| role.has(*right)))
            .map(|(href, label, icon, _)| {
                let current = if *href == "/console" { path == *href } else { path.starts_with(href) };
                NavItem { href, label: (*label).to_owned(), icon, current }
            })
            .collect();
        Page { lang: Lang::Ja, nav, ..self.page_titled(title.to_owned()) }
    }

    /// Returns the frame of a page of the console whose form has mistakes.
    pub(crate) fn console_with_errors(&self, title: &str) -> Page {
        self.console(&format!("エラー: {title}"))
    }
}

/// The console's pages in its menu: address, name, picture, and what is needed for them.
const CONSOLE: &[(&str, &str, &str, Right)] = &[
    ("/console", "概況", "home", Right::Look),
    ("/console/members", "加入者", "people", Right::Look),
    ("/console/imports", "データ取込", "upload", Right::Look),
    ("/console/temporary-ids", "仮IDの発行", "card", Right::Data),
    ("/console/migration", "移行", "move", Right::Data),
    ("/console/staff", "職員", "person", Right::Manage),
    ("/console/approvals", "承認", "check", Right::Look),
    ("/console/terms", "利用規約", "book", Right::Manage),
    ("/console/settings", "組合の設定", "gear", Right::Manage),
    ("/console/audit", "監査ログ", "list", Right::Manage),
];

/// Returns a service's address, its (Japanese) name and its picture.
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
    pub(crate) staff: Option<Signed>,
    pub(crate) nav: Vec<NavItem>,
    /// The time of the coming maintenance, for the pages that announce it.
    pub(crate) coming: Option<String>,
    /// Whether the portal is closed for maintenance: no link leads to the login then.
    pub(crate) closed: bool,
    /// Whether the page cannot be opened again: no link leads back to it in another language.
    pub(crate) shown_once: bool,
    pub(crate) path: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    pub(crate) demo: bool,
    pub(crate) branding: Option<Branding>,
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
    /// Returns the frame of a page that cannot be opened again, as one with fresh codes, or the answer to a form.
    pub(crate) fn shown_once(self) -> Self {
        Self { shown_once: true, ..self }
    }

    /// Returns the sentence in the page's language.
    pub(crate) fn t<'s>(&self, sentence: &'s str) -> &'s str {
        self.lang.t(sentence)
    }

    /// Returns the sentence in the page's language with `{0}`, `{1}` … replaced.
    pub(crate) fn tf<V: AsRef<str>>(&self, sentence: &str, values: impl IntoIterator<Item = V>) -> String {
        self.lang.tf(sentence, values)
    }

    /// Returns the address of the society's own colours, if it has any.
    pub(crate) fn colours(&self) -> Option<String> {
        let branding = self.branding.as_ref().filter(|branding| branding.accent.is_some());
        branding.map(|branding| format!("/brand/{}.css", branding.version))
    }

    /// Returns the address of the society's own logo, if it has one.
    pub(crate) fn logo(&self) -> Option<String> {
        let branding = self.branding.as_ref().filter(|branding| branding.has_logo);
        branding.map(|branding| format!("/brand/{}.png", branding.version))
    }

    /// Returns whether this is a page of the login or of enrolment, which shows no other link to the login.
    pub(crate) fn logs_in(&self) -> bool {
        ["/login", "/enrolment", "/factors"].iter().any(|beginning| self.path.starts_with(beginning))
    }
}

/// Returns the path if it is one of this host, else the top page: an address given by a stranger is not followed.
pub(crate) fn local_path(given: &str) -> String {
    let plain = given.starts_with('/')
        && !given.starts_with("//")
        && !given.contains(['\\', '\r', '\n', '\t'])
        && given.chars().all(|c| c.is_ascii_graphic());
    if plain { given.to_owned() } else { "/".to_owned() }
}

/// Returns the text encoded for a query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
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
