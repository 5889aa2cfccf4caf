//! The key a society signs tax files with; its private part is sealed in the database.

use anyhow::Context;
use kenpo_formats::tax_xml::SigningKey;
use yui_auth::seal;
use yui_db::{params, statements};

use crate::{app::App, scope::InSociety};

statements! {
    KEY_NEXT = "SELECT COALESCE(MAX(version), 0) + 1 AS version FROM society_signing_keys WHERE society_id = $1";
    KEY_INSERT = "
        INSERT INTO society_signing_keys (society_id, version, certificate, sealed_key, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    KEY_NEWEST = "
        SELECT version, certificate, sealed_key FROM society_signing_keys WHERE society_id = $1
        ORDER BY version DESC LIMIT 1";
}

#[derive(sqlx::FromRow)]
struct Next {
    version: i64,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    version: i64,
    certificate: String,
    sealed_key: Vec<u8>,
}

fn context<'a>(society: &'a str, version: &'a str) -> seal::Context<'a> {
    seal::Context { society, table: "society_signing_keys", column: "sealed_key", row: version }
}

/// Keeps a key and its certificate (both PEM) as the society's newest.
///
/// # Errors
/// Where the two do not belong together, or no sealing key is configured.
pub async fn keep(app: &App, scope: &impl InSociety, key: &str, certificate: &str) -> anyhow::Result<()> {
    SigningKey::from_pem(key, certificate).context("the key and its certificate")?;
    let keys = app.keys.as_ref().context("YUI_KEYS is not set: a signing key is only kept sealed")?;
    let mut tx = app.db.begin().await?;
    let Next { version } = tx.one(&KEY_NEXT, params![scope.society_id()]).await?;
    let (society, row) = (scope.society_id().to_string(), version.to_string());
    let sealed = keys.seal(&context(&society, &row), app.random.bytes()?, key.as_bytes())?;
    let values = params![scope.society_id(), version, certificate, sealed, app.clock.now()];
    tx.execute(&KEY_INSERT, values).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns the society's newest signing key, if it has one.
///
/// # Errors
/// Where the key can not be unsealed.
pub async fn newest(app: &App, scope: &impl InSociety) -> anyhow::Result<Option<SigningKey>> {
    let row: Option<KeyRow> = app.db.optional(&KEY_NEWEST, params![scope.society_id()]).await?;
    let Some(KeyRow { version, certificate, sealed_key }) = row else { return Ok(None) };
    let keys = app.keys.as_ref().context("YUI_KEYS is not set: the signing key can not be unsealed")?;
    let (society, row) = (scope.society_id().to_string(), version.to_string());
    let key = keys.open(&context(&society, &row), &sealed_key)?;
    let key = String::from_utf8(key.to_vec()).context("the unsealed signing key is not PEM")?;
    Ok(Some(SigningKey::from_pem(&key, &certificate)?))
}
