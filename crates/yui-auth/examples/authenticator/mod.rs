//! An authenticator made of software, with any number of passkeys: the same ones every time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The error type of the authenticator.
pub(crate) type Failed = Box<dyn std::error::Error>;

/// A passkey, for a portal.
pub(crate) struct Authenticator<'a> {
    id: [u8; 16],
    key: SigningKey,
    host: &'a str,
    origin: &'a str,
}

impl<'a> Authenticator<'a> {
    /// The passkey of this number; the identifier is also the account's handle.
    ///
    /// # Errors
    /// The library's own, for no number.
    pub(crate) fn new(number: u64, host: &'a str, origin: &'a str) -> Result<Self, Failed> {
        let (mut id, mut secret) = ([7; 16], [1; 32]);
        id[8..].copy_from_slice(&number.to_be_bytes());
        secret[24..].copy_from_slice(&number.to_be_bytes());
        Ok(Self { id, key: SigningKey::from_slice(&secret)?, host, origin })
    }

    /// The passkey's identifier, and the handle of the account it is for.
    pub(crate) fn id(&self) -> [u8; 16] {
        self.id
    }

    /// A new passkey's response: CBOR by hand.
    ///
    /// # Errors
    /// The library's own, for no key.
    pub(crate) fn create(&self, options: &Value) -> Result<String, Failed> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().ok_or("no x")?, point.y().ok_or("no y")?);
        let mut data = self.data(0x45);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        data.extend(
            [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(), x, b"\x22\x58\x20".as_slice(), y].concat(),
        );
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len())?);
        object.extend(data);
        let said = self.client_data("webauthn.create", options);
        Ok(self.credential(&json!({ "attestationObject": text(&object), "clientDataJSON": text(&said) })).to_string())
    }

    /// A used passkey's response.
    pub(crate) fn get(&self, options: &Value) -> Value {
        let data = self.data(0x05);
        let said = self.client_data("webauthn.get", options);
        let signature: Signature = self.key.sign(&[data.as_slice(), Sha256::digest(&said).as_slice()].concat());
        self.credential(&json!({
            "authenticatorData": text(&data), "clientDataJSON": text(&said),
            "signature": text(signature.to_der().as_bytes()), "userHandle": text(&self.id),
        }))
    }

    fn credential(&self, response: &Value) -> Value {
        json!({ "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "response": response })
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.host).to_vec();
        data.extend([flags, 0, 0, 0, 0]);
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin }).to_string().into_bytes()
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
