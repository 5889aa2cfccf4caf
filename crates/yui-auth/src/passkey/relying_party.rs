//! The relying party of one portal, and its ceremonies.

use serde::Serialize;
use serde::de::DeserializeOwned;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::{CollectedClientData, ResidentKeyRequirement};

use super::auth_data::AuthData;
use super::state::{State, Stored, from_json, to_json};
use super::{Ceremony, Claimed, NewPasskey, PasskeyError, PasskeyUser, Used, make};

/// The longest response that is read, in bytes; a long one has about 4,000.
const RESPONSE_LIMIT: usize = 64 * 1024;

/// A portal that passkeys are made for and used at: the relying party.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    webauthn: Webauthn,
}

impl RelyingParty {
    /// Returns the portal at this origin (`https://host`, or `http://minato.localhost:8080`), called `name` in the
    /// browser.
    ///
    /// `rp_id` is the host without its port, or a domain above it. Passkeys belong to it: they are lost if it changes.
    ///
    /// # Errors
    /// [`PasskeyError::Internal`] if the origin is no address or is not within `rp_id`.
    pub fn new(rp_id: &str, origin: &str, name: &str) -> Result<Self, PasskeyError> {
        let origin = Url::parse(origin).map_err(|error| internal(&error))?;
        let builder = WebauthnBuilder::new(rp_id, &origin).map_err(|error| internal(&error))?;
        let webauthn = builder.rp_name(name).build().map_err(|error| internal(&error))?;
        Ok(Self { webauthn })
    }

    /// Begins to make a passkey. `existing` are the account's stored ones: a device that holds one of them makes no
    /// second.
    ///
    /// # Errors
    /// [`PasskeyError::Internal`] for an empty name or a stored passkey that cannot be read.
    pub fn register_begin(&self, user: &PasskeyUser<'_>, existing: &[String]) -> Result<Ceremony, PasskeyError> {
        let handle = Uuid::from_bytes(user.handle);
        let known = existing.iter().map(|stored| Stored::parse(stored).map(|stored| stored.passkey.cred_id().clone()));
        let known = known.collect::<Result<Vec<_>, _>>()?;
        let (mut creation, ceremony) = self
            .webauthn
            .start_passkey_registration(handle, user.name, user.display_name, Some(known))
            .map_err(|error| internal(&error))?;
        // The library asks for a passkey that does not know its account; without that nobody signs in without typing.
        if let Some(selection) = &mut creation.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Preferred);
        }
        begun(&creation.public_key, &State::Register { handle, ceremony })
    }

    /// Ends the making of a passkey. The database has to check that no other account has its id.
    ///
    /// # Errors
    /// [`PasskeyError`] if the response proves no passkey made for this state.
    pub fn register_finish(&self, state: &str, response: &str) -> Result<NewPasskey, PasskeyError> {
        let State::Register { handle, ceremony } = from_json(state)? else {
            return Err(refused("the state is not one of a registration"));
        };
        let response: RegisterPublicKeyCredential = read(response)?;
        self.asked_here(&response.response.client_data_json)?;
        let passkey = self.webauthn.finish_passkey_registration(&response, &ceremony).map_err(|error| cause(&error))?;
        let made = AuthData::of_attestation(&response.response.attestation_object)?;
        if !made.user_verified {
            return Err(refused("the person was not verified"));
        }
        Ok(NewPasskey {
            credential_id: passkey.cred_id().to_vec(),
            stored: to_json(&Stored { handle, passkey })?,
            make: make::name(made.aaguid),
            synced: made.backup_eligible,
        })
    }

    /// Begins a sign-in without a user ID: the browser offers the passkeys it has, and none is named.
    ///
    /// # Errors
    /// [`PasskeyError::Internal`] if the library cannot begin.
    pub fn sign_in_begin(&self) -> Result<Ceremony, PasskeyError> {
        let (request, ceremony) =
            self.webauthn.start_discoverable_authentication().map_err(|error| internal(&error))?;
        begun(&request.public_key, &State::SignIn { ceremony })
    }

    /// Returns the claimed sender of the response, so that the passkey can be looked up.
    ///
    /// # Errors
    /// [`PasskeyError::Malformed`] if it names none.
    pub fn sign_in_whose(&self, response: &str) -> Result<Claimed, PasskeyError> {
        let response: PublicKeyCredential = read(response)?;
        let (handle, credential_id) = self
            .webauthn
            .identify_discoverable_authentication(&response)
            .map_err(|error| PasskeyError::Malformed(error.to_string()))?;
        Ok(Claimed { handle: handle.into_bytes(), credential_id: credential_id.to_vec() })
    }

    /// Ends a sign-in: the response proves the stored passkey, and names the account that it was made for.
    ///
    /// # Errors
    /// [`PasskeyError`] if it does not.
    pub fn sign_in_finish(&self, state: &str, response: &str, stored: &str) -> Result<Used, PasskeyError> {
        let State::SignIn { ceremony } = from_json(state)? else {
            return Err(refused("the state is not one of a sign-in"));
        };
        let response: PublicKeyCredential = read(response)?;
        if response.get_user_unique_id().is_none() {
            return Err(refused("the response names no account"));
        }
        self.used(&response, ceremony, Stored::parse(stored)?)
    }

    /// Begins to ask for one of these stored passkeys as second factor.
    ///
    /// # Errors
    /// [`PasskeyError::Internal`] if there is none or one cannot be read.
    pub fn factor_begin(&self, stored: &[String]) -> Result<Ceremony, PasskeyError> {
        let stored = stored.iter().map(|stored| Stored::parse(stored)).collect::<Result<Vec<_>, _>>()?;
        if stored.is_empty() {
            return Err(PasskeyError::Internal("the account has no passkey".into()));
        }
        let offered = stored.iter().map(|stored| stored.passkey.cred_id().clone()).collect();
        let passkeys: Vec<Passkey> = stored.into_iter().map(|stored| stored.passkey).collect();
        let (named, _) = self.webauthn.start_passkey_authentication(&passkeys).map_err(|error| internal(&error))?;
        // A state that holds no passkeys: the counters that count are those stored when the response comes.
        let (mut request, ceremony) =
            self.webauthn.start_discoverable_authentication().map_err(|error| internal(&error))?;
        request.public_key.allow_credentials = named.public_key.allow_credentials;
        begun(&request.public_key, &State::Factor { offered, ceremony })
    }

    /// Ends a second factor; returns which of the stored passkeys (those of [`Self::factor_begin`] that still exist)
    /// was used.
    ///
    /// # Errors
    /// [`PasskeyError`] if the response proves none that was asked for.
    pub fn factor_finish(&self, state: &str, response: &str, stored: &[String]) -> Result<(usize, Used), PasskeyError> {
        let State::Factor { offered, ceremony } = from_json(state)? else {
            return Err(refused("the state is not one of a second factor"));
        };
        let response: PublicKeyCredential = read(response)?;
        if !offered.iter().any(|id| id.as_slice() == response.get_credential_id()) {
            return Err(refused("the passkey was not asked for"));
        }
        for (which, stored) in stored.iter().enumerate() {
            let stored = Stored::parse(stored)?;
            if stored.passkey.cred_id().as_slice() == response.get_credential_id() {
                return Ok((which, self.used(&response, ceremony, stored)?));
            }
        }
        Err(refused("the passkey is no longer there"))
    }

    /// Returns the stored passkey's state after this response, which proves it.
    fn used(
        &self,
        response: &PublicKeyCredential,
        ceremony: DiscoverableAuthentication,
        mut stored: Stored,
    ) -> Result<Used, PasskeyError> {
        self.asked_here(&response.response.client_data_json)?;
        if response.get_user_unique_id().is_some_and(|handle| handle != stored.handle.as_bytes()) {
            return Err(refused("the passkey belongs to another account"));
        }
        let result = self
            .webauthn
            .finish_discoverable_authentication_v2(response, ceremony, &stored.passkey)
            .map_err(|error| cause(&error))?;
        if !result.user_verified() {
            return Err(refused("the person was not verified"));
        }
        let is_changed = stored.passkey.update_credential(&result).unwrap_or(false);
        Ok(Used { updated: if is_changed { Some(to_json(&stored)?) } else { None } })
    }

    /// Returns an error if the page that asked is elsewhere or inside a page of another site (the library checks the
    /// latter in one ceremony only).
    fn asked_here(&self, client_data: &[u8]) -> Result<(), PasskeyError> {
        let said: CollectedClientData =
            serde_json::from_slice(client_data).map_err(|error| PasskeyError::Malformed(error.to_string()))?;
        if said.cross_origin == Some(true) || said.unknown_keys.contains_key("topOrigin") {
            return Err(refused("the page was inside another site's"));
        }
        let origins = self.webauthn.get_allowed_origins();
        if !origins.iter().any(|origin| origin.origin() == said.origin.origin()) {
            let origins: Vec<_> = origins.iter().map(|origin| origin.origin().ascii_serialization()).collect();
            let there = said.origin.origin().ascii_serialization();
            return Err(PasskeyError::Refused(format!(
                "it was made at {there:.200}, the portal is at {}",
                origins.join(", ")
            )));
        }
        Ok(())
    }
}

fn begun(options: &impl Serialize, state: &State) -> Result<Ceremony, PasskeyError> {
    Ok(Ceremony { options: to_json(options)?, state: to_json(state)? })
}

fn read<T: DeserializeOwned>(response: &str) -> Result<T, PasskeyError> {
    if response.len() > RESPONSE_LIMIT {
        return Err(PasskeyError::Malformed("it is too long".into()));
    }
    serde_json::from_str(response).map_err(|error| PasskeyError::Malformed(error.to_string()))
}

fn refused(why: &str) -> PasskeyError {
    PasskeyError::Refused(why.to_owned())
}

fn internal(error: &dyn std::error::Error) -> PasskeyError {
    PasskeyError::Internal(error.to_string())
}

/// Returns our error for the library's.
fn cause(error: &WebauthnError) -> PasskeyError {
    let reason = error.to_string();
    match error {
        WebauthnError::ParseBase64Failure(_)
        | WebauthnError::ParseCBORFailure(_)
        | WebauthnError::ParseJSONFailure(_)
        | WebauthnError::ParseNOMFailure
        | WebauthnError::ParseInsufficientBytesAvailable => PasskeyError::Malformed(reason),
        _ => PasskeyError::Refused(reason),
    }
}
