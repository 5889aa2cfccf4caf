//! Every page can be drawn from a sample, so that one test sees them all.

use std::sync::Arc;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    Lang,
    page::{PageContext, Signed},
};
use crate::core::{
    role::Role,
    society::{Preset, Society, maintenance},
};

/// A page that can draw itself with invented values.
pub struct Sample {
    /// The name of its struct.
    pub name: &'static str,
    /// Whether it is a page of the console, which is in Japanese alone.
    pub console: bool,
    pub(crate) render: fn(&PageContext) -> askama::Result<String>,
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Sample {
    /// Returns the languages in which the page is there.
    pub fn langs(&self) -> &'static [Lang] {
        if self.console { &[Lang::Ja] } else { &[Lang::Ja, Lang::En] }
    }

    /// Returns the page's HTML in this language, as a signed-in member of an invented society, or one of its staff, sees it.
    ///
    /// # Errors
    /// Where the template fails.
    pub fn html(&self, lang: Lang) -> anyhow::Result<String> {
        let policy = Preset::Minato.policy()?;
        let november = jiff::Timestamp::constant(1_793_500_000, 0);
        let coming = maintenance::windows(&policy.maintenance, november).next();
        let context = PageContext {
            lang,
            coming,
            society: Some(Arc::new(Society {
                society_id: 1,
                key: "minato".into(),
                host: "minato.localhost".into(),
                name: "みなと海運健康保険組合".into(),
                policy,
                policy_version: 1,
                branding: None,
            })),
            user: (!self.console).then(|| "テスト タロウ".into()),
            staff: self.console.then(|| Signed { name: "試験 花子".into(), role: Role::Admin }),
            path: "/path?of=request".into(),
            style: "/assets/style.css".into(),
            script: "/assets/script.js".into(),
            icon: "/assets/icon.svg".into(),
            demo: false,
        };
        Ok((self.render)(&context)?)
    }
}

yui_db::inventory::collect!(Sample);

/// Returns every page of the program, by name.
pub fn samples() -> Vec<&'static Sample> {
    let mut all: Vec<_> = yui_db::inventory::iter::<Sample>.into_iter().collect();
    all.sort_by_key(|sample| sample.name);
    all
}

/// Returns the page as a response; nothing of a member's page is kept by a browser or a proxy.
pub(crate) fn rendered(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (headers, html).into_response()
        }
        Err(error) => {
            tracing::error!("page could not be rendered: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Makes structs pages: each can be answered with, and drawn from a sample (`Self { … }`, given the frame).
macro_rules! pages {
    (@made $console:literal $($page:ident => |$context:ident| $sample:expr),+ $(,)?) => {$(
        impl axum::response::IntoResponse for $page {
            fn into_response(self) -> axum::response::Response {
                $crate::ui::rendered(&self)
            }
        }

        impl $page {
            fn sample($context: &$crate::ui::PageContext) -> Self {
                $sample
            }
        }

        yui_db::inventory::submit! {
            $crate::ui::Sample {
                name: stringify!($page),
                console: $console,
                render: |context| askama::Template::render(&$page::sample(context)),
            }
        }
    )+};
    ($($all:tt)+) => { $crate::ui::pages! { @made false $($all)+ } };
}
pub(crate) use pages;

/// Makes structs pages of the console.
macro_rules! console_pages {
    ($($all:tt)+) => { $crate::ui::pages! { @made true $($all)+ } };
}
pub(crate) use console_pages;
