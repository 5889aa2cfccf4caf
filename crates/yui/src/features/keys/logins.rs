//! The codes that were mailed for logins under way: sealed within a login's JSON, over in minutes.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::{scope::SystemScope, society::InSociety};

statements! {
    fn codes(society_id: i64, after: &[u8], most: i64) -> Login = "
        SELECT token_hash AS token, proofs FROM logins
        WHERE society_id = $1 AND proofs LIKE '%\"mail_code\":{%' AND token_hash > $2 ORDER BY token_hash LIMIT $3";
    fn code_set(society_id: i64, proofs: &str, proofs3: &str, token_hash: &[u8]) =
        "UPDATE logins SET proofs = $2 WHERE society_id = $1 AND proofs = $3 AND token_hash = $4";
}

/// How many logins are looked at together.
const PORTION: i64 = 500;

/// A login with a code.
#[derive(yui_db::Row)]
pub(super) struct Login {
    pub(super) token: Vec<u8>,
    proofs: String,
}

impl Login {
    /// Returns the code, sealed.
    pub(super) fn sealed(&self) -> Option<Vec<u8>> {
        let proofs: Value = serde_json::from_str(&self.proofs).ok()?;
        STANDARD.decode(proofs.pointer(SEALED)?.as_str()?).ok()
    }

    /// Puts another sealed code in its place; returns false where the login has gone on meanwhile.
    pub(super) async fn write(&self, tx: &mut Tx, scope: &SystemScope, sealed: &[u8]) -> anyhow::Result<bool> {
        let mut proofs: Value = serde_json::from_str(&self.proofs)?;
        if let Some(place) = proofs.pointer_mut(SEALED) {
            *place = STANDARD.encode(sealed).into();
        }
        Ok(tx.execute(Sql::code_set(scope.society_id(), &proofs.to_string(), &self.proofs, &self.token)).await? > 0)
    }
}

/// Where the code stands.
const SEALED: &str = "/mail_code/sealed";

/// Returns the society's logins with a code.
pub(super) async fn logins(db: &Db, scope: &SystemScope) -> Result<Vec<Login>, DbError> {
    let mut all: Vec<Login> = Vec::new();
    loop {
        let after = all.last().map(|login| login.token.clone()).unwrap_or_default();
        let portion: Vec<Login> = db.all(Sql::codes(scope.society_id(), &after, PORTION)).await?;
        let last = portion.len() < usize::try_from(PORTION).unwrap_or(usize::MAX);
        all.extend(portion);
        if last {
            return Ok(all);
        }
    }
}
