//! Signing the notice and checking its signature (XML Signature, W3C; enveloped, RSA or ECDSA P-256).
//!
//! Shape as in the certificates that e-Tax publishes: `dsig:Signature` is the last child of the root, its only reference is
//! `#` and the root's id, the certificate is embedded.

use super::profile::{Profile, SignatureAlgorithms};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_dsig::{DsigContext, VerifyResult};
use bergshamra_keys::{Key, KeysManager, loader};
use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::fmt;
use thiserror::Error;
use x509_cert::der::Decode;

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const CANONICALIZATIONS: [&str; 2] =
    ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#"];
const DIGESTS: [&str; 2] = ["http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"];
const SIGNATURES: [&str; 3] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
];
const SHA1: [&str; 3] = [
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
];

/// The reason why a document cannot be signed, or its signature is not good.
#[derive(Debug, Error)]
pub enum SignatureError {
    /// The private key is not RSA nor ECDSA P-256 in PEM.
    #[error("秘密鍵を読み取れません。RSAまたはECDSA P-256の、暗号化されていないPEM形式が必要です。")]
    Key,
    /// The certificate is not X.509 in PEM.
    #[error("証明書を読み取れません。PEM形式のX.509証明書が必要です。")]
    Certificate,
    /// The certificate is of another key.
    #[error("証明書が秘密鍵と対になっていません。")]
    Mismatch,
    /// The profile names an algorithm that is not supported, or SHA-1 without the feature `sha1-signatures`.
    #[error("署名アルゴリズム{0}は使えません。{1}")]
    Algorithm(String, &'static str),
    /// The document is not one that can be signed or verified.
    #[error("署名するXMLの形が正しくありません: {0}")]
    Document(String),
    /// The signature does not hold.
    #[error("署名が正しくありません: {0}")]
    Invalid(String),
    /// The library failed.
    #[error("署名の処理に失敗しました: {0}")]
    Library(String),
}

/// A private key and its certificate.
pub struct SigningKey {
    key: Key,
    certificate: Certificate,
    algorithm: KeyAlgorithm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyAlgorithm {
    Rsa,
    EcdsaP256,
}

impl SigningKey {
    /// Reads a private key (PKCS#8, or PKCS#1 for RSA) and its certificate, both PEM. Of a chain the first certificate is taken.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or they do not belong together.
    pub fn from_pem(key_pem: &str, certificate_pem: &str) -> Result<Self, SignatureError> {
        let (key, algorithm) = match loader::load_rsa_private_pem(key_pem.trim().as_bytes()) {
            Ok(key) => (key, KeyAlgorithm::Rsa),
            Err(_) => match loader::load_ec_p256_private_pem(key_pem.trim().as_bytes()) {
                Ok(key) => (key, KeyAlgorithm::EcdsaP256),
                Err(_) => return Err(SignatureError::Key),
            },
        };
        let certificate = Certificate::from_pem(certificate_pem)?;
        let public = key.to_spki_der();
        if public.is_none() || public != certificate.key.to_spki_der() {
            return Err(SignatureError::Mismatch);
        }
        Ok(Self { key, certificate, algorithm })
    }

    /// Returns the last instant at which the certificate is valid.
    pub fn valid_until(&self) -> Timestamp {
        self.certificate.ends
    }
}

impl fmt::Debug for SigningKey {
    /// Shows the kind of key only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

struct Certificate {
    key: Key,
    base64: String,
    ends: Timestamp,
}

impl Certificate {
    fn from_pem(pem: &str) -> Result<Self, SignatureError> {
        let body = || pem.split_once("-----BEGIN CERTIFICATE-----")?.1.split_once("-----END CERTIFICATE-----");
        let (body, _) = body().ok_or(SignatureError::Certificate)?;
        let base64: String = body.split_whitespace().collect();
        let der = STANDARD.decode(&base64).map_err(|_| SignatureError::Certificate)?;
        let ends = ends(&der).ok_or(SignatureError::Certificate)?;
        let key = loader::load_x509_cert_der(&der).map_err(|_| SignatureError::Certificate)?;
        Ok(Self { key, base64, ends })
    }
}

/// Returns the last instant of a certificate's validity (RFC 5280 4.1.2.5).
fn ends(der: &[u8]) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let seconds = certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

/// Returns the document with the signature as the last child of its root.
///
/// The document must be as [`super::write`] made it: a root with an `id`, no signature yet. The validity dates of the
/// certificate are not looked at.
///
/// # Errors
///
/// A document of another shape, an algorithm that is not supported.
pub fn sign(xml: &str, key: &SigningKey, profile: &Profile) -> Result<String, SignatureError> {
    let algorithms = &profile.signature;
    let method = match key.algorithm {
        KeyAlgorithm::Rsa => &algorithms.rsa,
        KeyAlgorithm::EcdsaP256 => &algorithms.ecdsa,
    };
    let ours = if key.algorithm == KeyAlgorithm::Rsa { "rsa-" } else { "ecdsa-" };
    if !method.contains(ours) {
        return Err(SignatureError::Algorithm(method.clone(), "鍵の種類(RSA、ECDSA)に合いません。"));
    }
    supported(method, &SIGNATURES)?;
    supported(&algorithms.digest, &DIGESTS)?;
    supported(&algorithms.canonicalization, &CANONICALIZATIONS)?;
    let root = Root::of(xml)?;
    if root.signatures > 0 {
        return Err(SignatureError::Document("すでに署名があります。".into()));
    }
    let template = template(&root.id, method, algorithms, &key.certificate.base64);
    let (before, after) = xml.split_at_checked(root.end).ok_or_else(|| SignatureError::Document(String::new()))?;
    let mut keys = KeysManager::new();
    keys.add_key(key.key.clone());
    let signed = bergshamra_dsig::sign::sign_owned(&DsigContext::new(keys), format!("{before}{template}{after}"));
    signed.map_err(|error| SignatureError::Library(error.to_string()))
}

/// Checks that the certificate's key signed the whole document.
///
/// Only this key counts, not the certificate inside the document; the one reference must be the root. Whether the certificate
/// is valid at some time, and who issued it, is the caller's matter.
///
/// # Errors
///
/// [`SignatureError::Invalid`] when the document or the signature was changed or another key signed; other variants when it
/// cannot be checked.
pub fn verify(xml: &str, certificate_pem: &str) -> Result<(), SignatureError> {
    let certificate = Certificate::from_pem(certificate_pem)?;
    let root = Root::of(xml)?;
    if root.signatures != 1 {
        return Err(SignatureError::Invalid(format!("署名が{}個あります。1個でなければなりません。", root.signatures)));
    }
    let mut keys = KeysManager::new();
    keys.add_key(certificate.key);
    let result = bergshamra_dsig::verify::verify(&DsigContext::new(keys), xml);
    match result.map_err(|error| SignatureError::Invalid(error.to_string()))? {
        VerifyResult::Valid { references, .. } => match references.as_slice() {
            [only] if only.digest_verified && only.uri == format!("#{}", root.id) => Ok(()),
            _ => Err(SignatureError::Invalid("署名が文書全体を対象にしていません。".into())),
        },
        VerifyResult::Invalid { reason } => Err(SignatureError::Invalid(reason)),
    }
}

fn supported(algorithm: &str, known: &[&str]) -> Result<(), SignatureError> {
    if known.contains(&algorithm) || (SHA1.contains(&algorithm) && cfg!(feature = "sha1-signatures")) {
        Ok(())
    } else if SHA1.contains(&algorithm) {
        let reason = "SHA-1は安全でないため、機能「sha1-signatures」を付けてビルドしたときだけ使えます。";
        Err(SignatureError::Algorithm(algorithm.to_owned(), reason))
    } else {
        Err(SignatureError::Algorithm(algorithm.to_owned(), "対応していません。"))
    }
}

fn template(id: &str, method: &str, algorithms: &SignatureAlgorithms, certificate: &str) -> String {
    let SignatureAlgorithms { canonicalization, digest, .. } = algorithms;
    format!(
        "<dsig:Signature xmlns:dsig=\"{DSIG}\"><dsig:SignedInfo>\
         <dsig:CanonicalizationMethod Algorithm=\"{canonicalization}\"/><dsig:SignatureMethod Algorithm=\"{method}\"/>\
         <dsig:Reference URI=\"#{id}\"><dsig:Transforms><dsig:Transform Algorithm=\"{ENVELOPED}\"/>\
         <dsig:Transform Algorithm=\"{canonicalization}\"/></dsig:Transforms>\
         <dsig:DigestMethod Algorithm=\"{digest}\"/><dsig:DigestValue></dsig:DigestValue></dsig:Reference>\
         </dsig:SignedInfo><dsig:SignatureValue></dsig:SignatureValue>\
         <dsig:KeyInfo><dsig:X509Data><dsig:X509Certificate>{certificate}</dsig:X509Certificate></dsig:X509Data>\
         </dsig:KeyInfo></dsig:Signature>"
    )
}

/// The root of a document, as signing needs it.
struct Root {
    id: String,
    /// Where the end tag of the root begins, in bytes.
    end: usize,
    signatures: usize,
}

impl Root {
    fn of(xml: &str) -> Result<Self, SignatureError> {
        let wrong = |reason: &str| SignatureError::Document(reason.to_owned());
        let mut reader = Reader::from_str(xml);
        let (mut id, mut end, mut signatures, mut depth) = (None, None, 0, 0_usize);
        loop {
            let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            match reader.read_event().map_err(|error| SignatureError::Document(error.to_string()))? {
                Event::Eof => break,
                Event::DocType(_) => return Err(wrong("DOCTYPEは使えません。")),
                Event::Start(start) => {
                    if depth == 0 {
                        if end.is_some() {
                            return Err(wrong("最上位の要素が2つあります。"));
                        }
                        let attribute = start.try_get_attribute("id").map_err(|error| wrong(&error.to_string()))?;
                        id = attribute.map(|attribute| attribute.value.into_owned());
                    }
                    signatures += usize::from(start.local_name().as_ref() == "Signature");
                    depth += 1;
                }
                Event::Empty(start) if depth > 0 => {
                    signatures += usize::from(start.local_name().as_ref() == "Signature")
                }
                Event::End(_) => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        end = Some(before);
                    }
                }
                _ => {}
            }
        }
        let id = id.ok_or_else(|| wrong("最上位の要素にidがありません。"))?;
        if id.is_empty() || !id.chars().all(|character| character.is_ascii_alphanumeric() || "_-.".contains(character))
        {
            return Err(wrong("最上位の要素のidに使えない文字があります。"));
        }
        Ok(Self { id, end: end.ok_or_else(|| wrong("最上位の要素が閉じていません。"))?, signatures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\"?>\n<A xmlns=\"urn:a\" id=\"A-1\"><B>1</B></A>";

    fn ecdsa() -> (SigningKey, String) {
        let made = rcgen::generate_simple_self_signed(["test.invalid".to_owned()]).unwrap();
        let pem = made.cert.pem();
        (SigningKey::from_pem(&made.signing_key.serialize_pem(), &pem).unwrap(), pem)
    }

    #[test]
    fn signs_as_last_child_and_verifies() {
        let (key, pem) = ecdsa();
        let signed = sign(XML, &key, &Profile::provisional()).unwrap();
        assert!(signed.ends_with("</dsig:Signature></A>"), "{signed}");
        assert!(signed.contains("<dsig:Reference URI=\"#A-1\">"));
        verify(&signed, &pem).unwrap();
        assert!(matches!(verify(&signed.replace("<B>1", "<B>2"), &pem), Err(SignatureError::Invalid(_))));
        let (_, other) = ecdsa();
        assert!(matches!(verify(&signed, &other), Err(SignatureError::Invalid(_))));
        assert!(matches!(verify(XML, &pem), Err(SignatureError::Invalid(_))));
        assert!(matches!(sign(&signed, &key, &Profile::provisional()), Err(SignatureError::Document(_))));
    }

    #[test]
    fn keys_and_certificates_must_belong_together() {
        let (one, other) = (rcgen::KeyPair::generate().unwrap(), ecdsa().1);
        assert!(matches!(SigningKey::from_pem(&one.serialize_pem(), &other), Err(SignatureError::Mismatch)));
        assert!(matches!(SigningKey::from_pem("x", &other), Err(SignatureError::Key)));
        assert!(matches!(SigningKey::from_pem(&one.serialize_pem(), "x"), Err(SignatureError::Certificate)));
        assert_eq!(format!("{:?}", ecdsa().0), "SigningKey { algorithm: EcdsaP256, .. }");
    }

    #[test]
    fn unknown_and_unsafe_algorithms_are_refused_clearly() {
        let (key, _) = ecdsa();
        let refused = |change: fn(&mut Profile)| {
            let mut profile = Profile::provisional();
            change(&mut profile);
            sign(XML, &key, &profile).unwrap_err().to_string()
        };
        assert!(refused(|profile| profile.signature.ecdsa = "urn:ecdsa-x".into()).contains("urn:ecdsa-x"));
        assert!(refused(|profile| profile.signature.ecdsa = SIGNATURES[0].into()).contains("鍵の種類"));
        assert!(refused(|profile| profile.signature.canonicalization = "urn:x".into()).contains("urn:x"));
        if !cfg!(feature = "sha1-signatures") {
            assert!(refused(|profile| profile.signature.digest = SHA1[0].into()).contains("sha1-signatures"));
        }
    }

    #[test]
    fn documents_of_other_shapes_are_refused() {
        let (key, pem) = ecdsa();
        for bad in [
            "",
            "<a>",
            "<a/>",
            "<a></a>",
            "<a id=\"\"></a>",
            "<!DOCTYPE a><a id=\"x\"></a>",
            "<a id='x'></a><b></b>",
            "<a id='x\"y'></a>",
            "</a>",
        ] {
            assert!(sign(bad, &key, &Profile::provisional()).is_err(), "{bad}");
            assert!(verify(bad, &pem).is_err(), "{bad}");
        }
    }
}
