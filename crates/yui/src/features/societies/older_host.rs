//! The answer at the host name of an older system: the portal's address, and the day from which the old one is closed.

use anyhow::bail;
use askama::Template;
use axum::{
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;

use super::{acts::OLDER_HOST_KEPT, queries};
use crate::{
    core::{
        app::App,
        audit::{self, Acting},
        scope::SystemScope,
        society::{self, InSociety, OlderHost},
    },
    ui::{Lang, Page, PageContext, format, pages},
};

/// The reason why a host name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostRefusal {
    /// It is no host name.
    NoHostName,
    /// It belongs to a portal or to another society.
    Taken,
}

/// Returns the reason why this host name cannot be one of the society's older system, if it cannot.
pub(crate) async fn refused(app: &App, scope: &impl InSociety, host: &str) -> anyhow::Result<Option<HostRefusal>> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if host.is_empty() || host.len() > 253 || !host.chars().all(known) || host.starts_with('.') || host.ends_with('.') {
        return Ok(Some(HostRefusal::NoHostName));
    }
    let portals = society::society_list(&app.db).await?;
    let older = society::queries::older_host_list(&app.db).await?;
    let taken = portals.iter().any(|society| society.host == host)
        || older.iter().any(|row| row.host == host && row.society_id != scope.society_id());
    Ok(taken.then_some(HostRefusal::Taken))
}

/// Keeps a host name of the society's older system; given again, the day is changed.
///
/// # Errors
/// If it is no host name, or belongs to somebody already.
pub async fn keep(app: &App, scope: &SystemScope, host: &str, closes: Date) -> anyhow::Result<()> {
    match refused(app, scope, host).await? {
        Some(HostRefusal::NoHostName) => {
            bail!("host {host:?}: a host name in lower case without port, as in old.example.jp")
        }
        Some(HostRefusal::Taken) => bail!("{host} is the host name of a portal, or another society's"),
        None => {}
    }
    keep_checked(app, scope, host, closes).await
}

/// As [`keep`], for a host name that was checked.
pub(crate) async fn keep_checked(app: &App, scope: &impl Acting, host: &str, closes: Date) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    queries::older_host_keep_in(&mut tx, scope, host, closes).await?;
    audit::record(app, &mut tx, scope, OLDER_HOST_KEPT, None, &format!("{host} {closes}")).await?;
    tx.commit().await?;
    app.societies.forget();
    Ok(())
}

#[derive(Template)]
#[template(path = "features/societies/older_host.html")]
pub(crate) struct OlderHostPage {
    page: Page,
    society: String,
    words: String,
    /// The portal's address.
    portal: String,
}

/// Answers any request at the older host, in the language of the address (`/?lang=en`): no cookie is set there.
pub(crate) fn answer(app: &App, context: &PageContext, older: &OlderHost, method: &Method, uri: &Uri) -> Response {
    let lang = match uri.query() {
        Some("lang=en") => Lang::En,
        Some("lang=ja") => Lang::Ja,
        _ => context.lang,
    };
    let context = PageContext { lang, ..context.clone() };
    let closed = app.clock.today() >= older.closes;
    let page = page(&context, older.society.name.clone(), app.portal_address(&older.society), (older.closes, closed));
    let here = *method == Method::GET || *method == Method::HEAD;
    let status = if here && uri.path() == "/" { StatusCode::OK } else { StatusCode::GONE };
    (status, page).into_response()
}

fn page(context: &PageContext, society: String, portal: String, (closes, closed): (Date, bool)) -> OlderHostPage {
    let date = format::date(context.lang, closes);
    let words = if closed {
        context.lang.tf("これまでの加入者ポータルは、{0}に終了しました。", [date])
    } else {
        context.lang.tf("これまでの加入者ポータルは、{0}に終了します。", [date])
    };
    OlderHostPage { page: context.page("加入者ポータルの移転のお知らせ"), society, words, portal }
}

pages! {
    OlderHostPage => |context| page(
        context,
        "みなと海運健康保険組合".into(),
        "https://minato.example".into(),
        (jiff::civil::date(2027, 3, 31), true),
    ),
}
