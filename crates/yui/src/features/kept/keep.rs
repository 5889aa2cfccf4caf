//! Keeping a form, and filling it into its page again.

use axum::{
    Form,
    body::{Body, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use jiff::SignedDuration;
use yui_auth::token::Token;

use super::{
    fill::filled,
    queries::{self, NewForm},
};
use crate::{
    core::{
        app::App,
        scope::SystemScope,
        sealed::{self, SealContext},
        society::InSociety,
    },
    ui::{Lang, cookie},
};

const KEPT_COOKIE: &str = "yui_kept";

/// The longest form that is kept, in bytes.
const LONGEST: usize = 64 * 1024;

/// The longest page that a form is filled in on, in bytes.
const LONGEST_PAGE: usize = 4 << 20;

/// The owner of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormOwner {
    /// A member's account.
    Member(i64),
    /// A member of staff.
    Staff(i64),
}

impl FormOwner {
    /// Returns the account's id and the staff's, the other one 0.
    pub(super) fn ids(self) -> (i64, i64) {
        match self {
            Self::Member(account_id) => (account_id, 0),
            Self::Staff(staff_id) => (0, staff_id),
        }
    }
}

/// The result of keeping a form that came too late.
#[derive(Debug)]
pub(crate) enum Keeping {
    /// It is not kept: it has a file, is larger than the limit, or has only passwords and codes.
    Lost,
    /// It was no form, but the request of a script.
    NoForm,
    /// It is kept.
    Kept {
        /// Whether anything was typed; a form of a button alone is simply sent again.
        typed: bool,
        /// The browser's cookie, if it has none yet.
        cookie: Option<String>,
    },
}

/// Returns whether a field's value must not come back to a page: a password, a key, or a code that counts once.
pub fn is_secret(name: &str) -> bool {
    name.contains("password") || matches!(name, "key" | "code")
}

/// Keeps the form of this request, which was sent from this page, for its owner.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn keep(
    app: &App,
    scope: &impl InSociety,
    owner: FormOwner,
    page: &str,
    request: Request,
) -> anyhow::Result<Keeping> {
    let path = request.uri().path().to_owned();
    let browser = BrowserKey::of(app, request.headers());
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        return Ok(Keeping::NoForm);
    }
    let long = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if long.is_some_and(|long: usize| long > LONGEST) {
        return Ok(Keeping::Lost);
    }
    let Ok(Form(fields)) = Form::<Vec<(String, String)>>::from_request(request, &()).await else {
        return Ok(Keeping::Lost);
    };
    let (secrets, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| is_secret(name));
    let typed = fields.iter().any(|(_, value)| !value.trim().is_empty());
    let json = serde_json::to_vec(&fields)?;
    if json.len() > LONGEST || (!typed && !secrets.is_empty()) {
        return Ok(Keeping::Lost);
    }
    let (token, fresh) = match browser {
        Some(BrowserKey(token)) => (token, None),
        None => {
            let token = app.random.token()?;
            (*token.hash().as_bytes(), Some(token))
        }
    };
    let mut tx = app.db.begin().await?;
    let form_id = queries::next_id(&mut tx, scope).await?;
    let sealed = sealed::seal(app, scope, SealContext("kept_forms", "sealed_fields", &form_id.to_string()), &json)?;
    let new = NewForm { owner, token_hash: &token, page, path: &path };
    queries::keep(&mut tx, scope, &new, (form_id, sealed), app.clock.now()).await?;
    tx.commit().await?;
    let https = app.config.http.https;
    let cookie = fresh.map(|token| cookie::set(https, KEPT_COOKIE, &token.text(), None));
    Ok(Keeping::Kept { typed, cookie })
}

/// A browser that sent a form too late: by the hash of its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrowserKey([u8; 32]);

impl BrowserKey {
    /// Returns the browser of this request, if it is one.
    pub(crate) fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        let token = cookie::get(headers, app.config.http.https, KEPT_COOKIE).and_then(Token::parse)?;
        Some(Self(*token.hash().as_bytes()))
    }

    /// Deletes the form that was kept for this path: it is being sent again.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn sent_again(
        self,
        app: &App,
        scope: &impl InSociety,
        owner: FormOwner,
        path: &str,
    ) -> anyhow::Result<()> {
        Ok(queries::forget(&app.db, scope, owner, (&self.0, path)).await?)
    }

    /// Deletes the forms that this browser sent to this path, of any account, because a later form to the same path was not kept.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn forget(self, app: &App, scope: &impl InSociety, path: &str) -> anyhow::Result<()> {
        Ok(queries::forget_of_browser(&app.db, scope, (&self.0, path)).await?)
    }

    /// Returns the page filled in with the form that its owner sent from it too late, if there is one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn filled(
        self,
        app: &App,
        scope: &impl InSociety,
        (owner, path): (FormOwner, &str),
        lang: Lang,
        page: Response,
    ) -> anyhow::Result<Response> {
        let is_html =
            page.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if page.status() != StatusCode::OK || !is_html {
            return Ok(page);
        }
        let since = app.clock.now().checked_sub(LIFE)?;
        let Some(form) = queries::form(&app.db, scope, owner, (&self.0, path), since).await? else { return Ok(page) };
        let place = form.form_id.to_string();
        let json = sealed::open(app, scope, SealContext("kept_forms", "sealed_fields", &place), &form.sealed_fields)?;
        let fields: Vec<(String, String)> = serde_json::from_slice(&json)?;
        let (mut parts, body) = page.into_parts();
        let html = String::from_utf8(to_bytes(body, LONGEST_PAGE).await?.to_vec())?;
        let words = lang.t("操作はまだ完了していません。内容を確かめて、もう一度送信してください。");
        let html = filled(&html, &form.path, fields, words)?;
        parts.headers.remove(header::CONTENT_LENGTH);
        Ok(Response::from_parts(parts, Body::from(html)))
    }
}

/// The time that a form is kept, and that the owner of an expired session or login is known.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Deletes the forms that nobody came back for; returns their number.
pub(crate) async fn tidy(app: &App, scope: &SystemScope, tx: &mut yui_db::Tx) -> anyhow::Result<u64> {
    Ok(queries::forget_over(tx, scope, app.clock.now().checked_sub(LIFE)?).await?)
}
