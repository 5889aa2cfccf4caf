use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::core::society::Preset;

fn factor() -> impl Strategy<Value = Factor> {
    prop::sample::select(vec![Factor::Passkey, Factor::App, Factor::Email])
}

fn first() -> impl Strategy<Value = PrimaryFactor> {
    prop_oneof![
        any::<bool>().prop_map(|known_device| PrimaryFactor::Password { known_device }),
        Just(PrimaryFactor::Passkey),
        Just(PrimaryFactor::Link),
    ]
}

fn second() -> impl Strategy<Value = SecondFactor> {
    prop::sample::select(vec![SecondFactor::Passkey, SecondFactor::App, SecondFactor::Email, SecondFactor::Recovery])
}

const NOW: i64 = 1_800_000_000;

fn instant(hours_ago: i64) -> Timestamp {
    Timestamp::from_second(NOW - hours_ago * 3600).unwrap()
}

prop_compose! {
    fn progress()(
        identity_checked: bool,
        pending_email in prop::option::of(Just("a@b.example".to_owned())),
        user_id in prop::option::of(Just("own-id".to_owned())),
        factor in prop::option::of(factor()),
        detailed: bool,
    ) -> EnrolmentProgress {
        let details = Details {
            user_id: "own-id".into(),
            password_hash: "hash".into(),
            email: None,
            mail_wanted: Vec::new(),
        };
        EnrolmentProgress { identity_checked, pending_email, user_id, factor, details: detailed.then_some(details) }
    }
}

prop_compose! {
    fn account()(
        state in prop::sample::select(vec![AccountState::Temporary, AccountState::Enrolled, AccountState::Stopped]),
        locked: bool,
        password_age in prop::sample::select(vec![0_i64, 100, 30_000, 60_000]),
        ends_in in prop::option::of(-10_i64..10),
        password_must_change: bool,
        wrong_codes in prop::sample::select(vec![0, 99, 100]),
        email_verified: bool,
        enrolment in progress(),
        factors in prop::collection::vec(factor(), 0..3),
        current_terms in prop::option::of(1_i64..4),
        agreed_terms in prop::option::of(1_i64..4),
    ) -> AuthAccount {
        AuthAccount {
            account_id: 1,
            revision: 0,
            state,
            locked_at: locked.then(|| instant(1)),
            user_id: "user".into(),
            password_set_at: instant(password_age),
            password_ends_at: ends_in.map(|hours| instant(-hours)),
            password_must_change,
            mailed_password: None,
            wrong_codes,
            email: None,
            email_verified,
            enrolment,
            chosen_factor: None,
            factors,
            current_terms,
            agreed_terms,
        }
    }
}

prop_compose! {
    fn proofs()(
        purpose in prop::sample::select(vec![Purpose::SignIn, Purpose::Reset, Purpose::Confirm]),
        first in prop::option::of(first()),
        second in prop::option::of(second()),
        password_set: bool,
        password_age in prop::sample::select(vec![0_i64, 100, 30_000]),
        enrolled_now: bool,
        factor_postponed: bool,
    ) -> LoginState {
        let password_at = Some(instant(password_age));
        LoginState { purpose, first, password_at, second, password_set, enrolled_now, factor_postponed, ..LoginState::default() }
    }
}

fn preset() -> impl Strategy<Value = Preset> {
    prop::sample::select(Preset::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Whatever the account and whatever was proved in whatever order: nothing opens without every proof.
    #[test]
    fn nothing_opens_without_every_proof(account in account(), proofs in proofs(), preset in preset()) {
        let (policy, now) = (preset.policy().unwrap(), instant(0));
        let due = step(&account, &proofs, &policy, now);
        if due != Step::Open {
            return Ok(());
        }
        prop_assert_eq!(account.state, AccountState::Enrolled);
        let first = proofs.first.expect("a first proof");
        let by_password = matches!(first, PrimaryFactor::Password { .. });
        if account.locked_at.is_some() {
            let no_stranger = matches!(first, PrimaryFactor::Passkey | PrimaryFactor::Password { known_device: true });
            prop_assert!(no_stranger, "a locked account");
        }
        if by_password {
            prop_assert_eq!(proofs.password_at, Some(account.password_set_at), "an old password");
            prop_assert!(account.password_ends_at.is_none_or(|end| end > now), "a dead password");
        }
        if !account.factors.is_empty() {
            prop_assert!(first == PrimaryFactor::Passkey || proofs.second.is_some(), "no second factor");
        }
        if first == PrimaryFactor::Link {
            prop_assert!(proofs.purpose == Purpose::Reset && proofs.password_set && proofs.second.is_some());
        }
        if proofs.purpose != Purpose::Confirm {
            prop_assert!(!terms_due(&account));
            prop_assert!(first == PrimaryFactor::Passkey || !password_due(&account, &policy, now));
            let usable = account.factors.iter().any(|factor| policy.factors.contains(factor));
            prop_assert!(policy.factors.is_empty() || usable || (proofs.enrolled_now && proofs.factor_postponed));
        }
    }

    /// A temporary account never gets further than enrolment, and a new password is set only by whom it concerns.
    #[test]
    fn a_password_is_set_only_by_enrolment_a_link_or_its_owner(account in account(), proofs in proofs(), preset in preset()) {
        let (policy, now) = (preset.policy().unwrap(), instant(0));
        if step(&account, &proofs, &policy, now) != Step::Password {
            return Ok(());
        }
        match account.state {
            AccountState::Temporary => {
                prop_assert!(account.enrolment.identity_checked && account.enrolment.user_id.is_some());
                prop_assert!(account.email_verified || policy.email != EmailRule::RequiredVerified);
            }
            AccountState::Enrolled if proofs.purpose == Purpose::Reset => {
                prop_assert_eq!(proofs.first, Some(PrimaryFactor::Link));
                prop_assert!(account.locked_at.is_none());
            }
            _ => {
                let by_password = matches!(proofs.first, Some(PrimaryFactor::Password { .. }));
                prop_assert!(by_password, "its own password is due");
                prop_assert!(account.factors.is_empty() || proofs.second.is_some());
            }
        }
    }
}

fn enrolled() -> AuthAccount {
    AuthAccount {
        account_id: 1,
        revision: 0,
        state: AccountState::Enrolled,
        locked_at: None,
        user_id: "user".into(),
        password_set_at: instant(1),
        password_ends_at: None,
        password_must_change: false,
        mailed_password: None,
        wrong_codes: 0,
        email: None,
        email_verified: true,
        enrolment: EnrolmentProgress::default(),
        chosen_factor: None,
        factors: Vec::new(),
        current_terms: Some(2),
        agreed_terms: Some(2),
    }
}

/// Spec 10-account, C: unfinished enrolment, changed terms, expired password, factor to register, then the page asked for.
#[test]
fn what_is_due_comes_in_the_order_of_the_specification() {
    let policy = Preset::Soyokaze.policy().unwrap();
    let policy = Policy { factors: vec![Factor::Email], ..policy };
    let now = instant(0);
    let old = now.checked_sub(SignedDuration::from_hours(24 * 366 * 3)).unwrap();
    let first = Some(PrimaryFactor::Password { known_device: false });
    let proofs = LoginState { first, password_at: Some(old), ..LoginState::default() };
    let mut account = AuthAccount { password_set_at: old, agreed_terms: Some(1), ..enrolled() };
    assert_eq!(
        step(&AuthAccount { state: AccountState::Temporary, ..account.clone() }, &proofs, &policy, now),
        Step::Identity
    );
    assert_eq!(step(&account, &proofs, &policy, now), Step::Terms);
    account.agreed_terms = Some(2);
    assert_eq!(step(&account, &proofs, &policy, now), Step::Password);
    account.password_set_at = now;
    assert_eq!(
        step(&account, &proofs, &policy, now),
        Step::Refused(LoginRefusal::NoProof),
        "the old one proves nothing more"
    );
    let proofs = LoginState { password_at: Some(now), ..proofs };
    assert_eq!(step(&account, &proofs, &policy, now), Step::AddFactor);
    account.factors = vec![Factor::Email];
    assert_eq!(step(&account, &proofs, &policy, now), Step::Factor);
    let proofs = LoginState { second: Some(SecondFactor::Email), ..proofs };
    assert_eq!(step(&account, &proofs, &policy, now), Step::Open);
}
