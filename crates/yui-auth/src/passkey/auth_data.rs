//! The authenticator's data about a new passkey that the library does not pass on.

use serde_cbor_2::Value;

use super::PasskeyError;

/// Part of the authenticator data (Web Authentication Level 3, 6.1).
pub(super) struct AuthData {
    /// Whether the person was verified: by fingerprint, face, PIN.
    pub(super) user_verified: bool,
    /// Whether the passkey can be copied to other devices.
    pub(super) backup_eligible: bool,
    /// The number of the authenticator's model.
    pub(super) aaguid: u128,
}

impl AuthData {
    /// Returns the authenticator data in this attestation object (CBOR).
    ///
    /// # Errors
    /// [`PasskeyError::Malformed`] if there is none with a passkey in it.
    pub(super) fn of_attestation(object: &[u8]) -> Result<Self, PasskeyError> {
        let missing = || PasskeyError::Malformed("there is no authenticator data".into());
        let Ok(Value::Map(mut object)) = serde_cbor_2::from_slice(object) else {
            return Err(missing());
        };
        match object.remove(&Value::Text("authData".into())) {
            Some(Value::Bytes(bytes)) => Self::parse(&bytes).ok_or_else(missing),
            _ => Err(missing()),
        }
    }

    /// 32 bytes of the relying party's hash, one of flags, four of counter, then 16 of the model.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let flags = *bytes.get(32)?;
        let aaguid = bytes.get(37..53)?.try_into().ok()?;
        Some(Self {
            user_verified: flags & 0b100 != 0,
            backup_eligible: flags & 0b1000 != 0,
            aaguid: u128::from_be_bytes(aaguid),
        })
    }
}
