use proptest::prelude::*;

use super::{Strength, Weakness, strength, weakness};
use crate::code::temporary_password;

/// The data of Hanako Tanaka, born on 22 August 1979.
const OWN: [&str; 6] = ["thanako", "hanachan@mail.example", "タナカ ハナコ", "tanaka hanako", "1234-56789", "19790822"];

#[test]
fn what_would_be_guessed_is_refused() {
    let refused = [
        ("password1", Weakness::Common),
        ("P@ssw0rd", Weakness::Common),
        ("Sunshine2026!", Weakness::Common),
        ("drowssap", Weakness::Common),
        ("ｐａｓｓｗｏｒｄ", Weakness::Common),
        ("ぱすわーど", Weakness::Common),
        ("daijobu2026", Weakness::Common),
        ("himitsu123", Weakness::Common),
        ("qwertyuiop", Weakness::Common),
        ("kenpo2026", Weakness::Context),
        ("K3npo-2026", Weakness::Context),
        ("kenkouhoken1", Weakness::Context),
        ("iryouhi0401", Weakness::Context),
        ("健保組合2026", Weakness::Context),
        ("yuiportal123", Weakness::Context),
        ("tanaka0401", Weakness::Name),
        ("Satoh2026!", Weakness::Name),
        ("watanabehanako", Weakness::Name),
        ("19790822ab", Weakness::Date),
        ("1979-08-22", Weakness::Date),
        ("1979年8月22日", Weakness::Date),
        ("22081979", Weakness::Date),
        ("s540822s540822", Weakness::Date),
        ("showa54-8-22", Weakness::Date),
        ("aaaaaaaaaaaaaaaaaaaa", Weakness::Repetition),
        ("abcdefghijkl", Weakness::Repetition),
        ("poiuytrewlkj", Weakness::Repetition),
        ("xyqxyqxyqxyq", Weakness::Repetition),
    ];
    for (password, reason) in refused {
        assert_eq!(weakness(password, &[]), Some(reason), "{password}");
        assert_eq!(strength(password, &[]), Strength::Weak, "{password}");
    }
}

#[test]
fn what_an_acquaintance_knows_is_refused() {
    for password in [
        "thanako1",
        "1thanako",
        "okanaht99",
        "hanachan1979",
        "タナカハナコ",
        "tanakahanako",
        "0822thanako",
        "56789thanako",
        "822thanako",
        "790822790822",
        "hanachan@mail.example1",
    ] {
        assert_eq!(weakness(password, &OWN), Some(Weakness::OwnData), "{password}");
    }
    assert_eq!(weakness("thanako-qzxv-84", &[]), None);
}

#[test]
fn good_passwords_pass() {
    for password in [
        "Kumo-no-ue-2026",
        "correct horse battery staple",
        "雲の上のさくら餅",
        "tanuki no kinchaku 7 tsu",
        "v8Kq2nZx",
        "gRt7!wpLz2",
        "mizuiro-no-isu-ga-3-kyaku",
        "x7k2m9qd4w",
    ] {
        assert_eq!(weakness(password, &OWN), None, "{password}");
        assert!(strength(password, &OWN) >= Strength::Fair, "{password}");
    }
}

#[test]
fn longer_is_stronger() {
    let strengths = ["v8Kq2", "v8Kq2nZx", "v8Kq2nZxw4", "v8Kq2nZxw4Hs7b"].map(|password| strength(password, &[]));
    assert_eq!(strengths, [Strength::Weak, Strength::Fair, Strength::Good, Strength::Strong]);
}

#[test]
fn nothing_is_weak_and_has_no_reason() {
    assert_eq!((weakness("", &OWN), strength("", &OWN)), (None, Strength::Weak));
    assert_eq!((weakness("zqj", &[""]), strength("zqj", &[""])), (None, Strength::Weak));
}

#[test]
fn the_longest_password_is_judged_at_once() {
    let start = std::time::Instant::now();
    assert_eq!(strength(&"v8Kq2nZxw4Hs7b!さ".repeat(1_000), &OWN), Strength::Strong);
    assert!(start.elapsed().as_secs() < 2);
}

proptest! {
    #[test]
    fn temporary_passwords_are_good(random: [u8; 16]) {
        prop_assert_eq!(weakness(&temporary_password(random), &OWN), None);
    }

    #[test]
    fn any_text_is_judged(password: String, own: Vec<String>) {
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        if weakness(&password, &own).is_some() {
            prop_assert_eq!(strength(&password, &own), Strength::Weak);
        }
    }

    #[test]
    fn more_known_of_the_owner_is_never_stronger(password in "[a-z0-9]{1,20}", own in "[a-z0-9]{1,10}") {
        prop_assert!(strength(&password, &[&own]) <= strength(&password, &[]));
    }
}
