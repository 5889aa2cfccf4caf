//! Requests without a valid session or recent proof of identity.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::paths::RoutePaths;
use crate::{
    core::{app::App, error::AppError, scope::PublicScope},
    features::kept::{self, FormOwner, Keeping, late::LateFormMessage},
    ui::{Lang, PageContext, cookie::with_cookies},
};

/// A request that needs a login or a recent proof of identity and does not have it.
pub(super) struct Late<'a> {
    /// The owner of the form, if known.
    pub(super) owner: Option<FormOwner>,
    /// The page to come back to if the request does not tell.
    pub(super) otherwise: &'a str,
    pub(super) way: RedirectTarget,
}

/// Returns the address of the login or re-authentication page with this message, from which the user returns to the given path.
pub(super) type RedirectTarget = fn(&str, LateFormMessage) -> String;

impl Late<'_> {
    /// Redirects to the login or re-authentication page. A form in the request is kept where its owner is known.
    pub(super) async fn answer(
        self,
        app: &App,
        scope: &PublicScope,
        pages: &RoutePaths,
        request: Request,
    ) -> Result<Response, AppError> {
        let Self { owner, otherwise, way } = self;
        let ran_out = if owner.is_some() { LateFormMessage::Session } else { LateFormMessage::Nothing };
        if request.method().is_safe() {
            let page = request.uri().path_and_query().map_or(otherwise, |path| path.as_str());
            return Ok(Redirect::to(&way(page, ran_out)).into_response());
        }
        let from = referring_page(&request);
        let path = from.split('?').next().unwrap_or_default();
        let page = pages.above(path).unwrap_or(otherwise);
        let back = if page == path { from.as_str() } else { page };
        // A form that is not kept must not be replaced by an older one on the next visit of its page.
        let (browser, form_path) = (kept::BrowserKey::of(app, request.headers()), request.uri().path().to_owned());
        let forget = async |app: &App, scope: &PublicScope| match browser {
            Some(browser) => browser.forget(app, scope, &form_path).await,
            None => Ok(()),
        };
        let Some(owner) = owner else {
            // The owner is unknown, for example after a logout in another tab.
            forget(app, scope).await?;
            let told = if brings_form(request.headers()) { LateFormMessage::NotSent } else { LateFormMessage::Nothing };
            return Ok(Redirect::to(&way(back, told)).into_response());
        };
        Ok(match kept::keep(app, scope, owner, page, request).await? {
            Keeping::NoForm => Redirect::to(&way(back, ran_out)).into_response(),
            Keeping::Lost => {
                forget(app, scope).await?;
                Redirect::to(&way(back, LateFormMessage::Lost)).into_response()
            }
            Keeping::Kept { typed, cookie } => {
                let told = if typed { LateFormMessage::Kept } else { ran_out };
                with_cookies(Redirect::to(&way(back, told)).into_response(), cookie.into_iter().collect())
            }
        })
    }
}

/// Runs the handler. Fills a kept form into the page of a GET request; deletes the kept form when it is sent again.
pub(super) async fn with_kept_form(
    app: &App,
    scope: &PublicScope,
    owner: Option<FormOwner>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let (Some(owner), Some(browser)) = (owner, kept::BrowserKey::of(app, request.headers())) else {
        return Ok(next.run(request).await);
    };
    let path = request.uri().path().to_owned();
    if !request.method().is_safe() {
        browser.sent_again(app, scope, owner, &path).await?;
        return Ok(next.run(request).await);
    }
    let lang = request.extensions().get::<PageContext>().map_or(Lang::Ja, |context| context.lang);
    let page = next.run(request).await;
    Ok(browser.filled(app, scope, (owner, &path), lang, page).await?)
}

/// Returns whether the request has a non-empty form body, as opposed to JSON from a script or a button without fields.
fn brings_form(headers: &HeaderMap) -> bool {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    let is_empty = |length: &HeaderValue| length.as_bytes() == b"0";
    !headers.get(header::CONTENT_TYPE).is_none_or(is_json) && !headers.get(header::CONTENT_LENGTH).is_some_and(is_empty)
}

/// Returns the path of the page that a form was sent from; a path that leads elsewhere is not followed later.
pub(super) fn referring_page(request: &Request) -> String {
    let referer = request.headers().get(header::REFERER).and_then(|referer| referer.to_str().ok());
    referer.and_then(|url| url.splitn(4, '/').nth(3)).map(|path| format!("/{path}")).unwrap_or_default()
}
