mod device;

use proptest::prelude::*;
use serde_json::Value;

use self::device::{BACKED_UP, BACKUP_ELIGIBLE, Device, PRESENT, VERIFIED, encode};
use super::{Claimed, NewPasskey, PasskeyError, PasskeyUser, RelyingParty};

/// A false response: the name of the mistake, and the change to the device.
type Lie = (&'static str, fn(&mut Device));

const HANDLE: [u8; 16] = *b"0123456789abcdef";
const USER: PasskeyUser<'_> = PasskeyUser { handle: HANDLE, name: "hanako", display_name: "健保 花子" };

fn portal() -> RelyingParty {
    RelyingParty::new("minato.example", "https://minato.example", "みなと海運健康保険組合").expect("a portal")
}

fn register(portal: &RelyingParty, device: &mut Device, user: &PasskeyUser<'_>) -> NewPasskey {
    let begun = portal.register_begin(user, &[]).expect("begun");
    portal.register_finish(&begun.state, &device.create(&begun.options)).expect("a passkey")
}

/// Returns a device with a passkey of [`USER`], and the stored passkey.
fn registered() -> (RelyingParty, Device, String) {
    let (portal, mut device) = (portal(), Device::new(1));
    let stored = register(&portal, &mut device, &USER).stored;
    (portal, device, stored)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn is_refused<T>(answer: Result<T, PasskeyError>) -> bool {
    matches!(answer, Err(PasskeyError::Refused(_)))
}

#[test]
fn the_browser_is_asked_for_a_verified_passkey_that_knows_its_account() {
    let (portal, _, stored) = registered();
    let options = json(&portal.register_begin(&USER, &[stored]).expect("begun").options);
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "preferred");
    assert_eq!(selection["requireResidentKey"], false);
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(options["rp"]["id"], "minato.example");
    assert_eq!(options["rp"]["name"], "みなと海運健康保険組合");
    assert_eq!(options["user"]["id"], encode(&HANDLE));
    assert_eq!(options["user"]["name"], "hanako");
    assert_eq!(options["user"]["displayName"], "健保 花子");
    assert_eq!(options["excludeCredentials"][0]["id"], encode(&[1; 20]));
    assert_eq!(options["attestation"], "none");
}

#[test]
fn a_passkey_is_made_and_named() {
    let (portal, mut device) = (portal(), Device::new(1));
    let plain = register(&portal, &mut device, &USER);
    assert_eq!((plain.credential_id, plain.make, plain.synced), (vec![1; 20], None, false));

    device.aaguid = 0xfbfc3007_154e_4ecc_8c0b_6e020557d7bd;
    device.flags |= BACKUP_ELIGIBLE | BACKED_UP;
    let synced = register(&portal, &mut device, &USER);
    assert_eq!((synced.make, synced.synced), (Some("iCloud Keychain"), true));
}

#[test]
fn the_browser_alone_says_who_signs_in() {
    let (portal, mut device, stored) = registered();
    let begun = portal.sign_in_begin().expect("begun");
    let options = json(&begun.options);
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], Value::Array(vec![]));

    let response = device.get(&begun.options);
    let claimed = portal.sign_in_whose(&response).expect("a claim");
    assert_eq!(claimed, Claimed { handle: HANDLE, credential_id: vec![1; 20] });
    let used = portal.sign_in_finish(&begun.state, &response, &stored).expect("signed in");
    assert_eq!(used.updated, None);
}

#[test]
fn a_second_factor_is_one_of_the_accounts_own() {
    let (portal, mut first) = (portal(), Device::new(1));
    let mut second = Device::new(2);
    let stored = [register(&portal, &mut first, &USER).stored, register(&portal, &mut second, &USER).stored];
    let begun = portal.factor_begin(&stored).expect("begun");
    let options = json(&begun.options);
    assert_eq!(options["allowCredentials"][0]["id"], encode(&[1; 20]));
    assert_eq!(options["allowCredentials"][1]["id"], encode(&[2; 20]));
    assert_eq!(options["userVerification"], "required");
    for handle in [second.handle.clone(), None] {
        second.handle = handle;
        let (which, used) = portal.factor_finish(&begun.state, &second.get(&begun.options), &stored).expect("proved");
        assert_eq!((which, used.updated), (1, None));
    }
    let response = second.get(&begun.options);
    assert!(is_refused(portal.factor_finish(&begun.state, &response, &stored[..1])), "deleted meanwhile");
    let begun = portal.factor_begin(&stored[..1]).expect("begun");
    let response = second.get(&begun.options);
    assert!(is_refused(portal.factor_finish(&begun.state, &response, &stored)), "not asked for");
    assert!(matches!(portal.factor_begin(&[]), Err(PasskeyError::Internal(_))));
}

#[test]
fn a_counter_is_kept_and_never_goes_back() {
    let (portal, mut device, mut stored) = registered();
    for (counter, is_right) in [(5, true), (6, true), (6, false), (2, false), (0, false), (7, true)] {
        device.counter = counter;
        let begun = portal.sign_in_begin().expect("begun");
        let answer = portal.sign_in_finish(&begun.state, &device.get(&begun.options), &stored);
        assert_eq!(answer.is_ok(), is_right, "{counter}");
        match answer {
            Ok(used) => stored = used.updated.expect("a new counter"),
            Err(error) => assert!(matches!(error, PasskeyError::Refused(_)), "{error}"),
        }
    }
}

#[test]
fn a_lying_browser_registers_nothing() {
    let lies: [Lie; 7] = [
        ("another origin", |device| device.origin = "https://k1ine.example".into()),
        ("a port of its own", |device| device.origin = "https://minato.example:8443".into()),
        ("no encryption", |device| device.origin = "http://minato.example".into()),
        ("another relying party", |device| device.rp_id = Some("example".into())),
        ("inside another site", |device| device.is_inside_another_site = true),
        ("nobody verified", |device| device.flags = PRESENT),
        ("nobody there", |device| device.flags = VERIFIED),
    ];
    let portal = portal();
    for (lie, tell) in lies {
        let mut device = Device::new(1);
        tell(&mut device);
        let begun = portal.register_begin(&USER, &[]).expect("begun");
        assert!(is_refused(portal.register_finish(&begun.state, &device.create(&begun.options))), "{lie}");
    }
}

#[test]
fn a_lying_browser_signs_nobody_in() {
    let lies: [Lie; 11] = [
        ("another origin", |device| device.origin = "https://k1ine.example".into()),
        ("a subdomain", |device| device.origin = "https://www.minato.example".into()),
        ("a port of its own", |device| device.origin = "https://minato.example:8443".into()),
        ("another relying party", |device| device.rp_id = Some("example".into())),
        ("inside another site", |device| device.is_inside_another_site = true),
        ("nobody verified", |device| device.flags = PRESENT),
        ("nobody there", |device| device.flags = VERIFIED),
        ("nobody named", |device| device.handle = None),
        ("another account", |device| device.handle = Some(encode(b"another account!"))),
        ("another passkey", |device| device.credential_id = vec![2; 20]),
        ("now able to be copied", |device| device.flags |= BACKUP_ELIGIBLE),
    ];
    let (portal, device, stored) = registered();
    for (lie, tell) in lies {
        let mut device = device.clone();
        tell(&mut device);
        let begun = portal.sign_in_begin().expect("begun");
        assert!(is_refused(portal.sign_in_finish(&begun.state, &device.get(&begun.options), &stored)), "{lie}");
    }
}

#[test]
fn a_browser_that_drops_the_demand_for_verification_gains_nothing() {
    let (portal, mut device, stored) = registered();
    device.flags = PRESENT;
    let begun = portal.factor_begin(std::slice::from_ref(&stored)).expect("begun");
    let softened = begun.options.replace("required", "discouraged");
    assert!(is_refused(portal.factor_finish(&begun.state, &device.get(&softened), &[stored])));
}

#[test]
fn another_accounts_passkey_is_refused() {
    let (portal, _, stored) = registered();
    let mut theirs = Device::new(9);
    register(&portal, &mut theirs, &PasskeyUser { handle: *b"someone else's!!", ..USER });
    let sign_in = portal.sign_in_begin().expect("begun");
    theirs.credential_id = vec![1; 20];
    for handle in [theirs.handle.clone(), Some(encode(&HANDLE))] {
        theirs.handle = handle;
        let response = theirs.get(&sign_in.options);
        assert!(is_refused(portal.sign_in_finish(&sign_in.state, &response, &stored)), "the key is another's");
    }
    let factor = portal.factor_begin(std::slice::from_ref(&stored)).expect("begun");
    assert!(is_refused(portal.factor_finish(&factor.state, &theirs.get(&factor.options), &[stored])));
}

#[test]
fn a_response_fits_its_own_state_only() {
    let (portal, mut device, stored) = registered();
    let (old, new) = (portal.sign_in_begin().expect("begun"), portal.sign_in_begin().expect("begun"));
    let response = device.get(&old.options);
    assert!(portal.sign_in_finish(&old.state, &response, &stored).is_ok());
    assert!(is_refused(portal.sign_in_finish(&new.state, &response, &stored)), "played again");

    let registration = portal.register_begin(&USER, &[]).expect("begun");
    let factor = portal.factor_begin(std::slice::from_ref(&stored)).expect("begun");
    let known = std::slice::from_ref(&stored);
    assert!(is_refused(portal.sign_in_finish(&registration.state, &response, &stored)));
    assert!(is_refused(portal.sign_in_finish(&factor.state, &device.get(&factor.options), &stored)));
    assert!(is_refused(portal.factor_finish(&old.state, &response, known)));
    assert!(is_refused(portal.factor_finish(&registration.state, &response, known)));
    assert!(is_refused(portal.register_finish(&old.state, &device.create(&registration.options))));
    assert!(is_refused(portal.register_finish(&factor.state, &device.create(&registration.options))));
}

#[test]
fn another_portals_ceremony_is_refused_here() {
    let (portal, mut device, stored) = registered();
    let other = RelyingParty::new("other.example", "https://other.example", "別の組合").expect("a portal");
    let begun = portal.sign_in_begin().expect("begun");
    let response = device.get(&begun.options);
    assert!(is_refused(other.sign_in_finish(&begun.state, &response, &stored)));
}

#[test]
fn each_changed_byte_of_signature_and_signed_data_is_noticed() {
    let (portal, mut device, stored) = registered();
    let begun = portal.sign_in_begin().expect("begun");
    let response = device.get(&begun.options);
    for part in ["signature", "authenticatorData", "clientDataJSON"] {
        let whole = json(&response)["response"][part].as_str().expect("a text").len();
        for at in 0..whole - 1 {
            let mut changed = json(&response);
            let text = changed["response"][part].as_str().expect("a text");
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            changed["response"][part] = format!("{}{other}{}", &text[..at], &text[at + 1..]).into();
            let answer = portal.sign_in_finish(&begun.state, &changed.to_string(), &stored);
            assert!(answer.is_err(), "{part} {at}: {answer:?}");
        }
    }
}

#[test]
fn a_development_address_works_on_its_port() {
    let portal = RelyingParty::new("minato.localhost", "http://minato.localhost:8080", "開発").expect("a portal");
    let mut device = Device { origin: "http://minato.localhost:8080".into(), ..Device::new(1) };
    let stored = register(&portal, &mut device, &USER).stored;
    let begun = portal.sign_in_begin().expect("begun");
    assert!(portal.sign_in_finish(&begun.state, &device.get(&begun.options), &stored).is_ok());
}

#[test]
fn a_portal_outside_its_own_domain_is_refused() {
    for (rp_id, origin) in
        [("minato.example", "https://line.example"), ("minato.example", "minato"), ("", "https://a.b")]
    {
        assert!(matches!(RelyingParty::new(rp_id, origin, "x"), Err(PasskeyError::Internal(_))), "{rp_id} {origin}");
    }
}

#[test]
fn junk_is_told_from_lies() {
    let (portal, mut device, stored) = registered();
    let begun = portal.sign_in_begin().expect("begun");
    let right = device.get(&begun.options);
    let long = right.replace("public-key", &"x".repeat(70_000));
    for junk in ["", "{}", "[]", "null", "ひみつ", &long, &right[..right.len() - 1], &right.replace("rawId", "raw")]
    {
        let answer = portal.sign_in_finish(&begun.state, junk, &stored);
        assert!(matches!(answer, Err(PasskeyError::Malformed(_))), "{junk:.60} {answer:?}");
        assert!(matches!(portal.sign_in_whose(junk), Err(PasskeyError::Malformed(_))), "{junk:.60}");
    }
    for broken in ["", "{}", "junk", "{\"sign_in\":{}}"] {
        assert!(matches!(portal.sign_in_finish(broken, &right, &stored), Err(PasskeyError::Internal(_))), "{broken}");
        assert!(matches!(portal.sign_in_finish(&begun.state, &right, broken), Err(PasskeyError::Internal(_))));
    }
}

/// The response with some bytes of one part changed.
fn with_part(response: &str, part: &str, bytes: &[u8]) -> String {
    let mut changed = json(response);
    changed["response"][part] = encode(bytes).into();
    changed.to_string()
}

proptest! {
    #[test]
    fn any_text_is_an_answer_and_no_panic(text: String) {
        let (portal, _, stored) = registered();
        let sign_in = portal.sign_in_begin().expect("begun");
        let registration = portal.register_begin(&USER, &[]).expect("begun");
        prop_assert!(portal.sign_in_finish(&sign_in.state, &text, &stored).is_err());
        prop_assert!(portal.register_finish(&registration.state, &text).is_err());
        prop_assert!(portal.sign_in_whose(&text).is_err());
    }

    #[test]
    fn any_bytes_for_a_part_are_an_answer_and_no_panic(bytes: Vec<u8>) {
        let (portal, mut device, stored) = registered();
        let sign_in = portal.sign_in_begin().expect("begun");
        let right = device.get(&sign_in.options);
        for part in ["signature", "authenticatorData", "clientDataJSON"] {
            let response = with_part(&right, part, &bytes);
            prop_assert!(portal.sign_in_finish(&sign_in.state, &response, &stored).is_err());
        }
        let registration = portal.register_begin(&USER, &[]).expect("begun");
        let right = device.create(&registration.options);
        for part in ["attestationObject", "clientDataJSON"] {
            prop_assert!(portal.register_finish(&registration.state, &with_part(&right, part, &bytes)).is_err());
        }
    }

    #[test]
    fn a_cut_or_changed_attestation_is_an_answer_and_no_panic(at: prop::sample::Index, change in 1_u8.., cut: bool) {
        use base64::Engine;
        let (portal, mut device) = (portal(), Device::new(1));
        let registration = portal.register_begin(&USER, &[]).expect("begun");
        let right = device.create(&registration.options);
        let object = json(&right)["response"]["attestationObject"].as_str().expect("a text").to_owned();
        let mut object = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(object).expect("bytes");
        let at = at.index(object.len());
        if cut { object.truncate(at); } else { object[at] ^= change; }
        let answer = portal.register_finish(&registration.state, &with_part(&right, "attestationObject", &object));
        // A changed id, model or counter is signed by nobody: attestation "none" proves nothing.
        prop_assert!(!cut || answer.is_err());
    }
}

#[test]
fn a_refusal_for_its_origin_names_both() {
    let portal = portal();
    let mut device = Device::new(1);
    device.origin = "https://minato.example:8443".into();
    let begun = portal.register_begin(&USER, &[]).expect("begun");
    let refused = portal.register_finish(&begun.state, &device.create(&begun.options)).expect_err("refused");
    let words = "it was made at https://minato.example:8443, the portal is at https://minato.example";
    assert!(refused.to_string().contains(words), "{refused}");
}
