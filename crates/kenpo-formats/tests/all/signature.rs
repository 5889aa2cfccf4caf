//! Signatures before an outside judge, xmlsec1, with both kinds of key.

use jiff::civil::date;
use kenpo_formats::TreatmentMonth;
use kenpo_formats::tax_xml::{Notice, NoticeLine, Profile, SignatureError, SigningKey, sign, verify, write};
use std::path::Path;
use std::process::Command;

struct Pems {
    key: String,
    certificate: String,
}

/// Makes an ECDSA P-256 key and a certificate of it.
fn ecdsa() -> Pems {
    let made = rcgen::generate_simple_self_signed(["test.invalid".to_owned()]).unwrap();
    Pems { key: made.signing_key.serialize_pem(), certificate: made.cert.pem() }
}

/// Makes an RSA key and a certificate of it with openssl; none where it is not installed.
fn rsa(folder: &Path) -> Option<Pems> {
    let (key, certificate) = (folder.join("rsa.key"), folder.join("rsa.crt"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "3650",
            "-subj",
            "/CN=test.invalid",
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    let Ok(made) = made else {
        println!("skipped: openssl is not installed");
        return None;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let read = |path| std::fs::read_to_string(path).unwrap();
    Some(Pems { key: read(key), certificate: read(certificate) })
}

fn notice(lines: i64) -> String {
    let line = |paid| NoticeLine {
        treatment_month: TreatmentMonth::new(2025, 2).unwrap(),
        patient_name: "テスト 花子".into(),
        provider_name: "見本<&>クリニック".into(),
        paid,
    };
    let notice = Notice {
        insurer_name: "見本健康保険組合".into(),
        insured_name: "テスト 太郎".into(),
        created: date(2026, 2, 10),
        software: "Yui".into(),
        lines: (0..lines).map(line).collect(),
    };
    write(&Profile::provisional(), &notice).unwrap()
}

/// Asks xmlsec1 whether the signature holds; none where it is not installed.
fn judged(folder: &Path, xml: &str, certificate: &str) -> Option<bool> {
    let (document, trusted) = (folder.join("notice.xml"), folder.join("trusted.pem"));
    std::fs::write(&document, xml).unwrap();
    std::fs::write(&trusted, certificate).unwrap();
    let judged = Command::new("xmlsec1")
        .args(["--verify", "--id-attr:id", "FORM_ID", "--enabled-key-data", "x509", "--trusted-pem"])
        .arg(&trusted)
        .arg(&document)
        .output();
    match judged {
        Ok(judged) => Some(judged.status.success()),
        Err(_) => {
            println!("skipped: xmlsec1 is not installed");
            None
        }
    }
}

fn both_judges_agree(pems: &Pems, folder: &Path) {
    let key = SigningKey::from_pem(&pems.key, &pems.certificate).unwrap();
    let signed = sign(&notice(300), &key, &Profile::provisional()).unwrap();
    verify(&signed, &pems.certificate).unwrap();
    assert_ne!(judged(folder, &signed, &pems.certificate), Some(false));

    let amount = signed.replacen("<PAID>299</PAID>", "<PAID>298</PAID>", 1);
    assert_ne!(amount, signed);
    let start = signed.find("<dsig:SignatureValue>").unwrap() + "<dsig:SignatureValue>".len() + 20;
    let mut value = signed.clone().into_bytes();
    value[start] = if value[start] == b'A' { b'B' } else { b'A' };
    for changed in [amount, String::from_utf8(value).unwrap(), signed.replacen("VR=\"1.0\"", "VR=\"1.1\"", 1)] {
        assert!(matches!(verify(&changed, &pems.certificate), Err(SignatureError::Invalid(_))));
        assert_ne!(judged(folder, &changed, &pems.certificate), Some(true));
    }
    // Another order of attributes is the same document.
    let reordered = signed.replacen("page=\"1\" sakuseiDay=\"2026-02-10\"", "sakuseiDay=\"2026-02-10\"  page='1'", 1);
    assert_ne!(reordered, signed);
    verify(&reordered, &pems.certificate).unwrap();
}

#[test]
fn ecdsa_signatures_hold_before_both_judges() {
    let folder = tempfile::tempdir().unwrap();
    both_judges_agree(&ecdsa(), folder.path());
}

#[test]
fn rsa_signatures_hold_before_both_judges() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(pems) = rsa(folder.path()) {
        both_judges_agree(&pems, folder.path());
    }
}

#[test]
fn sha1_works_only_when_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let Some(pems) = rsa(folder.path()) else { return };
    let key = SigningKey::from_pem(&pems.key, &pems.certificate).unwrap();
    let mut profile = Profile::provisional();
    profile.signature.rsa = "http://www.w3.org/2000/09/xmldsig#rsa-sha1".into();
    profile.signature.digest = "http://www.w3.org/2000/09/xmldsig#sha1".into();
    let signed = sign(&notice(1), &key, &profile);
    if cfg!(feature = "sha1-signatures") {
        let signed = signed.unwrap();
        verify(&signed, &pems.certificate).unwrap();
        assert_ne!(judged(folder.path(), &signed, &pems.certificate), Some(false));
    } else {
        assert!(matches!(signed, Err(SignatureError::Algorithm(..))));
    }
}

#[test]
fn a_signature_moved_onto_other_data_does_not_hold() {
    let pems = ecdsa();
    let key = SigningKey::from_pem(&pems.key, &pems.certificate).unwrap();
    let signed = sign(&notice(1), &key, &Profile::provisional()).unwrap();
    let body = signed.split_once('\n').unwrap().1;
    let wrapped = format!("<FORM_ID id=\"FORM_ID-2\"><PAID>9</PAID>{body}</FORM_ID>");
    assert!(matches!(verify(&wrapped, &pems.certificate), Err(SignatureError::Invalid(_))));
}

#[test]
fn a_key_tells_how_long_its_certificate_is_valid() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(["test.invalid".to_owned()]).unwrap();
    for year in [2027, 2049, 2050, 2101] {
        parameters.not_after = rcgen::date_time_ymd(year, 3, 31);
        let certificate = parameters.self_signed(&key).unwrap();
        let signing = SigningKey::from_pem(&key.serialize_pem(), &certificate.pem()).unwrap();
        assert_eq!(signing.valid_until().to_string(), format!("{year}-03-31T00:00:00Z"));
    }
}
