//! The SQL of staff, their credentials, and their sessions.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use crate::core::{
    role::Role,
    society::{InSociety, ids_take},
};

statements! {
    STAFF_INSERT = "
        INSERT INTO staff (society_id, staff_id, email, name, role, handle, revision, wrong_codes, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7)";
    STAFF_LIST = "
        SELECT s.staff_id, s.email, s.name, s.role, s.password_hash IS NOT NULL AS answered, s.locked_at, s.stopped_at, s.last_login_at,
            (SELECT COUNT(*) FROM staff_factors f WHERE f.society_id = s.society_id AND f.staff_id = s.staff_id) AS factors,
            EXISTS (SELECT 1 FROM staff_invitations i WHERE i.society_id = s.society_id AND i.staff_id = s.staff_id) AS invited
        FROM staff s WHERE s.society_id = $1 ORDER BY s.staff_id";
    STAFF_BY_EMAIL = "
        SELECT staff_id, email, name, role, password_hash, handle, revision, locked_at FROM staff
        WHERE society_id = $1 AND email = $2 AND stopped_at IS NULL";
    STAFF_BY_ID = "
        SELECT staff_id, email, name, role, password_hash, handle, revision, locked_at FROM staff
        WHERE society_id = $1 AND staff_id = $2 AND stopped_at IS NULL";
    OWNER = "SELECT email, name FROM staff WHERE society_id = $1 AND staff_id = $2";
    ADMINS_HOLD = "
        UPDATE staff SET revision = revision WHERE society_id = $1 AND role = 'admin' AND stopped_at IS NULL
            AND locked_at IS NULL AND password_hash IS NOT NULL
        RETURNING staff_id";
    STAFF_HOLD = "UPDATE staff SET revision = revision WHERE society_id = $1 AND staff_id = $2";
    STAFF_CHANGE = "
        UPDATE staff SET name = $3, role = $4, revision = revision + 1 WHERE society_id = $1 AND staff_id = $2";
    STAFF_STOP = "
        UPDATE staff SET stopped_at = $3, revision = revision + 1
        WHERE society_id = $1 AND staff_id = $2 AND stopped_at IS NULL";
    STAFF_RESET = "
        UPDATE staff SET password_hash = NULL, wrong_codes = 0, locked_at = NULL, stopped_at = NULL, revision = revision + 1
        WHERE society_id = $1 AND staff_id = $2";
    STAFF_UNLOCK = "
        UPDATE staff SET wrong_codes = 0, locked_at = NULL
        WHERE society_id = $1 AND staff_id = $2 AND locked_at IS NOT NULL";
    STAFF_PASSWORD = "
        UPDATE staff SET password_hash = $3, revision = revision + 1
        WHERE society_id = $1 AND staff_id = $2 AND revision = $4";
    STAFF_WRONG = "
        UPDATE staff SET wrong_codes = wrong_codes + 1,
            locked_at = CASE WHEN wrong_codes + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND staff_id = $2 AND locked_at IS NULL RETURNING locked_at IS NOT NULL AS locked";
    STAFF_PROVED = "UPDATE staff SET wrong_codes = 0 WHERE society_id = $1 AND staff_id = $2 AND wrong_codes > 0";
    STAFF_LOGGED_IN = "
        UPDATE staff SET last_login_at = $3, wrong_codes = 0 WHERE society_id = $1 AND staff_id = $2";
    FACTORS = "
        SELECT factor_id, kind, label, created_at, last_used_at, sealed_key, last_step, credential
        FROM staff_factors WHERE society_id = $1 AND staff_id = $2 ORDER BY factor_id";
    FACTOR_INSERT = "
        INSERT INTO staff_factors (society_id, staff_id, factor_id, kind, label, created_at, sealed_key, last_step,
            credential_id, credential)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FACTOR_DELETE = "DELETE FROM staff_factors WHERE society_id = $1 AND staff_id = $2 AND factor_id = $3";
    FACTORS_DELETE = "DELETE FROM staff_factors WHERE society_id = $1 AND staff_id = $2";
    FACTOR_STEP = "
        UPDATE staff_factors SET last_step = $4, last_used_at = $5
        WHERE society_id = $1 AND staff_id = $2 AND factor_id = $3 AND (last_step IS NULL OR last_step < $4)";
    FACTOR_USED = "
        UPDATE staff_factors SET last_used_at = $4, credential = COALESCE($5, credential)
        WHERE society_id = $1 AND staff_id = $2 AND factor_id = $3";
    SESSION_INSERT = "
        INSERT INTO staff_sessions (society_id, token_hash, staff_id, created_at, last_seen_at, ends_at, proved_at, device, address)
        SELECT society_id, $2, staff_id, $4, $4, $5, $4, $6, $7 FROM staff
        WHERE society_id = $1 AND staff_id = $3 AND stopped_at IS NULL AND locked_at IS NULL AND revision = $8";
    SESSION = "
        SELECT x.staff_id, x.last_seen_at, x.proved_at, s.name, s.role
        FROM staff_sessions x
        JOIN staff s ON s.society_id = x.society_id AND s.staff_id = x.staff_id
        WHERE x.society_id = $1 AND x.token_hash = $2 AND x.ends_at > $3 AND x.last_seen_at > $4 AND s.stopped_at IS NULL";
    SESSION_OWNER = "SELECT staff_id AS id FROM staff_sessions WHERE society_id = $1 AND token_hash = $2";
    SESSION_SEEN = "
        UPDATE staff_sessions SET last_seen_at = $3, address = $4 WHERE society_id = $1 AND token_hash = $2";
    SESSION_RENEW = "
        UPDATE staff_sessions SET token_hash = $3, proved_at = $4 WHERE society_id = $1 AND token_hash = $2";
    SESSION_DELETE = "DELETE FROM staff_sessions WHERE society_id = $1 AND token_hash = $2";
    SESSIONS_DELETE_OF = "DELETE FROM staff_sessions WHERE society_id = $1 AND staff_id = $2 AND token_hash <> $3";
    LOGINS_DELETE_OF = "DELETE FROM staff_logins WHERE society_id = $1 AND staff_id = $2";
    LOGIN_INSERT = "
        INSERT INTO staff_logins (society_id, token_hash, staff_id, revision, return_to, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    LOGIN = "
        SELECT l.staff_id, l.return_to FROM staff_logins l
        JOIN staff s ON s.society_id = l.society_id AND s.staff_id = l.staff_id
        WHERE l.society_id = $1 AND l.token_hash = $2 AND l.ends_at > $3
            AND s.revision = l.revision AND s.stopped_at IS NULL AND s.locked_at IS NULL";
    LOGIN_TAKE = "DELETE FROM staff_logins WHERE society_id = $1 AND token_hash = $2 RETURNING revision AS id";
    INVITATION_KEEP = "
        INSERT INTO staff_invitations (society_id, staff_id, token_hash, ends_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (society_id, staff_id) DO UPDATE SET token_hash = excluded.token_hash, ends_at = excluded.ends_at";
    INVITATION = "
        SELECT i.staff_id AS id FROM staff_invitations i
        JOIN staff s ON s.society_id = i.society_id AND s.staff_id = i.staff_id
        WHERE i.society_id = $1 AND i.token_hash = $2 AND i.ends_at > $3 AND s.stopped_at IS NULL";
    INVITATION_TAKE = "
        DELETE FROM staff_invitations WHERE society_id = $1 AND token_hash = $2 AND ends_at > $3 RETURNING staff_id AS id";
    INVITATION_DELETE = "DELETE FROM staff_invitations WHERE society_id = $1 AND staff_id = $2";
    TIDY_SESSIONS = "DELETE FROM staff_sessions WHERE society_id = $1 AND (ends_at <= $2 OR last_seen_at <= $3)";
    TIDY_LOGINS = "DELETE FROM staff_logins WHERE society_id = $1 AND ends_at <= $2";
    TIDY_INVITATIONS = "DELETE FROM staff_invitations WHERE society_id = $1 AND ends_at <= $2";
}

#[derive(sqlx::FromRow)]
struct StaffIdRow {
    id: i64,
}

/// A member of staff as a login needs them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct StaffRow {
    pub(super) staff_id: i64,
    pub(super) email: String,
    pub(super) name: String,
    role: String,
    pub(super) password_hash: Option<String>,
    pub(super) handle: Vec<u8>,
    pub(super) revision: i64,
    pub(super) locked_at: Option<yui_db::Timestamp>,
}

impl StaffRow {
    /// Returns the role; an unknown word means the weakest.
    pub(super) fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::Viewer)
    }
}

/// A member of staff in the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct StaffLine {
    pub(super) staff_id: i64,
    pub(super) email: String,
    pub(super) name: String,
    role: String,
    /// Whether the invitation was answered.
    pub(super) answered: bool,
    pub(super) locked_at: Option<yui_db::Timestamp>,
    pub(super) stopped_at: Option<yui_db::Timestamp>,
    pub(super) last_login_at: Option<yui_db::Timestamp>,
    pub(super) factors: i64,
    /// Whether an invitation waits to be answered.
    pub(super) invited: bool,
}

impl StaffLine {
    pub(super) fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::Viewer)
    }
}

/// Makes an account that waits for its invitation to be answered; returns its id.
///
/// # Errors
/// `staff_email` is taken if the society has somebody with this address.
pub(super) async fn staff_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    (email, name, role): (&str, &str, Role),
    handle: [u8; 16],
    now: Timestamp,
) -> Result<i64, DbError> {
    let id = ids_take(tx, scope, "staff", 1).await?;
    let values = params![scope.society_id(), id, email, name, role.as_str(), handle.as_slice(), now];
    tx.execute(&STAFF_INSERT, values).await?;
    Ok(id)
}

/// Returns all staff, the oldest first.
pub(super) async fn staff_list(db: &Db, scope: &impl InSociety) -> Result<Vec<StaffLine>, DbError> {
    db.all(&STAFF_LIST, params![scope.society_id()]).await
}

/// Returns all staff as the transaction sees them.
pub(super) async fn staff_list_in(tx: &mut Tx, scope: &impl InSociety) -> Result<Vec<StaffLine>, DbError> {
    tx.all(&STAFF_LIST, params![scope.society_id()]).await
}

/// Returns the member of staff with this address who is not stopped.
pub(super) async fn staff_by_email(db: &Db, scope: &impl InSociety, email: &str) -> Result<Option<StaffRow>, DbError> {
    db.optional(&STAFF_BY_EMAIL, params![scope.society_id(), email]).await
}

/// Returns the member of staff with this id who is not stopped.
pub(super) async fn staff_by_id(db: &Db, scope: &impl InSociety, staff_id: i64) -> Result<Option<StaffRow>, DbError> {
    db.optional(&STAFF_BY_ID, params![scope.society_id(), staff_id]).await
}

/// The owner of a staff account.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StaffOwner {
    pub(super) email: String,
    pub(super) name: String,
}

/// Returns the owner of the account, a stopped one too, as the transaction sees it.
pub(super) async fn owner_in(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<StaffOwner, DbError> {
    tx.one(&OWNER, params![scope.society_id(), staff_id]).await
}

/// Locks the society's working administrators for this transaction and returns their ids: nobody else removes one.
pub(super) async fn admins_hold(tx: &mut Tx, scope: &impl InSociety) -> Result<Vec<i64>, DbError> {
    #[derive(sqlx::FromRow)]
    struct AdministratorRow {
        staff_id: i64,
    }
    let rows: Vec<AdministratorRow> = tx.all(&ADMINS_HOLD, params![scope.society_id()]).await?;
    Ok(rows.into_iter().map(|row| row.staff_id).collect())
}

/// Locks the account for this transaction: nobody else changes its owner's credentials.
pub(super) async fn staff_hold(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(&STAFF_HOLD, params![scope.society_id(), staff_id]).await.map(drop)
}

/// Changes name and role.
pub(super) async fn staff_change(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    name: &str,
    role: Role,
) -> Result<(), DbError> {
    tx.execute(&STAFF_CHANGE, params![scope.society_id(), staff_id, name, role.as_str()]).await.map(drop)
}

/// Stops an account; returns false if it was stopped before.
pub(super) async fn staff_stop(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(&STAFF_STOP, params![scope.society_id(), staff_id, now]).await? == 1)
}

/// Removes all credentials: the next invitation begins from nothing.
pub(super) async fn staff_reset(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(&STAFF_RESET, params![scope.society_id(), staff_id]).await?;
    tx.execute(&FACTORS_DELETE, params![scope.society_id(), staff_id]).await.map(drop)
}

/// Unlocks an account; returns false if it was not locked.
pub(super) async fn staff_unlock(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(&STAFF_UNLOCK, params![scope.society_id(), staff_id]).await? == 1)
}

/// Sets the password; returns false if the account has been changed since this revision.
pub(super) async fn password_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    (staff_id, revision): (i64, i64),
    hash: &str,
) -> Result<bool, DbError> {
    Ok(tx.execute(&STAFF_PASSWORD, params![scope.society_id(), staff_id, hash, revision]).await? == 1)
}

/// Counts a wrong code; the limit in a row locks the account. Returns whether this one did, or nothing if the account
/// was locked before.
pub(super) async fn wrong_code(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    (most, now): (i32, Timestamp),
) -> Result<Option<bool>, DbError> {
    #[derive(sqlx::FromRow)]
    struct LockedRow {
        locked: bool,
    }
    let row: Option<LockedRow> = tx.optional(&STAFF_WRONG, params![scope.society_id(), staff_id, most, now]).await?;
    Ok(row.map(|row| row.locked))
}

/// Resets the count of wrong codes, which counts those in a row.
pub(super) async fn proved(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(&STAFF_PROVED, params![scope.society_id(), staff_id]).await.map(drop)
}

/// Records a login.
pub(super) async fn logged_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&STAFF_LOGGED_IN, params![scope.society_id(), staff_id, now]).await.map(drop)
}

/// A second factor.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct StaffFactorRow {
    pub(super) factor_id: i64,
    pub(super) kind: String,
    pub(super) label: String,
    pub(super) created_at: yui_db::Timestamp,
    pub(super) last_used_at: Option<yui_db::Timestamp>,
    pub(super) sealed_key: Option<Vec<u8>>,
    pub(super) last_step: Option<i64>,
    pub(super) credential: Option<String>,
}

/// Returns the factors, the oldest first.
pub(super) async fn factors(db: &Db, scope: &impl InSociety, staff_id: i64) -> Result<Vec<StaffFactorRow>, DbError> {
    db.all(&FACTORS, params![scope.society_id(), staff_id]).await
}

/// Returns the factors as the transaction sees them.
pub(super) async fn factors_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
) -> Result<Vec<StaffFactorRow>, DbError> {
    tx.all(&FACTORS, params![scope.society_id(), staff_id]).await
}

/// The data of a new factor of a member of staff.
#[derive(Clone, Debug)]
pub(super) enum NewStaffFactor {
    /// An app's key, sealed for the factor of this number, and the step of its first code.
    App { sealed_key: Vec<u8>, step: i64 },
    /// A passkey.
    Passkey { credential_id: Vec<u8>, credential: String },
}

/// Inserts a factor.
pub(super) async fn factor_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    (staff_id, factor_id, label): (i64, i64, &str),
    new: NewStaffFactor,
    now: Timestamp,
) -> Result<(), DbError> {
    let (kind, key, step, id, credential) = match new {
        NewStaffFactor::App { sealed_key, step } => ("app", Some(sealed_key), Some(step), None, None),
        NewStaffFactor::Passkey { credential_id, credential } => {
            ("passkey", None, None, Some(credential_id), Some(credential))
        }
    };
    let values = params![scope.society_id(), staff_id, factor_id, kind, label, now, key, step, id, credential];
    tx.execute(&FACTOR_INSERT, values).await.map(drop)
}

/// Removes a factor; returns false if there is none.
pub(super) async fn factor_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    factor_id: i64,
) -> Result<bool, DbError> {
    Ok(tx.execute(&FACTOR_DELETE, params![scope.society_id(), staff_id, factor_id]).await? == 1)
}

/// Uses the code of a 30-second step; returns false if this step or a later one was used before (RFC 6238 5.2).
pub(super) async fn factor_step(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    (factor_id, step): (i64, i64),
    now: Timestamp,
) -> Result<bool, DbError> {
    let values = params![scope.society_id(), staff_id, factor_id, step, now];
    Ok(tx.execute(&FACTOR_STEP, values).await? == 1)
}

/// Records that a passkey was used, and its new state, if it has one.
pub(super) async fn factor_used(
    tx: &mut Tx,
    scope: &impl InSociety,
    (staff_id, factor_id): (i64, i64),
    credential: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&FACTOR_USED, params![scope.society_id(), staff_id, factor_id, now, credential]).await.map(drop)
}

/// A session to be issued.
#[derive(Debug)]
pub(super) struct NewStaffSession<'a> {
    pub(super) token_hash: [u8; 32],
    pub(super) staff_id: i64,
    pub(super) revision: i64,
    pub(super) now: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) device: &'a str,
    pub(super) address: &'a str,
}

/// Issues a session; returns false if the account was stopped, locked or changed since its owner was proved.
pub(super) async fn session_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    session: &NewStaffSession<'_>,
) -> Result<bool, DbError> {
    let values = params![
        scope.society_id(),
        &session.token_hash,
        session.staff_id,
        session.now,
        session.ends_at,
        session.device,
        session.address,
        session.revision
    ];
    Ok(tx.execute(&SESSION_INSERT, values).await? == 1)
}

/// A live session with its owner.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StaffSessionRow {
    pub(super) staff_id: i64,
    pub(super) last_seen_at: yui_db::Timestamp,
    pub(super) proved_at: yui_db::Timestamp,
    pub(super) name: String,
    pub(super) role: String,
}

/// Returns the session if it is not over and was used after `idle_since`.
pub(super) async fn session(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    (now, idle_since): (Timestamp, Timestamp),
) -> Result<Option<StaffSessionRow>, DbError> {
    db.optional(&SESSION, params![scope.society_id(), token_hash, now, idle_since]).await
}

/// Returns the owner of the session, live or over.
pub(super) async fn session_owner(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i64>, DbError> {
    let row: Option<StaffIdRow> = db.optional(&SESSION_OWNER, params![scope.society_id(), token_hash]).await?;
    Ok(row.map(|row| row.id))
}

/// Records that the session was used.
pub(super) async fn session_seen(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
    address: &str,
) -> Result<(), DbError> {
    db.execute(&SESSION_SEEN, params![scope.society_id(), token_hash, now, address]).await.map(drop)
}

/// Gives a session another token, and records that its owner was proved again.
pub(super) async fn session_renew(
    tx: &mut Tx,
    scope: &impl InSociety,
    (from, to): (&[u8; 32], &[u8; 32]),
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(&SESSION_RENEW, params![scope.society_id(), from, to, now]).await? == 1)
}

/// Ends a session.
pub(super) async fn session_delete(tx: &mut Tx, scope: &impl InSociety, token_hash: &[u8; 32]) -> Result<(), DbError> {
    tx.execute(&SESSION_DELETE, params![scope.society_id(), token_hash]).await.map(drop)
}

/// Ends all sessions and logins of the account but this session.
pub(super) async fn sessions_delete_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    but: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(&SESSIONS_DELETE_OF, params![scope.society_id(), staff_id, but]).await?;
    tx.execute(&LOGINS_DELETE_OF, params![scope.society_id(), staff_id]).await.map(drop)
}

/// Begins a login whose password is proved.
pub(super) async fn login_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    (staff_id, revision): (i64, i64),
    (return_to, ends_at): (&str, Timestamp),
) -> Result<(), DbError> {
    let values = params![scope.society_id(), token_hash, staff_id, revision, return_to, ends_at];
    tx.execute(&LOGIN_INSERT, values).await.map(drop)
}

/// A login whose password is proved.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StaffLoginRow {
    pub(super) staff_id: i64,
    pub(super) return_to: String,
}

/// Returns the login of this token if it may go on.
pub(super) async fn login(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<StaffLoginRow>, DbError> {
    db.optional(&LOGIN, params![scope.society_id(), token_hash, now]).await
}

/// Deletes the login; returns the account's revision when its password was proved.
pub(super) async fn login_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i64>, DbError> {
    let row: Option<StaffIdRow> = tx.optional(&LOGIN_TAKE, params![scope.society_id(), token_hash]).await?;
    Ok(row.map(|row| row.id))
}

/// Inserts an invitation, which invalidates an older one of the same person.
pub(super) async fn invitation_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    token_hash: &[u8; 32],
    ends_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&INVITATION_KEEP, params![scope.society_id(), staff_id, token_hash, ends_at]).await.map(drop)
}

/// Returns the person that the invitation is for, if it can still be answered.
pub(super) async fn invitation(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let row: Option<StaffIdRow> = db.optional(&INVITATION, params![scope.society_id(), token_hash, now]).await?;
    Ok(row.map(|row| row.id))
}

/// Deletes the invitation; returns the person it was for.
pub(super) async fn invitation_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let row: Option<StaffIdRow> = tx.optional(&INVITATION_TAKE, params![scope.society_id(), token_hash, now]).await?;
    Ok(row.map(|row| row.id))
}

/// Invalidates the invitation of this person.
pub(super) async fn invitation_delete(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(&INVITATION_DELETE, params![scope.society_id(), staff_id]).await.map(drop)
}

/// Deletes logins and invitations that are over, and sessions that ended by `ended` or were idle since `idle_since`.
pub(super) async fn tidy(
    tx: &mut Tx,
    scope: &impl InSociety,
    now: Timestamp,
    (ended, idle_since): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    tx.execute(&TIDY_SESSIONS, params![scope.society_id(), ended, idle_since]).await?;
    tx.execute(&TIDY_LOGINS, params![scope.society_id(), now]).await?;
    tx.execute(&TIDY_INVITATIONS, params![scope.society_id(), now]).await.map(drop)
}
