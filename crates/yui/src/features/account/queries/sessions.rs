//! Sessions.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::{scope::PublicScope, society::InSociety};

statements! {
    fn session_insert(
        society_id: i64,
        token_hash: &[u8],
        account_id: i64,
        now: Timestamp,
        idle_until: Timestamp,
        ends_at: Timestamp,
        remembered: bool,
        proof: &str,
        device: &str,
        address: &str,
        revision: i64,
    ) = "
        INSERT INTO sessions (society_id, token_hash, account_id, created_at, last_seen_at, idle_until, ends_at, remembered,
            proved_at, proof, device, address)
        SELECT society_id, $2, account_id, $4, $4, $5, $6, $7, $4, $8, $9, $10 FROM accounts
        WHERE society_id = $1 AND account_id = $3 AND state = 'enrolled' AND revision = $11";
    fn session(society_id: i64, token_hash: &[u8], now: Timestamp) -> SessionRow = "
        SELECT s.account_id, s.last_seen_at, s.remembered, COALESCE(s.proved_at, s.created_at) AS proved_at,
            s.proof, a.household_id, a.member_id, m.name,
            EXISTS (SELECT 1 FROM factors f
                WHERE f.society_id = s.society_id AND f.account_id = s.account_id AND f.kind <> 'email') AS has_stronger
        FROM sessions s
        JOIN accounts a ON a.society_id = s.society_id AND a.account_id = s.account_id
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        WHERE s.society_id = $1 AND s.token_hash = $2 AND s.idle_until > $3 AND s.ends_at > $3
            AND a.state = 'enrolled'";
    fn session_owner(society_id: i64, token_hash: &[u8]) -> i64 =
        "SELECT account_id AS owner FROM sessions WHERE society_id = $1 AND token_hash = $2";
    fn session_seen(society_id: i64, token_hash: &[u8], now: Timestamp, idle_until: Timestamp, address: &str) = "
        UPDATE sessions SET last_seen_at = $3, idle_until = $4, address = $5
        WHERE society_id = $1 AND token_hash = $2";
    fn session_renew(society_id: i64, token_hash: &[u8], to: &[u8], now: Timestamp, proof: &str) = "
        UPDATE sessions SET token_hash = $3, proved_at = $4, proof = $5, wrong_passwords = 0
        WHERE society_id = $1 AND token_hash = $2";
    fn session_password_try(society_id: i64, token_hash: &[u8]) -> Tries = "
        UPDATE sessions SET wrong_passwords = wrong_passwords + 1
        WHERE society_id = $1 AND token_hash = $2
        RETURNING wrong_passwords AS count";
    fn session_password_right(society_id: i64, token_hash: &[u8]) = "
        UPDATE sessions SET wrong_passwords = wrong_passwords - 1
        WHERE society_id = $1 AND token_hash = $2 AND wrong_passwords > 0";
    fn session_delete(society_id: i64, token_hash: &[u8]) =
        "DELETE FROM sessions WHERE society_id = $1 AND token_hash = $2";
    fn sessions_delete_of(society_id: i64, account_id: i64, but: &[u8]) =
        "DELETE FROM sessions WHERE society_id = $1 AND account_id = $2 AND token_hash <> $3";
    fn sessions_of(society_id: i64, account_id: i64, now: Timestamp) -> SessionLine = "
        SELECT token_hash, created_at, last_seen_at, remembered, proof, device, address FROM sessions
        WHERE society_id = $1 AND account_id = $2 AND idle_until > $3 AND ends_at > $3
        ORDER BY last_seen_at DESC, created_at DESC, token_hash";
}

/// A session that is about to be.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) token_hash: [u8; 32],
    pub(crate) account_id: i64,
    /// The account's revision when its owner was proved.
    pub(crate) revision: i64,
    pub(crate) now: Timestamp,
    pub(crate) idle_until: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) remembered: bool,
    /// The kind of the strongest proof.
    pub(crate) proof: &'a str,
    /// Browser and system, in words.
    pub(crate) device: &'a str,
    pub(crate) address: &'a str,
}

/// Issues a session. Returns false, and issues none, where the account has been
/// stopped or locked, or what proves its owner has changed since.
pub(crate) async fn session_insert(
    tx: &mut Tx,
    scope: &PublicScope,
    session: &NewSession<'_>,
) -> Result<bool, DbError> {
    let society = scope.society_id();
    Ok(tx
        .execute(Sql::session_insert(
            society,
            &session.token_hash,
            session.account_id,
            session.now,
            session.idle_until,
            session.ends_at,
            session.remembered,
            session.proof,
            session.device,
            session.address,
            session.revision,
        ))
        .await?
        == 1)
}

/// A live session and its account.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) account_id: i64,
    pub(crate) household_id: i64,
    pub(crate) member_id: i64,
    pub(crate) name: String,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) remembered: bool,
    /// When it was last proved who is there, and by what.
    pub(crate) proved_at: Timestamp,
    pub(crate) proof: Option<String>,
    /// The account has a factor that a mailbox does not give.
    pub(crate) has_stronger: bool,
}

#[derive(yui_db::Row)]
struct SessionRow {
    account_id: i64,
    last_seen_at: jiff::Timestamp,
    remembered: bool,
    proved_at: jiff::Timestamp,
    proof: Option<String>,
    household_id: i64,
    member_id: i64,
    name: String,
    has_stronger: bool,
}

/// Returns the session of this token hash where it is not over and its account may be used.
pub(crate) async fn session(
    db: &Db,
    scope: &PublicScope,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, DbError> {
    let row: Option<SessionRow> = db.optional(Sql::session(scope.society_id(), token_hash, now)).await?;
    Ok(row.map(|row| Session {
        account_id: row.account_id,
        household_id: row.household_id,
        member_id: row.member_id,
        name: row.name,
        last_seen_at: row.last_seen_at,
        remembered: row.remembered,
        proved_at: row.proved_at,
        proof: row.proof,
        has_stronger: row.has_stronger,
    }))
}

/// Records that the session was used.
pub(crate) async fn session_seen(
    db: &Db,
    scope: &PublicScope,
    token_hash: &[u8; 32],
    now: Timestamp,
    idle_until: Timestamp,
    address: &str,
) -> Result<(), DbError> {
    db.execute(Sql::session_seen(scope.society_id(), token_hash, now, idle_until, address)).await.map(drop)
}

/// Returns whose session it is, or was.
pub(crate) async fn session_owner(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::session_owner(scope.society_id(), token_hash)).await?;
    Ok(row)
}

/// Ends the session.
pub(crate) async fn session_delete(db: &Db, scope: &impl InSociety, token_hash: &[u8; 32]) -> Result<(), DbError> {
    db.execute(Sql::session_delete(scope.society_id(), token_hash)).await.map(drop)
}

/// Gives a session another token, and records that it was proved again who is there.
pub(crate) async fn session_renew(
    tx: &mut Tx,
    scope: &impl InSociety,
    (from, to): (&[u8; 32], &[u8; 32]),
    proof: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::session_renew(scope.society_id(), from, to, now, proof)).await? == 1)
}

#[derive(yui_db::Row)]
struct Tries {
    count: i32,
}

/// Counts a password typed in this session as a wrong one, before it is looked at; returns how many there were in a row.
/// None where the session is over.
pub(crate) async fn session_password_try(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i32>, DbError> {
    let mut tx = db.begin().await?;
    let row: Option<Tries> = tx.optional(Sql::session_password_try(scope.society_id(), token_hash)).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.count))
}

/// Takes back that a password typed in this session was counted as a wrong one.
pub(crate) async fn session_password_right(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<(), DbError> {
    db.execute(Sql::session_password_right(scope.society_id(), token_hash)).await.map(drop)
}

/// Ends all sessions of the account but this one.
pub(crate) async fn sessions_delete_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    but: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(Sql::sessions_delete_of(scope.society_id(), account_id, but)).await.map(drop)
}

/// A session in the member's list.
#[derive(Debug, yui_db::Row)]
pub(crate) struct SessionLine {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) created_at: jiff::Timestamp,
    pub(crate) last_seen_at: jiff::Timestamp,
    pub(crate) remembered: bool,
    pub(crate) proof: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) address: Option<String>,
}

/// Returns the account's live sessions, the last used first.
pub(crate) async fn sessions_of(
    db: &Db,
    scope: &impl InSociety,
    account_id: i64,
    now: Timestamp,
) -> Result<Vec<SessionLine>, DbError> {
    db.all(Sql::sessions_of(scope.society_id(), account_id, now)).await
}
