//! The key a society signs tax files with; its private part is sealed in the database.

use anyhow::Context;
use jiff::Timestamp;
use kenpo_formats::tax_xml::{Profile, SignatureError, SigningKey, sign, verify};
use yui_auth::seal;
use yui_db::{Tx, statements};

use super::acts::SIGNING_KEY_KEPT;
use crate::core::{
    app::App,
    audit::{self, Acting},
    scope::SystemScope,
    society::InSociety,
};

statements! {
    fn key_next(society_id: i64) -> i64 =
        "SELECT COALESCE(MAX(version), 0) + 1 AS version FROM society_signing_keys WHERE society_id = $1";
    fn key_insert(society_id: i64, version: i64, certificate: &str, sealed: &[u8], now: Timestamp) = "
        INSERT INTO society_signing_keys (society_id, version, certificate, sealed_key, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    fn key_newest(society_id: i64) -> KeyRow = "
        SELECT version, certificate, sealed_key FROM society_signing_keys WHERE society_id = $1
        ORDER BY version DESC LIMIT 1";
}

#[derive(yui_db::Row)]
struct KeyRow {
    version: i64,
    certificate: String,
    sealed_key: Vec<u8>,
}

fn context<'a>(society: &'a str, version: &'a str) -> seal::Context<'a> {
    seal::Context { society, table: "society_signing_keys", column: "sealed_key", row: version }
}

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    /// The private key cannot be read.
    Key,
    /// The certificate cannot be read.
    Certificate,
    /// The two do not belong together.
    Mismatch,
    /// The certificate is over.
    Over,
    /// A document could not be signed with it.
    Signature,
}

/// Reads the key and its certificate (both PEM), signs a document with it and looks at the signature.
pub(crate) fn try_out(key: &str, certificate: &str, now: Timestamp) -> Result<(), KeyRefusal> {
    let signing = SigningKey::from_pem(key, certificate).map_err(|error| match error {
        SignatureError::Certificate => KeyRefusal::Certificate,
        SignatureError::Mismatch => KeyRefusal::Mismatch,
        _ => KeyRefusal::Key,
    })?;
    if signing.valid_until() <= now {
        return Err(KeyRefusal::Over);
    }
    let signed = sign(TRIAL, &signing, &Profile::provisional()).map_err(|_| KeyRefusal::Signature)?;
    verify(&signed, certificate).map_err(|_| KeyRefusal::Signature)
}

/// A document to try a key on.
const TRIAL: &str = "<?xml version=\"1.0\"?>\n<Trial xmlns=\"urn:yui:trial\" id=\"trial\"></Trial>";

/// Keeps a key and its certificate (both PEM) as the society's newest.
///
/// # Errors
/// Where the two do not belong together, or no sealing key is configured.
pub async fn keep(app: &App, scope: &SystemScope, key: &str, certificate: &str) -> anyhow::Result<()> {
    SigningKey::from_pem(key, certificate).context("the key and its certificate")?;
    let mut tx = app.db.begin().await?;
    keep_in(app, &mut tx, scope, key, certificate).await?;
    Ok(tx.commit().await?)
}

/// As [`keep`], in a transaction, for a key that was tried.
pub(crate) async fn keep_in(
    app: &App,
    tx: &mut Tx,
    scope: &impl Acting,
    key: &str,
    certificate: &str,
) -> anyhow::Result<()> {
    let keys = app.keys()?;
    let version = tx.one(Sql::key_next(scope.society_id())).await?;
    let (society, row) = (scope.society_id().to_string(), version.to_string());
    let sealed = keys.seal(&context(&society, &row), app.random.bytes()?, key.as_bytes())?;
    tx.execute(Sql::key_insert(scope.society_id(), version, certificate, &sealed, app.clock.now())).await?;
    audit::record(app, tx, scope, SIGNING_KEY_KEPT, None, "").await
}

/// Returns until when the society's newest certificate is good, if it has one.
///
/// # Errors
/// As [`newest`].
pub async fn valid_until(app: &App, scope: &impl InSociety) -> anyhow::Result<Option<Timestamp>> {
    Ok(newest(app, scope).await?.map(|key| key.valid_until()))
}

/// Returns the society's newest signing key, if it has one.
///
/// # Errors
/// Where the key cannot be unsealed.
pub async fn newest(app: &App, scope: &impl InSociety) -> anyhow::Result<Option<SigningKey>> {
    let row: Option<KeyRow> = app.db.optional(Sql::key_newest(scope.society_id())).await?;
    let Some(KeyRow { version, certificate, sealed_key }) = row else { return Ok(None) };
    let keys = app.keys.as_ref().context("YUI_KEYS is not set: the signing key cannot be unsealed")?;
    let (society, row) = (scope.society_id().to_string(), version.to_string());
    let key = keys.open(&context(&society, &row), &sealed_key)?;
    let key = String::from_utf8(key.to_vec()).context("the unsealed signing key is not PEM")?;
    Ok(Some(SigningKey::from_pem(&key, &certificate)?))
}
