use proptest::prelude::*;
use totp_rs::{Algorithm, Builder, Secret};

use super::{KEY_LEN, TotpKey};

/// The key of RFC 6238's appendix B.
fn key() -> TotpKey {
    TotpKey::from_random(*b"12345678901234567890")
}

fn code(key: &TotpKey, step: i64) -> String {
    String::from_utf8(key.code(step).to_vec()).expect("digits")
}

#[test]
fn the_codes_are_those_of_rfc_6238() {
    // Appendix B has eight digits; six are their last six.
    let vectors = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    for (seconds, code) in vectors {
        assert_eq!(key().matched_step(code, seconds, None), Some(seconds / 30), "{seconds}");
    }
}

#[test]
fn a_clock_may_be_wrong_by_one_step() {
    let (key, now) = (key(), 1_000_000);
    for (step, is_right) in [(now - 2, false), (now - 1, true), (now, true), (now + 1, true), (now + 2, false)] {
        for second in [0, 29] {
            let matched = key.matched_step(&code(&key, step), now * 30 + second, None);
            assert_eq!(matched, is_right.then_some(step), "{step} {second}");
        }
    }
}

#[test]
fn a_code_serves_once_and_older_ones_no_more() {
    let (key, now) = (key(), 1_000_000);
    let try_step = |step, last| key.matched_step(&code(&key, step), now * 30, last);
    assert_eq!(try_step(now, None), Some(now));
    assert_eq!(try_step(now, Some(now)), None);
    assert_eq!(try_step(now - 1, Some(now)), None);
    assert_eq!(try_step(now + 1, Some(now)), Some(now + 1));
    assert_eq!(try_step(now, Some(now - 1)), Some(now));
}

#[test]
fn a_code_is_read_as_people_type_it() {
    for given in ["287082", "287 082", "287-082", "２８７０８２", " 287　082 "] {
        assert_eq!(key().matched_step(given, 59, None), Some(1), "{given}");
    }
    for given in ["", "28708", "2870822", "28708x", "287.082"] {
        assert_eq!(key().matched_step(given, 59, None), None, "{given}");
    }
}

#[test]
fn the_ends_of_time_have_no_codes() {
    for seconds in [i64::MIN, -31, i64::MAX] {
        assert_eq!(key().matched_step("287082", seconds, None), None);
    }
    assert_eq!(key().matched_step("287082", 59, Some(i64::MAX)), None);
}

#[test]
fn an_app_takes_the_key_as_text_and_as_address() {
    assert_eq!(*key().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(*key().base32_in_groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    assert_eq!(
        *key().uri("健保 A&B", "hana:ko"),
        "otpauth://totp/%E5%81%A5%E4%BF%9D%20A%26B:hana%20ko?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=%E5%81%A5%E4%BF%9D%20A%26B&algorithm=SHA1&digits=6&period=30"
    );
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", key()), "TotpKey(***)");
    assert!(TotpKey::from_bytes(&[0; 19]).is_none());
}

proptest! {
    #[test]
    fn the_codes_are_those_of_another_implementation(bytes: [u8; KEY_LEN], seconds in 0..1_i64 << 40) {
        let key = TotpKey::from_bytes(&bytes).expect("a key");
        let theirs = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(30)
            .with_secret(Secret::from(bytes.to_vec()))
            .build_noncompliant();
        let code = theirs.generate(seconds.unsigned_abs()).to_string();
        let step = key.matched_step(&code, seconds, None).expect("a match");
        prop_assert!((step - seconds / 30).abs() <= 1);
        prop_assert_eq!(self::code(&key, seconds / 30), code);
    }

    #[test]
    fn any_text_is_an_answer_no_earlier_than_the_last(
        text in "[0-9０-９ a]{0,8}",
        seconds: i64,
        last: Option<i64>,
    ) {
        if let Some(step) = key().matched_step(&text, seconds, last) {
            prop_assert!((step - seconds.div_euclid(30)).abs() <= 1);
            prop_assert!(last.is_none_or(|last| step > last));
        }
    }

    #[test]
    fn a_stored_key_is_the_same_key(bytes: [u8; KEY_LEN]) {
        let key = TotpKey::from_random(bytes);
        prop_assert_eq!(TotpKey::from_bytes(key.bytes()).expect("a key").base32(), key.base32());
    }
}
