//! Accounts: their data, and every change of their owners' credentials. Each such change raises the revision, so that a
//! step that looked at the account before the change is not taken.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use crate::{
    core::{
        scope::SystemScope,
        society::{Factor, InSociety},
    },
    features::account::steps::{AccountState, AuthAccount, EnrolmentProgress, WRONG_CODES, WRONG_IDENTITIES},
    ui::Lang,
};

statements! {
    STATE_COUNTS = "
        SELECT state, COUNT(*) AS accounts, COUNT(locked_at) AS locked FROM accounts
        WHERE society_id = $1 GROUP BY state ORDER BY state";
    STANDING_BY_USER_ID = "
        SELECT a.account_id, a.revision, a.state, a.locked_at, a.user_id, a.password_hash, a.password_set_at,
            a.password_ends_at, a.password_must_change, a.mailed_password_hash, a.mailed_password_ends_at, a.wrong_codes,
            a.email, a.email_verified_at, a.enrolment, a.chosen_factor,
            (SELECT MAX(t.version) FROM terms t WHERE t.society_id = a.society_id AND t.valid_from <= $3) AS current_terms,
            (SELECT MAX(g.version) FROM terms_agreements g
                WHERE g.society_id = a.society_id AND g.account_id = a.account_id) AS agreed_terms
        FROM accounts a WHERE a.society_id = $1 AND a.user_id = $2";
    STANDING = "
        SELECT a.account_id, a.revision, a.state, a.locked_at, a.user_id, a.password_hash, a.password_set_at,
            a.password_ends_at, a.password_must_change, a.mailed_password_hash, a.mailed_password_ends_at, a.wrong_codes,
            a.email, a.email_verified_at, a.enrolment, a.chosen_factor,
            (SELECT MAX(t.version) FROM terms t WHERE t.society_id = a.society_id AND t.valid_from <= $3) AS current_terms,
            (SELECT MAX(g.version) FROM terms_agreements g
                WHERE g.society_id = a.society_id AND g.account_id = a.account_id) AS agreed_terms
        FROM accounts a WHERE a.society_id = $1 AND a.account_id = $2";
    FACTOR_KINDS = "
        SELECT DISTINCT kind FROM factors WHERE society_id = $1 AND account_id = $2 ORDER BY kind";
    ACCOUNT_INSERT = "
        INSERT INTO accounts (society_id, account_id, member_id, household_id, user_id, password_hash, password_set_at,
            state, email, wrong_passwords, locked_at, created_at, password_ends_at, origin)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $7, $11, $12)";
    ACCOUNT_ID = "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND user_id = $2";
    EMAIL_OWNER = "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND email = $2";
    PASSWORD_WRONG = "
        UPDATE accounts
        SET wrong_passwords = wrong_passwords + 1,
            revision = CASE WHEN locked_at IS NULL AND wrong_passwords + 1 >= $3 THEN revision + 1 ELSE revision END,
            locked_at = CASE WHEN locked_at IS NULL AND wrong_passwords + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2
            AND (state <> 'temporary' OR first_way IS NULL OR first_way <> 'link')
        RETURNING wrong_passwords AS count";
    GUESSABLE_BEGINS = "
        UPDATE accounts SET wrong_passwords = $3
        WHERE society_id = $1 AND account_id = $2 AND first_way = 'numbers' AND state = 'temporary'
            AND wrong_passwords < $3";
    GUESSABLE = "
        SELECT EXISTS (SELECT 1 FROM accounts
            WHERE society_id = $1 AND first_way = 'numbers' AND state = 'temporary' AND password_ends_at > $2) AS any_there";
    IDENTITY_WRONG = "
        UPDATE accounts
        SET wrong_identities = wrong_identities + 1,
            revision = CASE WHEN wrong_identities + 1 >= $3 THEN revision + 1 ELSE revision END,
            locked_at = CASE WHEN wrong_identities + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2
        RETURNING wrong_identities AS count";
    CODE_WRONG = "
        UPDATE accounts
        SET wrong_codes = wrong_codes + 1,
            revision = CASE WHEN wrong_codes + 1 >= $3 THEN revision + 1 ELSE revision END,
            locked_at = CASE WHEN wrong_codes + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2
        RETURNING wrong_codes AS count";
    LOCK = "
        UPDATE accounts SET locked_at = $3, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND locked_at IS NULL";
    LOGGED_IN = "
        UPDATE accounts SET last_login_at = $3, wrong_codes = 0,
            wrong_passwords = CASE WHEN locked_at IS NULL THEN 0 ELSE wrong_passwords END
        WHERE society_id = $1 AND account_id = $2";
    LAST_LOGIN = "SELECT last_login_at FROM accounts WHERE society_id = $1 AND account_id = $2";
    UNLOCK = "
        UPDATE accounts
        SET wrong_passwords = 0, wrong_codes = 0, wrong_identities = 0, locked_at = NULL, revision = revision + 1
        WHERE society_id = $1 AND user_id = $2
        RETURNING account_id AS id";
    STOP = "
        UPDATE accounts
        SET stopped_from = state, state = 'stopped', mailed_password_hash = NULL, mailed_password_ends_at = NULL,
            revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state <> 'stopped'";
    RESUME = "
        UPDATE accounts
        SET state = COALESCE(stopped_from,
                CASE WHEN enrolled_at IS NULL AND last_login_at IS NULL THEN 'temporary' ELSE 'enrolled' END),
            stopped_from = NULL, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'stopped'";
    PROGRESS = "
        UPDATE accounts SET enrolment = $3, wrong_identities = 0, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary' AND revision = $4";
    EMAIL_SET = "
        UPDATE accounts SET email = $3, email_verified_at = $4, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2";
    USER_ID_SET = "UPDATE accounts SET user_id = $3, revision = revision + 1 WHERE society_id = $1 AND account_id = $2";
    PASSWORD_SET = "
        UPDATE accounts
        SET password_hash = $3, password_set_at = $4, password_ends_at = $5, password_must_change = $6,
            mailed_password_hash = NULL, mailed_password_ends_at = NULL,
            wrong_passwords = CASE WHEN locked_at IS NULL THEN 0 ELSE wrong_passwords END, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2";
    PASSWORD_MAILED = "
        UPDATE accounts SET mailed_password_hash = $3, mailed_password_ends_at = $4
        WHERE society_id = $1 AND account_id = $2";
    MAILED_PASSWORD_USE = "
        UPDATE accounts
        SET password_hash = mailed_password_hash, password_set_at = $4, password_ends_at = mailed_password_ends_at,
            password_must_change = $5, mailed_password_hash = NULL, mailed_password_ends_at = NULL, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND mailed_password_hash = $3";
    PASSWORD_REHASHED = "
        UPDATE accounts SET password_hash = $3 WHERE society_id = $1 AND account_id = $2 AND revision = $4";
    ENROLLED = "
        UPDATE accounts
        SET state = 'enrolled', user_id = $3, enrolment = NULL, enrolled_at = $4, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary'";
    CHOSEN_FACTOR = "UPDATE accounts SET chosen_factor = $3 WHERE society_id = $1 AND account_id = $2";
    LANG_SET = "UPDATE accounts SET lang = $3 WHERE society_id = $1 AND account_id = $2";
    HANDLE_SET = "
        UPDATE accounts SET handle = COALESCE(handle, $3) WHERE society_id = $1 AND account_id = $2 RETURNING handle";
    ACCOUNT_BY_HANDLE = "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND handle = $2";
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    account_id: i64,
    revision: i64,
    state: String,
    locked_at: Option<yui_db::Timestamp>,
    user_id: String,
    password_hash: String,
    password_set_at: yui_db::Timestamp,
    password_ends_at: Option<yui_db::Timestamp>,
    password_must_change: bool,
    mailed_password_hash: Option<String>,
    mailed_password_ends_at: Option<yui_db::Timestamp>,
    wrong_codes: i32,
    email: Option<String>,
    email_verified_at: Option<yui_db::Timestamp>,
    enrolment: Option<String>,
    chosen_factor: Option<String>,
    current_terms: Option<i64>,
    agreed_terms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct KindRow {
    kind: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: i64,
}

#[derive(sqlx::FromRow)]
struct AccountCount {
    count: i32,
}

impl StandingRow {
    fn into_auth_account(self, factors: Vec<Factor>) -> Option<(AuthAccount, String)> {
        let jiff = |instant: Option<yui_db::Timestamp>| instant.map(yui_db::Timestamp::to_jiff);
        let enrolment = self.enrolment.map(|text| serde_json::from_str::<EnrolmentProgress>(&text)).transpose();
        let enrolment = enrolment
            .inspect_err(|error| tracing::error!("enrolment state unreadable, enrolment starts over: {error}"));
        let account = AuthAccount {
            account_id: self.account_id,
            revision: self.revision,
            state: AccountState::parse(&self.state)?,
            locked_at: jiff(self.locked_at),
            user_id: self.user_id,
            password_set_at: self.password_set_at.to_jiff(),
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
    let kinds: Vec<KindRow> = db.all(&FACTOR_KINDS, params![scope.society_id(), account_id]).await?;
    Ok(kinds.iter().filter_map(|row| Factor::parse(&row.kind)).collect())
}

/// Returns the account with this user ID, and its password hash. An unknown one costs as many statements.
pub(crate) async fn auth_account_by_user_id(
    db: &Db,
    scope: &impl InSociety,
    user_id: &str,
    now: Timestamp,
) -> Result<Option<(AuthAccount, String)>, DbError> {
    let row: Option<StandingRow> = db.optional(&STANDING_BY_USER_ID, params![scope.society_id(), user_id, now]).await?;
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
    let row: Option<StandingRow> = db.optional(&STANDING, params![scope.society_id(), account_id, now]).await?;
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
    let values = params![
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
        account.origin
    ];
    tx.execute(&ACCOUNT_INSERT, values).await.map(drop)
}

/// Returns the account of this user ID.
pub(crate) async fn account_id(db: &Db, scope: &impl InSociety, user_id: &str) -> Result<Option<i64>, DbError> {
    let row: Option<IdRow> = db.optional(&ACCOUNT_ID, params![scope.society_id(), user_id]).await?;
    Ok(row.map(|row| row.id))
}

/// Returns the account that has this address.
pub(crate) async fn email_owner(db: &Db, scope: &impl InSociety, email: &str) -> Result<Option<i64>, DbError> {
    let row: Option<IdRow> = db.optional(&EMAIL_OWNER, params![scope.society_id(), email]).await?;
    Ok(row.map(|row| row.id))
}

/// As [`email_owner`], in a transaction.
pub(crate) async fn email_owner_in(tx: &mut Tx, scope: &impl InSociety, email: &str) -> Result<Option<i64>, DbError> {
    let row: Option<IdRow> = tx.optional(&EMAIL_OWNER, params![scope.society_id(), email]).await?;
    Ok(row.map(|row| row.id))
}

/// The number of wrong passwords that lock an account whose password is made of symbol, number and birth date.
const GUESSES: i32 = 5;

#[derive(sqlx::FromRow)]
struct AnyThere {
    any_there: bool,
}

/// Returns whether the society has accounts whose password others may know: symbol, number and birth date.
pub(crate) async fn any_guessable(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<bool, DbError> {
    Ok(db.one::<AnyThere>(&GUESSABLE, params![scope.society_id(), now]).await?.any_there)
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
    let (statement, limit) = match what {
        Wrong::Password => {
            let limit = scope.society().policy.lock_after_wrong_passwords;
            // One that can be guessed begins so near the limit that it has few tries. One that waits for its link has no
            // password: guessing it locks nobody out.
            let begins = limit - GUESSES;
            tx.execute(&GUESSABLE_BEGINS, params![scope.society_id(), account_id.unwrap_or(0), begins]).await?;
            (&PASSWORD_WRONG, limit)
        }
        Wrong::Identity => (&IDENTITY_WRONG, WRONG_IDENTITIES),
        Wrong::Code => (&CODE_WRONG, WRONG_CODES),
    };
    let values = params![scope.society_id(), account_id.unwrap_or(0), limit, now];
    let row: Option<AccountCount> = tx.optional(statement, values).await?;
    Ok(match row {
        None => Counting::Nowhere,
        Some(row) if row.count == limit => Counting::Locked,
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
    Ok(tx.execute(&LOCK, params![scope.society_id(), account_id, now]).await? == 1)
}

#[derive(sqlx::FromRow)]
struct LastLogin {
    last_login_at: Option<yui_db::Timestamp>,
}

/// Records a login and resets the count of wrong tries; returns whether there had been a login before.
pub(crate) async fn logged_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let last: LastLogin = tx.one(&LAST_LOGIN, params![scope.society_id(), account_id]).await?;
    tx.execute(&LOGGED_IN, params![scope.society_id(), account_id, now]).await?;
    Ok(last.last_login_at.is_some())
}

/// Unlocks the account of this user ID; returns it, or nothing if there is none.
pub(crate) async fn account_unlock(tx: &mut Tx, scope: &SystemScope, user_id: &str) -> Result<Option<i64>, DbError> {
    let row: Option<IdRow> = tx.optional(&UNLOCK, params![scope.society_id(), user_id]).await?;
    Ok(row.map(|row| row.id))
}

/// Stops the account; returns false if it was stopped already.
pub(crate) async fn account_stop(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(&STOP, params![scope.society_id(), account_id]).await? == 1)
}

/// Returns a stopped account to its earlier state; returns false if it is not stopped.
pub(crate) async fn account_resume(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(&RESUME, params![scope.society_id(), account_id]).await? == 1)
}

/// Keeps the progress of enrolment; returns false if the account has changed meanwhile.
pub(crate) async fn progress_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account: &AuthAccount,
    progress: &EnrolmentProgress,
) -> anyhow::Result<bool> {
    let text = serde_json::to_string(progress)?;
    let values = params![scope.society_id(), account.account_id, text, account.revision];
    Ok(tx.execute(&PROGRESS, values).await? == 1)
}

/// Sets the address, verified at this instant or not.
pub(crate) async fn email_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    email: Option<&str>,
    verified_at: Option<Timestamp>,
) -> Result<(), DbError> {
    tx.execute(&EMAIL_SET, params![scope.society_id(), account_id, email, verified_at]).await.map(drop)
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
    tx.execute(&USER_ID_SET, params![scope.society_id(), account_id, user_id]).await.map(drop)
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
    let values = params![scope.society_id(), account_id, new.hash, new.set_at, new.ends_at, new.must_change];
    tx.execute(&PASSWORD_SET, values).await.map(drop)
}

/// Keeps a mailed password beside the member's own, until it is used.
pub(crate) async fn password_mailed(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    (hash, ends_at): (&str, Timestamp),
) -> Result<(), DbError> {
    tx.execute(&PASSWORD_MAILED, params![scope.society_id(), account_id, hash, ends_at]).await.map(drop)
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
    Ok(tx.execute(&MAILED_PASSWORD_USE, params![scope.society_id(), account_id, hash, now, true]).await? == 1)
}

/// Keeps the same password's stronger hash.
pub(crate) async fn password_rehashed(
    db: &Db,
    scope: &impl InSociety,
    account: &AuthAccount,
    hash: &str,
) -> Result<(), DbError> {
    let values = params![scope.society_id(), account.account_id, hash, account.revision];
    db.execute(&PASSWORD_REHASHED, values).await.map(drop)
}

/// Ends enrolment: the account is in use under this user ID, and the temporary one is gone.
pub(crate) async fn enrolled(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    user_id: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(&ENROLLED, params![scope.society_id(), account_id, user_id, now]).await? == 1)
}

/// Keeps the factor that the member prefers.
pub(crate) async fn chosen_factor_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    factor: Option<Factor>,
) -> Result<(), DbError> {
    let values = params![scope.society_id(), account_id, factor.map(Factor::as_str)];
    tx.execute(&CHOSEN_FACTOR, values).await.map(drop)
}

/// Keeps the language of mails to the member.
pub(crate) async fn lang_set(tx: &mut Tx, scope: &impl InSociety, account_id: i64, lang: Lang) -> Result<(), DbError> {
    tx.execute(&LANG_SET, params![scope.society_id(), account_id, lang.code()]).await.map(drop)
}

#[derive(sqlx::FromRow)]
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
    let row: Handle = tx.one(&HANDLE_SET, params![scope.society_id(), account_id, fresh.to_vec()]).await?;
    Ok(row.handle.as_deref().unwrap_or_default().try_into()?)
}

/// Returns the account that authenticators know by this name.
pub(crate) async fn account_by_handle(
    db: &Db,
    scope: &impl InSociety,
    handle: [u8; 16],
) -> Result<Option<i64>, DbError> {
    let row: Option<IdRow> = db.optional(&ACCOUNT_BY_HANDLE, params![scope.society_id(), handle.to_vec()]).await?;
    Ok(row.map(|row| row.id))
}

/// Returns how many accounts are in each state, by its name.
pub(crate) async fn state_counts(db: &Db, scope: &impl InSociety) -> Result<Vec<InState>, DbError> {
    db.all(&STATE_COUNTS, params![scope.society_id()]).await
}

/// The accounts in one state.
#[derive(Debug, sqlx::FromRow)]
pub struct InState {
    /// `enrolled`, `stopped` or `temporary`.
    pub state: String,
    /// The number of accounts.
    pub accounts: i64,
    /// The number of these that wrong passwords locked.
    pub locked: i64,
}
