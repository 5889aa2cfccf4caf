//! Requests that come after their session, or the proof of who is there, ran out.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::Pages;
use crate::{
    app::App,
    error::AppError,
    features::{
        account::proving::with_cookies,
        kept::{self, Keeping, Owner},
    },
    scope::PublicScope,
    ui::{Lang, Shell},
};

/// A request that came after its session, or the proof of who is there, had run out.
pub(super) struct Late<'a> {
    /// Whose it is, where that is known.
    pub(super) owner: Option<Owner>,
    /// The page to come back to where the request does not tell.
    pub(super) otherwise: &'a str,
    pub(super) way: Way,
}

/// Returns the address where it is mended, which says this and leads on to this page.
pub(super) type Way = fn(&str, Told) -> String;

/// What is said to whoever has to log in, or prove who they are, once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing ran out, or it is not known.
    Nothing,
    /// The session ran out.
    Session,
    /// … and what was typed is kept.
    Kept,
    /// … and what was typed is not.
    Lost,
    /// Nobody is logged in, and so what was sent is not done.
    NotSent,
}

impl Late<'_> {
    /// Leads to where it is mended, and on to the same page from there; the form that the request brought is kept.
    pub(super) async fn answer(
        self,
        app: &App,
        scope: &PublicScope,
        pages: &Pages,
        request: Request,
    ) -> Result<Response, AppError> {
        let Self { owner, otherwise, way } = self;
        let ran_out = if owner.is_some() { Told::Session } else { Told::Nothing };
        if request.method().is_safe() {
            let page = request.uri().path_and_query().map_or(otherwise, |path| path.as_str());
            return Ok(Redirect::to(&way(page, ran_out)).into_response());
        }
        let from = referring_page(&request);
        let path = from.split('?').next().unwrap_or_default();
        let page = pages.above(path).unwrap_or(otherwise);
        let back = if page == path { from.as_str() } else { page };
        let Some(owner) = owner else {
            // Whose it was is not known any more, as after logging out in another tab: it is not kept, and nothing older takes its place.
            let path = request.uri().path().to_owned();
            if let Some(browser) = kept::Browser::of(app, request.headers()) {
                browser.forget(app, scope, &path).await?;
            }
            let told = if brings_form(request.headers()) { Told::NotSent } else { Told::Nothing };
            return Ok(Redirect::to(&way(back, told)).into_response());
        };
        Ok(match kept::keep(app, scope, owner, page, request).await? {
            Keeping::NoForm => Redirect::to(&way(back, ran_out)).into_response(),
            Keeping::Lost => Redirect::to(&way(back, Told::Lost)).into_response(),
            Keeping::Kept { typed, cookie } => {
                let told = if typed { Told::Kept } else { ran_out };
                with_cookies(Redirect::to(&way(back, told)).into_response(), cookie.into_iter().collect())
            }
        })
    }
}

/// Runs the handler; fills in on its page the form that came too late before, and forgets what is being sent again.
pub(super) async fn with_kept_form(
    app: &App,
    scope: &PublicScope,
    owner: Option<Owner>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let (Some(owner), Some(browser)) = (owner, kept::Browser::of(app, request.headers())) else {
        return Ok(next.run(request).await);
    };
    let path = request.uri().path().to_owned();
    if !request.method().is_safe() {
        browser.sent_again(app, scope, owner, &path).await?;
        return Ok(next.run(request).await);
    }
    let lang = request.extensions().get::<Shell>().map_or(Lang::Ja, |shell| shell.lang);
    let page = next.run(request).await;
    Ok(browser.filled(app, scope, (owner, &path), lang, page).await?)
}

/// Returns whether the request brings a form with anything in it, not what a script asks for or a button alone.
fn brings_form(headers: &HeaderMap) -> bool {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    let is_empty = |length: &HeaderValue| length.as_bytes() == b"0";
    !headers.get(header::CONTENT_TYPE).is_none_or(is_json) && !headers.get(header::CONTENT_LENGTH).is_some_and(is_empty)
}

/// Returns the path of the page that a form was sent from; what leads elsewhere is not followed later on.
pub(super) fn referring_page(request: &Request) -> String {
    let referer = request.headers().get(header::REFERER).and_then(|referer| referer.to_str().ok());
    referer.and_then(|url| url.splitn(4, '/').nth(3)).map(|path| format!("/{path}")).unwrap_or_default()
}
