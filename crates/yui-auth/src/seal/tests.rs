use proptest::prelude::*;

use super::{Context, KeyRing, KeyRingError, NONCE_LEN, SealError, key_of};

const OLD: &str = "2025:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "2026:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

const PLACE: Context<'_> = Context { society: "1", table: "bank_accounts", column: "number", row: "42" };

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(text).expect("a key ring")
}

#[test]
fn the_same_bytes_come_out_for_ever() {
    let sealed = ring(OLD).seal(&PLACE, [7; NONCE_LEN], b"1234567").expect("sealed");
    let opened = ring(&format!("{NEW},{OLD}")).open(&PLACE, &sealed).expect("opened");
    assert_eq!(opened.as_slice(), b"1234567");
    assert_eq!(sealed.len(), 2 + 4 + NONCE_LEN + 7 + 16);
    assert_eq!(sealed[..6], *b"\x01\x042025");
}

#[test]
fn the_newest_key_seals_and_old_values_ask_to_be_sealed_again() {
    let both = ring(&format!("{NEW}\n{OLD}\n"));
    let old = ring(OLD).seal(&PLACE, [7; NONCE_LEN], b"x").expect("sealed");
    let new = both.seal(&PLACE, [8; NONCE_LEN], b"x").expect("sealed");
    assert_eq!((key_of(&old), key_of(&new[..6])), (Ok("2025"), Ok("2026")));
    let beginning = both.beginning().expect("a beginning");
    assert!(new.starts_with(&beginning) && !old.starts_with(&beginning));
    assert_eq!((key_of(&new[..5]), key_of(b"")), (Err(SealError::Malformed), Err(SealError::Malformed)));
    assert_eq!(both.ids().collect::<Vec<_>>(), ["2026", "2025"]);
}

#[test]
fn an_unknown_key_is_named() {
    let sealed = ring(OLD).seal(&PLACE, [7; NONCE_LEN], b"x").expect("sealed");
    let error = ring(NEW).open(&PLACE, &sealed).expect_err("another ring");
    assert_eq!(error, SealError::UnknownKey { id: "2025".into() });
    assert!(error.to_string().contains("2025"));
}

#[test]
fn another_key_of_the_same_name_is_refused() {
    let sealed = ring(OLD).seal(&PLACE, [7; NONCE_LEN], b"x").expect("sealed");
    let other = ring(&NEW.replace("2026", "2025"));
    assert_eq!(other.open(&PLACE, &sealed).expect_err("another key"), SealError::Refused);
}

#[test]
fn a_value_moved_elsewhere_is_refused() {
    let ring = ring(OLD);
    let sealed = ring.seal(&PLACE, [7; NONCE_LEN], b"x").expect("sealed");
    let elsewhere = [
        Context { society: "2", ..PLACE },
        Context { table: "totp_seeds", ..PLACE },
        Context { column: "holder", ..PLACE },
        Context { row: "43", ..PLACE },
        Context { column: "number4", row: "2", ..PLACE },
        Context { society: "", table: "1bank_accounts", ..PLACE },
    ];
    for place in elsewhere {
        assert_eq!(ring.open(&place, &sealed).expect_err("another place"), SealError::Refused, "{place:?}");
    }
}

#[test]
fn a_wrong_ring_says_what_is_wrong_and_shows_no_key() {
    let secret = "c2VjcmV0";
    let cases = [
        (String::new(), KeyRingError::Empty),
        (format!("{OLD} {secret}"), KeyRingError::Name { entry: 2 }),
        (format!("Upper:{secret}"), KeyRingError::Name { entry: 1 }),
        (format!("{}:{secret}", "a".repeat(33)), KeyRingError::Name { entry: 1 }),
        (format!("short:{secret}"), KeyRingError::Key { id: "short".into() }),
        (format!("{OLD},{OLD}"), KeyRingError::Twice { id: "2025".into() }),
    ];
    for (text, expected) in cases {
        let error = KeyRing::parse(&text).expect_err("a wrong ring");
        assert!(!error.to_string().contains(secret));
        assert_eq!(error, expected);
    }
    assert_eq!(format!("{:?}", ring(OLD)), r#"["2025"]"#);
}

proptest! {
    #[test]
    fn what_is_sealed_opens(plain: Vec<u8>, nonce: [u8; NONCE_LEN], place: [String; 4]) {
        let [society, table, column, row] = &place;
        let context = Context { society, table, column, row };
        let sealed = ring(OLD).seal(&context, nonce, &plain).expect("sealed");
        let opened = ring(OLD).open(&context, &sealed).expect("opened");
        prop_assert_eq!(opened.as_slice(), plain.as_slice());
    }

    #[test]
    fn two_places_are_never_one(a: [String; 4], b: [String; 4]) {
        prop_assume!(a != b);
        let place = |parts: &[String; 4]| {
            let [society, table, column, row] = parts;
            Context { society, table, column, row }.bytes("key")
        };
        prop_assert_ne!(place(&a), place(&b));
    }

    #[test]
    fn a_changed_value_does_not_open(plain: Vec<u8>, at: prop::sample::Index, change in 1_u8..) {
        let ring = ring(OLD);
        let mut sealed = ring.seal(&PLACE, [7; NONCE_LEN], &plain).expect("sealed");
        let at = at.index(sealed.len());
        sealed[at] ^= change;
        prop_assert!(ring.open(&PLACE, &sealed).is_err());
    }

    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(ring(OLD).open(&PLACE, &bytes).is_err());
    }
}
