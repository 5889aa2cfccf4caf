//! Passkeys: asking a browser for one and looking at its answer. One relying party for each society's host: the host name
//! is its identifier (docs/decisions/0010).

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yui_auth::{
    passkey::{Ceremony, PasskeyError, RelyingParty},
    token::Token,
};

use super::queries;
use crate::{
    core::{
        app::App,
        error::AppError,
        random::hex,
        sealed::{self, SealContext},
        society::InSociety,
    },
    ui::PageContext,
};

/// The time to answer a ceremony.
const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// The purpose of a ceremony; an answer for one purpose is not accepted for another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CeremonyKind {
    /// To sign in without typing.
    SignIn,
    /// As second factor of a login.
    Factor,
    /// To be registered.
    AddFactor,
    /// To confirm the identity of a signed-in member.
    Confirm,
    /// As second factor of a member of staff.
    StaffFactor,
    /// To be added for a member of staff.
    StaffRegister,
    /// To confirm the identity of a member of staff.
    StaffConfirm,
}

impl CeremonyKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "passkey_sign_in",
            Self::Factor => "passkey_factor",
            Self::AddFactor => "passkey_register",
            Self::Confirm => "passkey_confirm",
            Self::StaffFactor => "staff_passkey_factor",
            Self::StaffRegister => "staff_passkey_register",
            Self::StaffConfirm => "staff_passkey_confirm",
        }
    }
}

/// The options of a ceremony, as the script gets them.
#[derive(Serialize)]
pub(super) struct CeremonyOptions {
    /// The token that is sent back with the answer.
    question: String,
    options: Value,
}

/// The answer as the script sends it.
#[derive(Deserialize)]
pub(crate) struct CeremonyAnswer {
    question: String,
    /// The credential, as the browser writes it.
    pub(crate) credential: Value,
    #[serde(default)]
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) return_to: String,
    #[serde(default)]
    pub(super) remember: bool,
    #[serde(default)]
    pub(super) sign_out_everywhere: bool,
}

/// The address that the script goes to next, or the message that it shows instead.
#[derive(Default, Serialize)]
pub(super) struct CeremonyResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// A passkey that the portal does not know: the browser may forget it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<Unknown>,
}

/// For the Signal API (`PublicKeyCredential.signalUnknownCredential`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unknown {
    rp_id: String,
    credential_id: String,
}

/// Returns the society as a relying party.
pub(crate) fn relying_party(app: &App, scope: &impl InSociety) -> anyhow::Result<RelyingParty> {
    let society = scope.society();
    Ok(RelyingParty::new(&society.host, &app.portal_address(society), &society.name)?)
}

/// Keeps a ceremony and returns its options for the browser.
pub(crate) async fn start_ceremony(
    app: &App,
    scope: &impl InSociety,
    (kind, account_id): (CeremonyKind, Option<i64>),
    ceremony: Ceremony,
) -> Result<Response, AppError> {
    let token = app.random.token()?;
    let hash = *token.hash().as_bytes();
    let place = hex(&hash);
    let sealed =
        sealed::seal(app, scope, SealContext("ceremonies", "sealed_state", &place), ceremony.state.as_bytes())?;
    let now = app.clock.now();
    let ends_at = now.checked_add(LIFE)?;
    let mut tx = app.db.begin().await?;
    queries::ceremony_insert(&mut tx, scope, &hash, (kind.as_str(), account_id), &sealed, ends_at).await?;
    tx.commit().await?;
    let options = serde_json::from_str(&ceremony.options)?;
    Ok(Json(CeremonyOptions { question: token.text().to_string(), options }).into_response())
}

/// Takes the ceremony of an answer, of this kind and about this account; it is deleted whether or not the answer is
/// right.
pub(crate) async fn take_ceremony(
    app: &App,
    scope: &impl InSociety,
    (kind, account_id): (CeremonyKind, Option<i64>),
    answer: &CeremonyAnswer,
) -> anyhow::Result<Option<String>> {
    let Some(token) = Token::parse(&answer.question) else { return Ok(None) };
    let hash = *token.hash().as_bytes();
    let mut tx = app.db.begin().await?;
    let row = queries::ceremony_take(&mut tx, scope, &hash, kind.as_str(), app.clock.now()).await?;
    tx.commit().await?;
    let Some(row) = row.filter(|row| row.account_id == account_id) else { return Ok(None) };
    let place = hex(&hash);
    let state = sealed::open(app, scope, SealContext("ceremonies", "sealed_state", &place), &row.sealed_state)?;
    Ok(Some(String::from_utf8(state.to_vec())?))
}

/// Returns the value of an answer, or nothing if the answer is invalid, which is logged and is no bug.
pub(crate) fn verified_or_none<T>(result: Result<T, PasskeyError>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error @ PasskeyError::Internal(_)) => Err(error.into()),
        Err(error) => {
            tracing::info!("a passkey was refused: {error}");
            Ok(None)
        }
    }
}

/// Returns the JSON answer that makes the script follow this redirect, with its cookies.
pub(crate) fn json_redirect(response: Response) -> Response {
    let location = response.headers().get(axum::http::header::LOCATION).and_then(|to| to.to_str().ok());
    let next = CeremonyResponse { location: Some(location.unwrap_or("/").to_owned()), ..CeremonyResponse::default() };
    let (parts, _) = response.into_parts();
    let mut answer = Json(next).into_response();
    for cookie in parts.headers.get_all(axum::http::header::SET_COOKIE) {
        answer.headers_mut().append(axum::http::header::SET_COOKIE, cookie.clone());
    }
    answer
}

/// Returns the JSON answer that makes the script show these words.
pub(crate) fn json_error(context: &PageContext, words: &str) -> Response {
    Json(CeremonyResponse { error: Some(context.t(words).to_owned()), ..CeremonyResponse::default() }).into_response()
}

/// Returns the answer to an unknown passkey: its owner's browser may forget it.
pub(super) fn unknown(context: &PageContext, scope: &impl InSociety, credential_id: &[u8]) -> Response {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let unknown = Unknown { rp_id: scope.society().host.clone(), credential_id: URL_SAFE_NO_PAD.encode(credential_id) };
    let words = context.t("このパスキーは、このポータルに登録されていません。ほかの方法でログインしてください。");
    Json(CeremonyResponse { error: Some(words.to_owned()), unknown: Some(unknown), ..CeremonyResponse::default() })
        .into_response()
}
