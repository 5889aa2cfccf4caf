//! An authenticator and a browser in one, which can be made to lie.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(super) const PRESENT: u8 = 1;
pub(super) const VERIFIED: u8 = 1 << 2;
pub(super) const BACKUP_ELIGIBLE: u8 = 1 << 3;
pub(super) const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// A passkey with its properties, which may be false.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) origin: String,
    pub(super) rp_id: Option<String>,
    pub(super) is_inside_another_site: bool,
    pub(super) flags: u8,
    pub(super) counter: u32,
    pub(super) aaguid: u128,
    pub(super) handle: Option<String>,
    pub(super) credential_id: Vec<u8>,
    pub(super) key: SigningKey,
}

impl Device {
    pub(super) fn new(seed: u8) -> Self {
        Self {
            origin: "https://minato.example".into(),
            rp_id: None,
            is_inside_another_site: false,
            flags: PRESENT | VERIFIED,
            counter: 0,
            aaguid: 0,
            handle: None,
            credential_id: vec![seed; 20],
            key: SigningKey::from_slice(&[seed; 32]).expect("a key"),
        }
    }

    /// Returns the browser's response after `navigator.credentials.create`.
    pub(super) fn create(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).expect("options");
        self.handle = Some(text(&options["user"]["id"]));
        let mut data = self.authenticator_data(&text(&options["rp"]["id"]), self.flags | HAS_CREDENTIAL);
        data.extend(self.aaguid.to_be_bytes());
        data.extend(u16::try_from(self.credential_id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.public_key());
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).expect("short data").to_be_bytes());
        object.extend(data);
        let id = encode(&self.credential_id);
        let response = json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": encode(&self.client_data("webauthn.create", &options)),
                "attestationObject": encode(&object),
                "transports": ["internal", "hybrid"],
            },
        });
        response.to_string()
    }

    /// Returns the browser's response after `navigator.credentials.get`.
    pub(super) fn get(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).expect("options");
        let data = self.authenticator_data(&text(&options["rpId"]), self.flags);
        let client_data = self.client_data("webauthn.get", &options);
        let signed = [data.as_slice(), Sha256::digest(&client_data).as_slice()].concat();
        let signature: Signature = self.key.sign(&signed);
        let id = encode(&self.credential_id);
        let response = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(signature.to_der().as_bytes()),
                "userHandle": self.handle,
            },
        });
        response.to_string()
    }

    fn authenticator_data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let mut data = Sha256::digest(rp_id).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin,
            "crossOrigin": self.is_inside_another_site,
        });
        said.to_string().into_bytes()
    }

    /// The key as COSE wants it: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().expect("x"), point.y().expect("y"));
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(), x, b"\x22\x58\x20".as_slice(), y].concat()
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
