//! What answers at the host name of an older system: where the portal is now, and from which day the old one is closed.

use anyhow::bail;
use askama::Template;
use axum::{
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;

use super::{OlderHost, queries};
use crate::{
    app::App,
    scope::SystemScope,
    ui::{Lang, Page, Shell, format, pages},
};

/// Keeps a host name of the society's older system; given again, the day is changed.
///
/// # Errors
/// Where it is no host name, or somebody's already.
pub async fn keep(app: &App, scope: &SystemScope, host: &str, closes: Date) -> anyhow::Result<()> {
    if host.is_empty() || host.contains([':', '/', ' ']) || host.to_lowercase() != host {
        bail!("host {host:?}: a host name in lower case without port, as in old.example.jp");
    }
    if queries::society_list(&app.db).await?.iter().any(|society| society.host == host) {
        bail!("{host} is the host name of a portal");
    }
    match queries::older_host_keep(&app.db, scope, host, closes).await {
        Err(error) if error.is_taken("older_hosts_host") => bail!("{host} is another society's"),
        kept => kept?,
    }
    app.societies.forget();
    Ok(())
}

#[derive(Template)]
#[template(path = "features/societies/older_host.html")]
pub(crate) struct OlderHostPage {
    page: Page,
    society: String,
    words: String,
    /// Where the portal is.
    portal: String,
}

/// Answers any request at the older host, in the language that the address asks for (`/?lang=en`): no cookie is set there.
pub(crate) fn answer(app: &App, shell: &Shell, older: &OlderHost, method: &Method, uri: &Uri) -> Response {
    let lang = match uri.query() {
        Some("lang=en") => Lang::En,
        Some("lang=ja") => Lang::Ja,
        _ => shell.lang,
    };
    let shell = Shell { lang, ..shell.clone() };
    let closed = app.clock.today() >= older.closes;
    let page = page(&shell, older.society.name.clone(), app.portal_address(&older.society), (older.closes, closed));
    let here = *method == Method::GET || *method == Method::HEAD;
    let status = if here && uri.path() == "/" { StatusCode::OK } else { StatusCode::GONE };
    (status, page).into_response()
}

fn page(shell: &Shell, society: String, portal: String, (closes, closed): (Date, bool)) -> OlderHostPage {
    let date = format::date(shell.lang, closes);
    let words = if closed {
        shell.lang.tf("これまでの加入者ポータルは、{0}に終了しました。", [date])
    } else {
        shell.lang.tf("これまでの加入者ポータルは、{0}に終了します。", [date])
    };
    OlderHostPage { page: shell.page("加入者ポータルの移転のお知らせ"), society, words, portal }
}

pages! {
    OlderHostPage => |shell| page(
        shell,
        "みなと海運健康保険組合".into(),
        "https://kline.example".into(),
        (jiff::civil::date(2027, 3, 31), true),
    ),
}
