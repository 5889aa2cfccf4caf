//! The answer to members while their society's portal is closed for maintenance.

use askama::Template;
use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;

use crate::{
    core::society::{
        Society,
        maintenance::{Window, window_at},
    },
    ui::{Page, PageContext, local_path, pages},
};

#[derive(Template)]
#[template(path = "features/societies/closed.html")]
struct ClosedPage {
    page: Page,
    window: String,
    until: String,
    /// Whether the request was a form, which is not accepted.
    sent: bool,
    /// The address for looking again.
    again: String,
}

/// Returns the window in which this path is closed to members now. The machine's checks, the language, and staff's
/// pages are always open.
pub(crate) fn closed(society: &Society, path: &str, now: Timestamp) -> Option<Window> {
    let open = matches!(path, "/healthz" | "/readyz" | "/language" | "/console")
        || ["/assets/", "/brand/", "/console/"].iter().any(|beginning| path.starts_with(beginning));
    if open { None } else { window_at(&society.policy.maintenance, now) }
}

/// Answers any request of a member in the window: the request is not processed.
pub(crate) fn answer(context: &PageContext, window: &Window, method: &Method, now: Timestamp) -> Response {
    let shown = matches!(*method, Method::GET | Method::HEAD);
    let again = if shown { local_path(&context.path) } else { "/".to_owned() };
    let seconds = window.ends.duration_since(now).as_secs().max(1);
    let retry = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::SERVICE_UNAVAILABLE, retry, page(context, window, !shown, again)).into_response()
}

fn page(context: &PageContext, window: &Window, sent: bool, again: String) -> ClosedPage {
    let page = Page { closed: true, ..context.page("ただいまメンテナンス中です") };
    ClosedPage { page, window: window.words(context.lang), until: window.until(context.lang), sent, again }
}

pages! {
    ClosedPage => |context| page(
        &PageContext { user: None, ..context.clone() },
        &Window {
            begins: Timestamp::from_second(1_795_082_400).unwrap_or_default(),
            ends: Timestamp::from_second(1_795_093_200).unwrap_or_default(),
        },
        true,
        "/".into(),
    ),
}
