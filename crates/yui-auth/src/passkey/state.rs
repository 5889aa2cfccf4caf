//! The states kept in the database, as JSON: a ceremony under way, a passkey.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, Uuid};

use super::PasskeyError;

/// A ceremony under way: each kind has its own name, so that none is taken for another.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Register { handle: Uuid, ceremony: PasskeyRegistration },
    SignIn { ceremony: DiscoverableAuthentication },
    Factor { offered: Vec<CredentialID>, ceremony: DiscoverableAuthentication },
}

/// A passkey and the handle of the account it was made for.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) handle: Uuid,
    pub(super) passkey: Passkey,
}

impl Stored {
    /// # Errors
    /// [`PasskeyError::Internal`]: what was stored comes from here.
    pub(super) fn parse(stored: &str) -> Result<Self, PasskeyError> {
        from_json(stored)
    }
}

/// Returns the value of our own JSON.
///
/// # Errors
/// [`PasskeyError::Internal`]
pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, PasskeyError> {
    serde_json::from_str(json).map_err(|error| PasskeyError::Internal(error.to_string()))
}

/// Returns the value as JSON.
///
/// # Errors
/// [`PasskeyError::Internal`]
pub(super) fn to_json(value: &impl Serialize) -> Result<String, PasskeyError> {
    serde_json::to_string(value).map_err(|error| PasskeyError::Internal(error.to_string()))
}
