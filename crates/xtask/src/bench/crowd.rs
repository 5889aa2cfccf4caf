//! More accounts, more societies, more sessions than commands could make in a bench's time: by SQL, from the ones that
//! commands have made. All have the first account's password.

use anyhow::Result;

use super::place::{Place, USER};

/// The first number of the accounts made here.
pub(crate) const FIRST: u64 = 1_000_000;

/// The token of a browser that brings one: after a login in it, it is known to be the owner's.
pub(crate) const DEVICE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The user ID of the account that was made for this member, with five letters before the number.
pub(crate) fn user_id(letters: &str, member: u64) -> String {
    format!("{letters}{}", FIRST + member)
}

impl Place {
    /// Gives every insured person of the society without an account one, whose user ID is [`user_id`] and whose address
    /// is that at mail.invalid; agreed to the terms.
    pub(crate) fn enrol_everybody(&self, society: u32, letters: &str) -> Result<()> {
        let script = format!(
            "INSERT INTO accounts (society_id, account_id, member_id, household_id, user_id, password_hash, password_set_at,
                 state, email, email_verified_at, wrong_passwords, created_at, origin, enrolled_at)
             SELECT c.society_id, {FIRST} + c.member_id, c.member_id, c.household_id, '{letters}' || ({FIRST} + c.member_id),
                 a.password_hash, a.password_set_at, a.state, '{letters}' || ({FIRST} + c.member_id) || '@mail.invalid',
                 a.created_at, 0, a.created_at, a.origin, a.enrolled_at
             FROM coverages c JOIN accounts a ON a.society_id = c.society_id AND a.user_id = '{USER}'
             WHERE c.society_id = {society} AND c.relationship = 'insured' AND c.member_id <> a.member_id;
             INSERT INTO terms_agreements (society_id, account_id, version, agreed_at, address)
             SELECT a.society_id, a.account_id, t.version, a.created_at, 'bench'
             FROM accounts a JOIN terms t ON t.society_id = a.society_id
             WHERE a.society_id = {society} AND a.account_id > {FIRST};"
        );
        self.sql(&script).map(drop)
    }

    /// The numbers of the members that [`Place::enrol_everybody`] made accounts for.
    pub(crate) fn members(&self, society: u32) -> Result<Vec<u64>> {
        let script = format!(
            "SELECT member_id FROM accounts WHERE society_id = {society} AND account_id > {FIRST} ORDER BY member_id;"
        );
        Ok(self.sql(&script)?.lines().flat_map(str::parse).collect())
    }

    /// Makes copies of the first society, with its register and accounts, until there are so many. The copy N answers at
    /// `sN.localhost`.
    pub(crate) fn copy_society(&self, until: u32) -> Result<()> {
        let mut script = format!(
            "INSERT INTO societies (society_id, key, host, name, created_at)
             WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {until})
             SELECT i, key || i, 's' || i || '.localhost', name || i, created_at FROM n, societies WHERE society_id = 1;"
        );
        for (table, columns) in COPIED {
            script.push_str(&format!(
                "INSERT INTO {table} (society_id, {columns})
                 SELECT s.society_id, t.* FROM societies s, (SELECT {columns} FROM {table} WHERE society_id = 1) t
                 WHERE s.society_id > 1;"
            ));
        }
        self.sql(&script).map(drop)
    }
}

/// The tables and columns of a society's copy, each after those that it needs.
const COPIED: &[(&str, &str)] = &[
    ("society_policies", "version, policy, valid_from"),
    ("counters", "name, next_id"),
    ("households", "household_id, created_at"),
    ("members", "member_id, name, kana, sex, birth_date"),
    (
        "coverages",
        "member_id, from_date, to_date, household_id, insurer_number, symbol, number, branch, relationship, holder_key",
    ),
    (
        "accounts",
        "account_id, member_id, household_id, user_id, password_hash, password_set_at, state, email, email_verified_at, \
         wrong_passwords, created_at, origin, enrolled_at",
    ),
    ("terms", "version, body, valid_from, created_at"),
    ("terms_agreements", "account_id, version, agreed_at, address"),
];
