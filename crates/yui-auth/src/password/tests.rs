use proptest::prelude::*;

use super::engine::{Memory, is_equal, small};
use super::hasher::IDLE;
use super::phc::{Cost, Stored};
use super::{Engine, HashError, Hasher, Password, SALT_LEN, engine, needs_rehash};
use crate::fair::Turn;

const TURN: Turn = Turn { society: 1, network: 1, account: 0 };
const SALT: [u8; SALT_LEN] = *b"0123456789abcdef";

/// `ひみつの言葉` as the reference implementation in C hashes it.
const REFERENCE: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9TXAjuoUSXCX0p1YN50j5OG+zqWgeKQFfmS5+kJz9dI";

/// `secret` with parameters that were never today's, by the reference implementation.
const OLD: [&str; 2] = [
    "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$39tbUSD70LTTCIyCWo9t5sDidhNPptw1P94ISzTyALc",
    "$argon2i$v=19$m=7168,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$3v4HEGc8GnUVyPj+tMhlQTgUmvQzE0lwuKminuiH808",
];

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

#[tokio::test]
async fn the_hash_is_that_of_the_reference_implementation() {
    let phc = Hasher::new(2, 8).hash(TURN, password("ひみつの言葉"), SALT).await.expect("a hash");
    assert_eq!(phc, REFERENCE);
    assert!(!needs_rehash(&phc));
}

#[tokio::test]
async fn the_right_password_matches_and_no_other() {
    let hasher = Hasher::new(2, 8);
    let right = hasher.verify(TURN, password("ひみつの言葉"), Some(REFERENCE)).await.expect("an answer");
    assert!(right.matches && !right.needs_rehash);
    for wrong in ["ひみつの言葉 ", "", "ひみつ"] {
        let answer = hasher.verify(TURN, password(wrong), Some(REFERENCE)).await.expect("an answer");
        assert!(!answer.matches && !answer.needs_rehash, "{wrong:?}");
    }
}

#[tokio::test]
async fn an_old_hash_still_matches_and_asks_for_a_new_one() {
    let hasher = Hasher::new(1, 8);
    for old in OLD {
        let answer = hasher.verify(TURN, password("secret"), Some(old)).await.expect("an answer");
        assert!(answer.matches && answer.needs_rehash, "{old}");
        let wrong = hasher.verify(TURN, password("Secret"), Some(old)).await.expect("an answer");
        assert!(!wrong.matches && !wrong.needs_rehash, "{old}");
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_matches_and_asks_for_a_new_one() {
    let (today, least) = (Hasher::new(1, 8), Hasher::new(1, 8).with_cost(Cost::Least));
    let cheap = least.hash(TURN, password("secret"), SALT).await.expect("a hash");
    assert!(cheap.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{cheap}");
    assert!(needs_rehash(&cheap) && !needs_rehash(REFERENCE));
    for (hasher, typed, stored, is_old) in [
        (&least, "secret", cheap.as_str(), false),
        (&today, "secret", cheap.as_str(), true),
        (&least, "ひみつの言葉", REFERENCE, true),
    ] {
        let answer = hasher.verify(TURN, password(typed), Some(stored)).await.expect("an answer");
        assert!(answer.matches && answer.needs_rehash == is_old, "{stored}");
        let wrong = hasher.verify(TURN, password("Secret"), Some(stored)).await.expect("an answer");
        assert!(!wrong.matches && !wrong.needs_rehash, "{stored}");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_a_stored_hash() {
    let hasher = Hasher::new(1, 8);
    for stored in [None, Some(""), Some("plain"), Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ")] {
        let answer = hasher.verify(TURN, password(""), stored).await.expect("an answer");
        assert!(!answer.matches && !answer.needs_rehash, "{stored:?}");
    }
}

#[tokio::test]
async fn hashes_beyond_a_societys_first_give_way_to_others() {
    let hasher = Hasher::new(1, 8);
    let tries = |society| hasher.verify(Turn { society, ..TURN }, password("x"), None);
    let answers = tokio::join!(tries(1), tries(1), tries(2));
    assert!(answers.0.is_ok() && answers.1.is_ok() && answers.2.is_ok());
    #[cfg(target_os = "linux")]
    {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let of_this_thread = priority();
        assert_eq!(super::hasher::run_later(priority).await.unwrap(), of_this_thread.max(10));
        assert_eq!(tokio::task::spawn_blocking(priority).await.unwrap(), of_this_thread);
    }
}

#[tokio::test]
async fn a_full_line_says_so_at_once_and_serves_those_in_it() {
    let hasher = Hasher::new(1, 1);
    let try_one = || hasher.verify(TURN, password("x"), None);
    let (runs, waits, turned_away) = tokio::join!(try_one(), try_one(), try_one());
    assert!(runs.is_ok() && waits.is_ok());
    assert!(matches!(turned_away, Err(HashError::Busy)));
    assert!(try_one().await.is_ok(), "the line is free again");
}

#[tokio::test]
async fn a_caller_that_leaves_the_line_gives_up_its_place() {
    let hasher = Hasher::new(1, 1);
    let runs = tokio::spawn({
        let hasher = hasher.clone();
        async move { hasher.verify(TURN, password("x"), None).await }
    });
    tokio::task::yield_now().await;
    let mut waits = Box::pin(hasher.verify(TURN, password("x"), None));
    assert!(answer_now(&mut waits).await.is_none());
    drop(waits);
    assert!(hasher.verify(TURN, password("x"), None).await.is_ok());
    assert!(runs.await.expect("the task ends").is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_memory_is_kept_for_a_moment_and_then_given_back() {
    let hasher = Hasher::new(2, 8);
    // Each is the first of its society: the paused clock stands still for tokio's own threads only.
    let try_one = |society| hasher.verify(Turn { society, ..TURN }, password("x"), None);
    let answers = tokio::join!(try_one(1), try_one(2), try_one(3), try_one(4));
    assert!(answers.0.is_ok() && answers.1.is_ok() && answers.2.is_ok() && answers.3.is_ok());
    tokio::time::advance(IDLE / 2).await;
    assert!(!hasher.keeps_no_memory());
    assert!(try_one(1).await.is_ok());
    settle().await;
    tokio::time::advance(IDLE * 3 / 4).await;
    settle().await;
    assert!(!hasher.keeps_no_memory(), "used half a second ago");
    tokio::time::advance(IDLE / 2).await;
    settle().await;
    assert!(hasher.keeps_no_memory());
    assert!(try_one(1).await.is_ok());
    assert!(!hasher.keeps_no_memory(), "and so again");
}

/// Lets the other tasks run that can.
async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_attempt_costs_one_hash_of_the_same_price() {
    let hasher = Hasher::new(1, 8);
    let attempts = [
        ("known and right", "ひみつの言葉", Some(REFERENCE)),
        ("known and wrong", "x", Some(REFERENCE)),
        ("unknown", "x", None),
        ("nothing stored", "x", Some("")),
        ("junk stored", "x", Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ")),
        ("empty", "", Some(REFERENCE)),
        ("empty and unknown", "", None),
    ];
    for ((attempt, typed, stored), before) in attempts.into_iter().zip(0..) {
        assert_eq!(hasher.hashes(), before);
        hasher.verify(TURN, password(typed), stored).await.expect("an answer");
        assert_eq!(hasher.hashes(), before + 1, "{attempt}");
    }
    let known = Stored::parse(REFERENCE).expect("a hash");
    assert!(known.is_of(Cost::Today) && Stored::of_nobody(Cost::Today, SALT).expect("today's").is_of(Cost::Today));
}

#[test]
fn the_fast_engine_is_proved_here() {
    assert_eq!(engine(), Engine::Fast);
}

#[test]
fn debug_shows_no_password() {
    assert_eq!(format!("{:?}", password("ひみつ")), "Password(***)");
}

/// The future's answer if it has one without waiting.
async fn answer_now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
        std::task::Poll::Ready(answer) => std::task::Poll::Ready(Some(answer)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_stored_hash_fits_its_password_only(right: String, wrong: String, salt: [u8; SALT_LEN]) {
        prop_assume!(right != wrong);
        let mut memory = Memory::default();
        let fresh = Stored::of_nobody(Cost::Today, salt).expect("today's parameters");
        let phc = fresh.to_phc(&fresh.hash(right.as_bytes(), &mut memory).expect("a hash"));
        let stored = Stored::parse(&phc).expect("a PHC string");
        prop_assert!(stored.matches(&stored.hash(right.as_bytes(), &mut memory).expect("a hash")));
        prop_assert!(!stored.matches(&stored.hash(wrong.as_bytes(), &mut memory).expect("a hash")));
        prop_assert!(!needs_rehash(&phc));
    }
}

proptest! {
    #[test]
    fn any_text_can_be_asked_about(text: String) {
        prop_assert!(needs_rehash(&text));
    }
}

proptest! {
    #[test]
    fn both_engines_agree(password: Vec<u8>, salt in prop::collection::vec(any::<u8>(), 8..40), passes in 1..4_u32) {
        let stored = small(&salt, passes).expect("parameters");
        prop_assert!(is_equal(&stored, &password));
    }
}
