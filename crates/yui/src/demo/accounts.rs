//! The accounts to try.

use yui_auth::totp::{KEY_LEN, TotpKey};

use crate::{
    core::{
        role::Role,
        society::{Factor, Policy},
    },
    features::account::{create::FirstFactor, steps::AccountState},
};

/// An account of every demo society, for the household of that place in the list.
#[derive(Debug)]
pub(super) struct DemoAccount {
    /// The word in `/demo.json`.
    pub(super) state: &'static str,
    pub(super) user_id: &'static str,
    pub(super) household: usize,
    pub(super) account_state: AccountState,
    pub(super) locked: bool,
}

/// The password of every account: the demo's data is invented, and it listens on this machine alone.
pub(super) const PASSWORD: &str = "Kumo-no-ue-2026";

pub(super) const ACCOUNTS: [DemoAccount; 4] = [
    DemoAccount {
        state: "enrolled",
        user_id: "testtaro01",
        household: 0,
        account_state: AccountState::Enrolled,
        locked: false,
    },
    DemoAccount {
        state: "enrolled",
        user_id: "mihon00002",
        household: 7,
        account_state: AccountState::Enrolled,
        locked: false,
    },
    DemoAccount {
        state: "temporary",
        user_id: "kari000003",
        household: 2,
        account_state: AccountState::Temporary,
        locked: false,
    },
    DemoAccount {
        state: "locked",
        user_id: "rokku00004",
        household: 3,
        account_state: AccountState::Enrolled,
        locked: true,
    },
];

/// The staff of every demo society: what stands before the `@`, name and role. Password and app are the accounts'.
pub(super) const STAFF: [(&str, &str, Role); 4] = [
    ("kanri", "管理 花子", Role::Admin),
    ("kyufu", "給付 次郎", Role::Benefits),
    ("madoguchi", "窓口 三枝", Role::Desk),
    ("etsuran", "閲覧 四郎", Role::Viewer),
];

/// Returns the address of an account at a society.
pub(super) fn email(user_id: &str, society: &str) -> String {
    format!("{user_id}@{society}.example")
}

/// The key of every account's app: no secret, so that anybody can try the demo's second factor.
pub(super) fn totp_key() -> TotpKey {
    const KEY: [u8; KEY_LEN] = *b"yui demo second step";
    TotpKey::from_random(KEY)
}

/// Returns the factor that the demo's enrolled accounts have at a society with this policy.
pub(super) fn first_factor<'a>(policy: &Policy, key: &'a TotpKey) -> Option<FirstFactor<'a>> {
    match policy.factors.as_slice() {
        [] => None,
        factors if factors.contains(&Factor::App) => Some(FirstFactor::App(key)),
        _ => Some(FirstFactor::Email),
    }
}
