//! The SQL of accounts and sessions.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use super::login_state::{AccountState, Standing};
use crate::scope::{InSociety, PublicScope, SystemScope};

statements! {
    ACCOUNT_BY_USER_ID = "
        SELECT account_id, state, locked_at, password_hash FROM accounts WHERE society_id = $1 AND user_id = $2";
    ACCOUNT_INSERT = "
        INSERT INTO accounts (society_id, account_id, member_id, household_id, user_id, password_hash, password_set_at,
            state, email, wrong_passwords, locked_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $7)";
    PASSWORD_WRONG = "
        UPDATE accounts
        SET wrong_passwords = wrong_passwords + 1,
            locked_at = CASE WHEN locked_at IS NULL AND wrong_passwords + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND account_id = $2";
    PASSWORD_RIGHT = "
        UPDATE accounts SET wrong_passwords = 0 WHERE society_id = $1 AND account_id = $2 AND locked_at IS NULL";
    UNLOCK = "UPDATE accounts SET wrong_passwords = 0, locked_at = NULL WHERE society_id = $1 AND user_id = $2";
    SESSION_INSERT = "
        INSERT INTO sessions (society_id, token_hash, account_id, created_at, last_seen_at, idle_until, ends_at, remembered)
        SELECT society_id, $2, account_id, $4, $4, $5, $6, $7 FROM accounts
        WHERE society_id = $1 AND account_id = $3 AND state = 'enrolled' AND locked_at IS NULL";
    SESSION = "
        SELECT s.account_id, s.last_seen_at, s.remembered, a.household_id, a.member_id, m.name
        FROM sessions s
        JOIN accounts a ON a.society_id = s.society_id AND a.account_id = s.account_id
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        WHERE s.society_id = $1 AND s.token_hash = $2 AND s.idle_until > $3 AND s.ends_at > $3
            AND a.state = 'enrolled'";
    SESSION_SEEN = "
        UPDATE sessions SET last_seen_at = $3, idle_until = $4 WHERE society_id = $1 AND token_hash = $2";
    SESSION_DELETE = "DELETE FROM sessions WHERE society_id = $1 AND token_hash = $2";
    SESSIONS_DELETE_OVER = "
        DELETE FROM sessions
        WHERE society_id = $1 AND account_id = $2 AND (idle_until <= $3 OR ends_at <= $3)";
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    account_id: i64,
    state: String,
    locked_at: Option<yui_db::Timestamp>,
    password_hash: String,
}

/// Returns the account's standing and its password hash.
pub(super) async fn account_by_user_id(
    db: &Db,
    scope: &PublicScope,
    user_id: &str,
) -> Result<Option<(Standing, String)>, DbError> {
    let row: Option<AccountRow> = db.optional(&ACCOUNT_BY_USER_ID, params![scope.society_id(), user_id]).await?;
    Ok(row.and_then(|row| {
        let state = AccountState::of(&row.state)?;
        let locked_at = row.locked_at.map(yui_db::Timestamp::to_jiff);
        Some((Standing { account_id: row.account_id, state, locked_at }, row.password_hash))
    }))
}

/// An account that is about to be.
#[derive(Debug)]
pub(super) struct AccountRecord<'a> {
    pub(super) account_id: i64,
    pub(super) member_id: i64,
    pub(super) household_id: i64,
    pub(super) user_id: &'a str,
    pub(super) password_hash: &'a str,
    pub(super) state: AccountState,
    pub(super) email: Option<&'a str>,
    pub(super) locked_at: Option<Timestamp>,
}

/// Inserts an account.
pub(super) async fn account_insert(
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
        account.state.word(),
        account.email,
        account.locked_at
    ];
    tx.execute(&ACCOUNT_INSERT, values).await.map(drop)
}

/// Counts a wrong password, and locks the account at the society's number of them.
pub(super) async fn password_wrong(
    db: &Db,
    scope: &PublicScope,
    account_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    let limit = scope.society().policy.lock_after_wrong_passwords;
    db.execute(&PASSWORD_WRONG, params![scope.society_id(), account_id, limit, now]).await.map(drop)
}

/// Unlocks the account; returns false where there is none of this user ID.
pub(super) async fn account_unlock(db: &Db, scope: &SystemScope, user_id: &str) -> Result<bool, DbError> {
    Ok(db.execute(&UNLOCK, params![scope.society_id(), user_id]).await? == 1)
}

/// A session that is about to be.
#[derive(Debug)]
pub(super) struct NewSession {
    pub(super) token_hash: [u8; 32],
    pub(super) account_id: i64,
    pub(super) now: Timestamp,
    pub(super) idle_until: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) remembered: bool,
}

/// Issues a session, clears the count of wrong passwords and the account's sessions that are over. Returns false, and
/// issues none, where the account was locked or stopped meanwhile.
pub(super) async fn session_insert(db: &Db, scope: &PublicScope, session: &NewSession) -> Result<bool, DbError> {
    let society = scope.society_id();
    let mut tx = db.begin().await?;
    let values = params![
        society,
        &session.token_hash,
        session.account_id,
        session.now,
        session.idle_until,
        session.ends_at,
        session.remembered
    ];
    let issued = tx.execute(&SESSION_INSERT, values).await? == 1;
    tx.execute(&PASSWORD_RIGHT, params![society, session.account_id]).await?;
    tx.execute(&SESSIONS_DELETE_OVER, params![society, session.account_id, session.now]).await?;
    tx.commit().await?;
    Ok(issued)
}

/// A live session and its account.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) account_id: i64,
    pub(super) household_id: i64,
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) last_seen_at: Timestamp,
    pub(super) remembered: bool,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    account_id: i64,
    last_seen_at: yui_db::Timestamp,
    remembered: bool,
    household_id: i64,
    member_id: i64,
    name: String,
}

/// Returns the session of this token hash where it is not over and its account may be used.
pub(super) async fn session(
    db: &Db,
    scope: &PublicScope,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, DbError> {
    let row: Option<SessionRow> = db.optional(&SESSION, params![scope.society_id(), token_hash, now]).await?;
    Ok(row.map(|row| Session {
        account_id: row.account_id,
        household_id: row.household_id,
        member_id: row.member_id,
        name: row.name,
        last_seen_at: row.last_seen_at.to_jiff(),
        remembered: row.remembered,
    }))
}

/// Records that the session was used.
pub(super) async fn session_seen(
    db: &Db,
    scope: &PublicScope,
    token_hash: &[u8; 32],
    now: Timestamp,
    idle_until: Timestamp,
) -> Result<(), DbError> {
    db.execute(&SESSION_SEEN, params![scope.society_id(), token_hash, now, idle_until]).await.map(drop)
}

/// Ends the session.
pub(super) async fn session_delete(db: &Db, scope: &impl InSociety, token_hash: &[u8; 32]) -> Result<(), DbError> {
    db.execute(&SESSION_DELETE, params![scope.society_id(), token_hash]).await.map(drop)
}
