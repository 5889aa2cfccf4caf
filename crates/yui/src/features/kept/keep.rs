//! Keeping a form.

use axum::{
    Form,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use yui_auth::token::Token;

use super::{
    LIFE, pages,
    queries::{self, FormRow},
};
use crate::{
    app::App,
    features::account::proving::{Place, sealed_open, sealed_seal},
    scope::InSociety,
    ui::cookie,
};

const KEPT_COOKIE: &str = "yui_kept";

/// The longest form that is kept, in bytes.
const LONGEST: usize = 64 * 1024;

/// Whose a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A member's account.
    Member(i64),
    /// A member of staff.
    Staff(i64),
}

impl Owner {
    /// Returns the account's id and the staff's, the other one 0.
    pub(super) fn ids(self) -> (i64, i64) {
        match self {
            Self::Member(account_id) => (account_id, 0),
            Self::Staff(staff_id) => (0, staff_id),
        }
    }

    /// Returns the page that leads on with the form.
    pub(crate) fn page(self) -> &'static str {
        match self {
            Self::Member(_) => pages::MEMBERS_PAGE,
            Self::Staff(_) => pages::STAFF_PAGE,
        }
    }

    fn row(self) -> String {
        let (account_id, staff_id) = self.ids();
        format!("{account_id}/{staff_id}")
    }
}

/// Returns whether a field's value must not come back to a page: a password, a key, or a code that counts once.
pub fn is_secret(name: &str) -> bool {
    name.contains("password") || matches!(name, "key" | "code")
}

/// A form and where it was sent to.
pub(super) struct Kept {
    pub(super) path: String,
    pub(super) fields: Vec<(String, String)>,
}

/// Keeps the form of this request for its owner. Returns the cookie that leads back to it; nothing where it can not be kept, as a
/// file or a password, or is `worth` nothing to its sender.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn keep(
    app: &App,
    scope: &impl InSociety,
    owner: Owner,
    request: Request,
    worth: fn(&[(String, String)]) -> bool,
) -> anyhow::Result<Option<String>> {
    let path = request.uri().path().to_owned();
    let long = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if long.is_some_and(|long: usize| long > LONGEST) {
        return Ok(None);
    }
    let Ok(Form(fields)) = Form::<Vec<(String, String)>>::from_request(request, &()).await else { return Ok(None) };
    if fields.iter().any(|(name, _)| is_secret(name)) || !worth(&fields) {
        return Ok(None);
    }
    let json = serde_json::to_vec(&fields)?;
    if json.len() > LONGEST {
        return Ok(None);
    }
    let sealed_fields = sealed_seal(app, scope, Place("kept_forms", "sealed_fields", &owner.row()), &json)?;
    let token = app.random.token()?;
    let form = FormRow { path, sealed_fields };
    queries::keep(&app.db, scope, owner, token.hash().as_bytes(), form, app.clock.now()).await?;
    Ok(Some(cookie::set(app.config.http.https, KEPT_COOKIE, &token.text(), Some(LIFE.as_secs()))))
}

fn token(app: &App, headers: &HeaderMap) -> Option<[u8; 32]> {
    let token = cookie::get(headers, app.config.http.https, KEPT_COOKIE).and_then(Token::parse)?;
    Some(*token.hash().as_bytes())
}

/// Returns the form that this browser sent and this owner may go on with.
pub(super) async fn kept(
    app: &App,
    scope: &impl InSociety,
    owner: Owner,
    headers: &HeaderMap,
) -> anyhow::Result<Option<Kept>> {
    let Some(token_hash) = token(app, headers) else { return Ok(None) };
    let since = app.clock.now().checked_sub(LIFE)?;
    let Some(row) = queries::form(&app.db, scope, owner, &token_hash, since).await? else { return Ok(None) };
    let json = sealed_open(app, scope, Place("kept_forms", "sealed_fields", &owner.row()), &row.sealed_fields)?;
    Ok(Some(Kept { path: row.path, fields: serde_json::from_slice(&json)? }))
}

/// Takes the form away, which can be done once; returns where it was sent to.
pub(super) async fn take(
    app: &App,
    scope: &impl InSociety,
    owner: Owner,
    headers: &HeaderMap,
) -> anyhow::Result<Option<String>> {
    let (Some(token_hash), Some(kept)) = (token(app, headers), kept(app, scope, owner, headers).await?) else {
        return Ok(None);
    };
    Ok(queries::forget(&app.db, scope, owner, &token_hash).await?.then_some(kept.path))
}

/// Returns the cookie that removes the form's.
pub(super) fn forgotten(app: &App) -> String {
    cookie::remove(app.config.http.https, KEPT_COOKIE)
}
