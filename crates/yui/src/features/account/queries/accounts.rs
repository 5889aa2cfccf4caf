//! Accounts: their data, and every change of their owners' credentials. Each such change raises the revision, so that a
//! step that looked at the account before the change is not taken.

use jiff::Timestamp;
use yui_db::{Db, DbError, Query, Tx, statements};

use crate::{
    core::{
        scope::SystemScope,
        society::{Factor, InSociety},
    },
    features::account::steps::{AccountState, AuthAccount, EnrolmentProgress, WRONG_CODES, WRONG_IDENTITIES},
    ui::Lang,
};

statements! {
    fn state_counts(society_id: i64) -> InState = "
        SELECT state, COUNT(*) AS accounts, COUNT(locked_at) AS locked FROM accounts
        WHERE society_id = $1 GROUP BY state ORDER BY state";
    fn standing_by_user_id(society_id: i64, user_id: &str, now: Timestamp) -> StandingRow = "
        SELECT a.account_id, a.revision, a.state, a.locked_at, a.user_id, a.password_hash, a.password_set_at,
            a.password_ends_at, a.password_must_change, a.mailed_password_hash, a.mailed_password_ends_at, a.wrong_codes,
            a.email, a.email_verified_at, a.enrolment, a.chosen_factor,
            (SELECT MAX(t.version) FROM terms t WHERE t.society_id = a.society_id AND t.valid_from <= $3) AS current_terms,
            (SELECT MAX(g.version) FROM terms_agreements g
                WHERE g.society_id = a.society_id AND g.account_id = a.account_id) AS agreed_terms
        FROM accounts a WHERE a.society_id = $1 AND a.user_id = $2";
    fn standing(society_id: i64, account_id: i64, now: Timestamp) -> StandingRow = "
        SELECT a.account_id, a.revision, a.state, a.locked_at, a.user_id, a.password_hash, a.password_set_at,
            a.password_ends_at, a.password_must_change, a.mailed_password_hash, a.mailed_password_ends_at, a.wrong_codes,
            a.email, a.email_verified_at, a.enrolment, a.chosen_factor,
            (SELECT MAX(t.version) FROM terms t WHERE t.society_id = a.society_id AND t.valid_from <= $3) AS current_terms,
            (SELECT MAX(g.version) FROM terms_agreements g
                WHERE g.society_id = a.society_id AND g.account_id = a.account_id) AS agreed_terms
        FROM accounts a WHERE a.society_id = $1 AND a.account_id = $2";
    fn factor_kinds(society_id: i64, account_id: i64) -> String = "
        SELECT DISTINCT kind FROM factors WHERE society_id = $1 AND account_id = $2 ORDER BY kind";
    fn account_insert(
        society_id: i64,
        account_id: i64,
        member_id: i64,
        household_id: i64,
        user_id: &str,
        password_hash: &str,
        now: Timestamp,
        state: &str,
        email: Option<&str>,
        locked_at: Option<Timestamp>,
        password_ends_at: Option<Timestamp>,
        origin: &str,
    ) = "
        INSERT INTO accounts (society_id, account_id, member_id, household_id, user_id, password_hash, password_set_at,
            state, email, wrong_passwords, locked_at, created_at, password_ends_at, origin)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $7, $11, $12)";
    fn account_id(society_id: i64, user_id: &str) -> i64 =
        "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND user_id = $2";
    fn email_owner(society_id: i64, email: &str) -> i64 =
        "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND email = $2";
    fn password_wrong(society_id: i64, account_id: i64, limit: i32, now: Timestamp) -> i32 = "
        UPDATE accounts
        SET wrong_passwords = wrong_passwords + 1,
            revision = CASE WHEN locked_at IS NULL AND wrong_passwords + 1 >= $3 THEN revision + 1 ELSE revision END,
            locked_at = CASE WHEN locked_at IS NULL AND wrong_passwords + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2
            AND (state <> 'temporary' OR first_way IS NULL OR first_way <> 'link')
        RETURNING wrong_passwords AS count";
    fn guessable_begins(society_id: i64, account_id: i64, begins: i32) = "
        UPDATE accounts SET wrong_passwords = $3
        WHERE society_id = $1 AND account_id = $2 AND first_way = 'numbers' AND state = 'temporary'
            AND wrong_passwords < $3";
    fn guessable(society_id: i64, now: Timestamp) -> bool = "
        SELECT EXISTS (SELECT 1 FROM accounts
            WHERE society_id = $1 AND first_way = 'numbers' AND state = 'temporary' AND password_ends_at > $2) AS any_there";
    fn identity_wrong(society_id: i64, account_id: i64, limit: i32, now: Timestamp) -> i32 = "
        UPDATE accounts
        SET wrong_identities = wrong_identities + 1,
            revision = CASE WHEN wrong_identities + 1 >= $3 THEN revision + 1 ELSE revision END,
            locked_at = CASE WHEN wrong_identities + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2
        RETURNING wrong_identities AS count";
    fn code_wrong(society_id: i64, account_id: i64, limit: i32, now: Timestamp) -> i32 = "
        UPDATE accounts
        SET wrong_codes = wrong_codes + 1,
            revision = CASE WHEN wrong_codes + 1 >= $3 THEN revision + 1 ELSE revision END,
            locked_at = CASE WHEN wrong_codes + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2
        RETURNING wrong_codes AS count";
    fn lock(society_id: i64, account_id: i64, now: Timestamp) = "
        UPDATE accounts SET locked_at = $3, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND locked_at IS NULL";
    fn logged_in(society_id: i64, account_id: i64, now: Timestamp) = "
        UPDATE accounts SET last_login_at = $3, wrong_codes = 0,
            wrong_passwords = CASE WHEN locked_at IS NULL THEN 0 ELSE wrong_passwords END
        WHERE society_id = $1 AND account_id = $2";
    fn last_login(society_id: i64, account_id: i64) -> Option<jiff::Timestamp> =
        "SELECT last_login_at FROM accounts WHERE society_id = $1 AND account_id = $2";
    fn unlock(society_id: i64, user_id: &str) -> i64 = "
        UPDATE accounts
        SET wrong_passwords = 0, wrong_codes = 0, wrong_identities = 0, locked_at = NULL, revision = revision + 1
        WHERE society_id = $1 AND user_id = $2
        RETURNING account_id AS id";
    fn stop(society_id: i64, account_id: i64) = "
        UPDATE accounts
        SET stopped_from = state, state = 'stopped', mailed_password_hash = NULL, mailed_password_ends_at = NULL,
            revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state <> 'stopped'";
    fn resume(society_id: i64, account_id: i64) = "
        UPDATE accounts
        SET state = COALESCE(stopped_from,
                CASE WHEN enrolled_at IS NULL AND last_login_at IS NULL THEN 'temporary' ELSE 'enrolled' END),
            stopped_from = NULL, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'stopped'";
    fn progress(society_id: i64, account_id: i64, text: &str, revision: i64) = "
        UPDATE accounts SET enrolment = $3, wrong_identities = 0, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary' AND revision = $4";
    fn email_set(society_id: i64, account_id: i64, email: Option<&str>, verified_at: Option<Timestamp>) = "
        UPDATE accounts SET email = $3, email_verified_at = $4, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2";
    fn user_id_set(society_id: i64, account_id: i64, user_id: &str) =
        "UPDATE accounts SET user_id = $3, revision = revision + 1 WHERE society_id = $1 AND account_id = $2";
    fn password_set(
        society_id: i64,
        account_id: i64,
        hash: &str,
        set_at: Timestamp,
        ends_at: Option<Timestamp>,
        must_change: bool,
    ) = "
        UPDATE accounts
        SET password_hash = $3, password_set_at = $4, password_ends_at = $5, password_must_change = $6,
            mailed_password_hash = NULL, mailed_password_ends_at = NULL,
            wrong_passwords = CASE WHEN locked_at IS NULL THEN 0 ELSE wrong_passwords END, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2";
    fn password_mailed(society_id: i64, account_id: i64, hash: &str, ends_at: Timestamp) = "
        UPDATE accounts SET mailed_password_hash = $3, mailed_password_ends_at = $4
        WHERE society_id = $1 AND account_id = $2";
    fn mailed_password_use(society_id: i64, account_id: i64, hash: &str, now: Timestamp, must_change: bool) = "
        UPDATE accounts
        SET password_hash = mailed_password_hash, password_set_at = $4, password_ends_at = mailed_password_ends_at,
            password_must_change = $5, mailed_password_hash = NULL, mailed_password_ends_at = NULL, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND mailed_password_hash = $3";
    fn password_rehashed(society_id: i64, account_id: i64, hash: &str, revision: i64) = "
        UPDATE accounts SET password_hash = $3 WHERE society_id = $1 AND account_id = $2 AND revision = $4";
    fn enrolled(society_id: i64, account_id: i64, user_id: &str, now: Timestamp) = "
        UPDATE accounts
        SET state = 'enrolled', user_id = $3, enrolment = NULL, enrolled_at = $4, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary'";
    fn chosen_factor(society_id: i64, account_id: i64, factor: Option<&str>) =
        "UPDATE accounts SET chosen_factor = $3 WHERE society_id = $1 AND account_id = $2";
    fn lang_set(society_id: i64, account_id: i64, lang: &str) =
        "UPDATE accounts SET lang = $3 WHERE society_id = $1 AND account_id = $2";
    fn handle_set(society_id: i64, account_id: i64, fresh: &[u8]) -> Handle = "
        UPDATE accounts SET handle = COALESCE(handle, $3) WHERE society_id = $1 AND account_id = $2 RETURNING handle";
    fn account_by_handle(society_id: i64, handle: &[u8]) -> i64 =
        "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND handle = $2";
}

#[derive(yui_db::Row)]
struct StandingRow {
    account_id: i64,
    revision: i64,
    state: String,
    locked_at: Option<jiff::Timestamp>,
    user_id: String,
    password_hash: String,
    password_set_at: jiff::Timestamp,
    password_ends_at: Option<jiff::Timestamp>,
    password_must_change: bool,
    mailed_password_hash: Option<String>,
    mailed_password_ends_at: Option<jiff::Timestamp>,
    wrong_codes: i32,
    email: Option<String>,
    email_verified_at: Option<jiff::Timestamp>,
    enrolment: Option<String>,
    chosen_factor: Option<String>,
    current_terms: Option<i64>,
    agreed_terms: Option<i64>,
}

impl StandingRow {
    fn into_auth_account(self, factors: Vec<Factor>) -> Option<(AuthAccount, String)> {
        let jiff = |instant: Option<jiff::Timestamp>| instant;
        let enrolment = self.enrolment.map(|text| serde_json::from_str::<EnrolmentProgress>(&text)).transpose();
        let enrolment = enrolment
            .inspect_err(|error| tracing::error!("enrolment state unreadable, enrolment starts over: {error}"));
        let account = AuthAccount {
            account_id: self.account_id,
            revision: self.revision,
            state: AccountState::parse(&self.state)?,
            locked_at: jiff(self.locked_at),
            user_id: self.user_id,
            password_set_at: self.password_set_at,
            password_ends_at: jiff(self.password_ends_at),
            password_must_change: self.password_must_change,
            mailed_password: self.mailed_password_hash.zip(jiff(self.mailed_password_ends_at)),
            wrong_codes: self.wrong_codes,
            email: self.email,
            email_verified: self.email_verified_at.is_some(),
            enrolment: enrolment.ok().flatten().unwrap_or_default(),
            chosen_factor: self.chosen_factor.as_deref().and_then(Factor::parse),
            factors,
            current_terms: self.current_terms,
            agreed_terms: self.agreed_terms,
        };
        Some((account, self.password_hash))
    }
}

async fn factor_kinds(db: &Db, scope: &impl InSociety, account_id: i64) -> Result<Vec<Factor>, DbError> {
    let kinds = db.all(Sql::factor_kinds(scope.society_id(), account_id)).await?;
    Ok(kinds.iter().filter_map(|row| Factor::parse(row)).collect())
}

/// Returns the account with this user ID, and its password hash. An unknown one costs as many statements.
pub(crate) async fn auth_account_by_user_id(
    db: &Db,
    scope: &impl InSociety,
    user_id: &str,
    now: Timestamp,
) -> Result<Option<(AuthAccount, String)>, DbError> {
    let row: Option<StandingRow> = db.optional(Sql::standing_by_user_id(scope.society_id(), user_id, now)).await?;
    let factors = factor_kinds(db, scope, row.as_ref().map_or(0, |row| row.account_id)).await?;
    Ok(row.and_then(|row| row.into_auth_account(factors)))
}

/// Returns the account and its password hash. An unknown one costs as many statements: the time of a login reveals
/// nothing.
pub(crate) async fn auth_account(
    db: &Db,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<Option<(AuthAccount, String)>, DbError> {
    let row: Option<StandingRow> = db.optional(Sql::standing(scope.society_id(), account_id, now)).await?;
    let factors = factor_kinds(db, scope, account_id).await?;
    Ok(row.and_then(|row| row.into_auth_account(factors)))
}

/// An account to be inserted.
#[derive(Debug)]
pub(crate) struct AccountRecord<'a> {
    pub(crate) account_id: i64,
    pub(crate) member_id: i64,
    pub(crate) household_id: i64,
    pub(crate) user_id: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) state: AccountState,
    pub(crate) email: Option<&'a str>,
    pub(crate) locked_at: Option<Timestamp>,
    pub(crate) password_ends_at: Option<Timestamp>,
    /// `new`, or the account's state in the older system.
    pub(crate) origin: &'a str,
}

/// Inserts an account.
pub(crate) async fn account_insert(
    tx: &mut Tx,
    scope: &SystemScope,
    account: &AccountRecord<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::account_insert(
        scope.society_id(),
        account.account_id,
        account.member_id,
        account.household_id,
        account.user_id,
        account.password_hash,
        now,
        account.state.as_str(),
        account.email,
        account.locked_at,
        account.password_ends_at,
        account.origin,
    ))
    .await
    .map(drop)
}

/// Returns the account of this user ID.
pub(crate) async fn account_id(db: &Db, scope: &impl InSociety, user_id: &str) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::account_id(scope.society_id(), user_id)).await?;
    Ok(row)
}

/// Returns the account that has this address.
pub(crate) async fn email_owner(db: &Db, scope: &impl InSociety, email: &str) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::email_owner(scope.society_id(), email)).await?;
    Ok(row)
}

/// As [`email_owner`], in a transaction.
pub(crate) async fn email_owner_in(tx: &mut Tx, scope: &impl InSociety, email: &str) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::email_owner(scope.society_id(), email)).await?;
    Ok(row)
}

/// The number of wrong passwords that lock an account whose password is made of symbol, number and birth date.
const GUESSES: i32 = 5;

/// Returns whether the society has accounts whose password others may know: symbol, number and birth date.
pub(crate) async fn any_guessable(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<bool, DbError> {
    db.one(Sql::guessable(scope.society_id(), now)).await
}

/// The kind of a wrong try that is counted and locks the account at its limit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    /// A password.
    Password,
    /// A birth date or insurer number at enrolment.
    Identity,
    /// A code of a second factor.
    Code,
}

/// The result of counting a wrong try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    /// There is no account to count it against.
    Nowhere,
    /// It is counted.
    Counted,
    /// It is counted, and this very try locked the account.
    Locked,
}

/// Counts a wrong try and locks the account at the limit.
pub(crate) async fn wrong(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: Option<i64>,
    what: Wrong,
    now: Timestamp,
) -> Result<Counting, DbError> {
    type Count = fn(i64, i64, i32, Timestamp) -> Query<i32>;
    let (count, limit): (Count, i32) = match what {
        Wrong::Password => {
            let limit = scope.society().policy.lock_after_wrong_passwords;
            // One that can be guessed begins so near the limit that it has few tries. One that waits for its link has no
            // password: guessing it locks nobody out.
            let begins = limit - GUESSES;
            tx.execute(Sql::guessable_begins(scope.society_id(), account_id.unwrap_or(0), begins)).await?;
            (Sql::password_wrong, limit)
        }
        Wrong::Identity => (Sql::identity_wrong, WRONG_IDENTITIES),
        Wrong::Code => (Sql::code_wrong, WRONG_CODES),
    };
    Ok(match tx.optional(count(scope.society_id(), account_id.unwrap_or(0), limit, now)).await? {
        None => Counting::Nowhere,
        Some(row) if row == limit => Counting::Locked,
        Some(_) => Counting::Counted,
    })
}

/// Locks the account; returns false if it was locked already.
pub(crate) async fn lock(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::lock(scope.society_id(), account_id, now)).await? == 1)
}

/// Records a login and resets the count of wrong tries; returns whether there had been a login before.
pub(crate) async fn logged_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let last = tx.one(Sql::last_login(scope.society_id(), account_id)).await?;
    tx.execute(Sql::logged_in(scope.society_id(), account_id, now)).await?;
    Ok(last.is_some())
}

/// Unlocks the account of this user ID; returns it, or nothing if there is none.
pub(crate) async fn account_unlock(tx: &mut Tx, scope: &SystemScope, user_id: &str) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::unlock(scope.society_id(), user_id)).await?;
    Ok(row)
}

/// Stops the account; returns false if it was stopped already.
pub(crate) async fn account_stop(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::stop(scope.society_id(), account_id)).await? == 1)
}

/// Returns a stopped account to its earlier state; returns false if it is not stopped.
pub(crate) async fn account_resume(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::resume(scope.society_id(), account_id)).await? == 1)
}

/// Keeps the progress of enrolment; returns false if the account has changed meanwhile.
pub(crate) async fn progress_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account: &AuthAccount,
    progress: &EnrolmentProgress,
) -> anyhow::Result<bool> {
    let text = serde_json::to_string(progress)?;
    Ok(tx.execute(Sql::progress(scope.society_id(), account.account_id, &text, account.revision)).await? == 1)
}

/// Sets the address, verified at this instant or not.
pub(crate) async fn email_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    email: Option<&str>,
    verified_at: Option<Timestamp>,
) -> Result<(), DbError> {
    tx.execute(Sql::email_set(scope.society_id(), account_id, email, verified_at)).await.map(drop)
}

/// Sets the user ID.
///
/// # Errors
/// `accounts_user_id` is taken if another account has it.
pub(crate) async fn user_id_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    user_id: &str,
) -> Result<(), DbError> {
    tx.execute(Sql::user_id_set(scope.society_id(), account_id, user_id)).await.map(drop)
}

/// A new password, hashed.
#[derive(Debug)]
pub(crate) struct NewPassword<'a> {
    pub(crate) hash: &'a str,
    pub(crate) set_at: Timestamp,
    /// The end of its life, if it is not the member's own.
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) must_change: bool,
}

/// Sets the password.
pub(crate) async fn password_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    new: &NewPassword<'_>,
) -> Result<(), DbError> {
    tx.execute(Sql::password_set(scope.society_id(), account_id, new.hash, new.set_at, new.ends_at, new.must_change))
        .await
        .map(drop)
}

/// Keeps a mailed password beside the member's own, until it is used.
pub(crate) async fn password_mailed(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    (hash, ends_at): (&str, Timestamp),
) -> Result<(), DbError> {
    tx.execute(Sql::password_mailed(scope.society_id(), account_id, hash, ends_at)).await.map(drop)
}

/// Puts the mailed password in the place of the member's own, to be changed at once; returns false if it was used
/// before.
pub(crate) async fn mailed_password_use(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    hash: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::mailed_password_use(scope.society_id(), account_id, hash, now, true)).await? == 1)
}

/// Keeps the same password's stronger hash.
pub(crate) async fn password_rehashed(
    db: &Db,
    scope: &impl InSociety,
    account: &AuthAccount,
    hash: &str,
) -> Result<(), DbError> {
    db.execute(Sql::password_rehashed(scope.society_id(), account.account_id, hash, account.revision)).await.map(drop)
}

/// Ends enrolment: the account is in use under this user ID, and the temporary one is gone.
pub(crate) async fn enrolled(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    user_id: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::enrolled(scope.society_id(), account_id, user_id, now)).await? == 1)
}

/// Keeps the factor that the member prefers.
pub(crate) async fn chosen_factor_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    factor: Option<Factor>,
) -> Result<(), DbError> {
    tx.execute(Sql::chosen_factor(scope.society_id(), account_id, factor.map(Factor::as_str))).await.map(drop)
}

/// Keeps the language of mails to the member.
pub(crate) async fn lang_set(tx: &mut Tx, scope: &impl InSociety, account_id: i64, lang: Lang) -> Result<(), DbError> {
    tx.execute(Sql::lang_set(scope.society_id(), account_id, lang.code())).await.map(drop)
}

#[derive(yui_db::Row)]
struct Handle {
    handle: Option<Vec<u8>>,
}

/// Returns the account's random name for authenticators: the one it has, else `fresh` from now on.
pub(crate) async fn handle(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    fresh: [u8; 16],
) -> anyhow::Result<[u8; 16]> {
    let row: Handle = tx.one(Sql::handle_set(scope.society_id(), account_id, fresh.as_ref())).await?;
    Ok(row.handle.as_deref().unwrap_or_default().try_into()?)
}

/// Returns the account that authenticators know by this name.
pub(crate) async fn account_by_handle(
    db: &Db,
    scope: &impl InSociety,
    handle: [u8; 16],
) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::account_by_handle(scope.society_id(), handle.as_ref())).await?;
    Ok(row)
}

/// Returns how many accounts are in each state, by its name.
pub(crate) async fn state_counts(db: &Db, scope: &impl InSociety) -> Result<Vec<InState>, DbError> {
    db.all(Sql::state_counts(scope.society_id())).await
}

/// The accounts in one state.
#[derive(Debug, yui_db::Row)]
pub struct InState {
    /// `enrolled`, `stopped` or `temporary`.
    pub state: String,
    /// The number of accounts.
    pub accounts: i64,
    /// The number of these that wrong passwords locked.
    pub locked: i64,
}
