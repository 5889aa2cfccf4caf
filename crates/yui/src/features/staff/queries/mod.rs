//! The SQL of staff, their credentials, and their sessions.

mod factors;

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::{
    role::Role,
    society::{InSociety, ids_take},
};

pub(super) use factors::{
    NewStaffFactor, StaffFactorRow, factor_delete, factor_insert, factor_step, factor_used, factors, factors_in,
};

statements! {
    fn staff_insert(
        society_id: i64,
        staff_id: i64,
        email: &str,
        name: &str,
        role: &str,
        handle: &[u8],
        now: Timestamp,
    ) = "
        INSERT INTO staff (society_id, staff_id, email, name, role, handle, revision, wrong_codes, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7)";
    fn staff_list(society_id: i64) -> StaffLine = "
        SELECT s.staff_id, s.email, s.name, s.role, s.password_hash IS NOT NULL AS answered, s.locked_at, s.stopped_at, s.last_login_at,
            (SELECT COUNT(*) FROM staff_factors f WHERE f.society_id = s.society_id AND f.staff_id = s.staff_id) AS factors,
            EXISTS (SELECT 1 FROM staff_invitations i WHERE i.society_id = s.society_id AND i.staff_id = s.staff_id) AS invited
        FROM staff s WHERE s.society_id = $1 ORDER BY s.staff_id";
    fn staff_by_email(society_id: i64, email: &str) -> StaffRow = "
        SELECT staff_id, email, name, role, password_hash, handle, revision, locked_at FROM staff
        WHERE society_id = $1 AND email = $2 AND stopped_at IS NULL";
    fn staff_by_id(society_id: i64, staff_id: i64) -> StaffRow = "
        SELECT staff_id, email, name, role, password_hash, handle, revision, locked_at FROM staff
        WHERE society_id = $1 AND staff_id = $2 AND stopped_at IS NULL";
    fn owner(society_id: i64, staff_id: i64) -> StaffOwner =
        "SELECT email, name FROM staff WHERE society_id = $1 AND staff_id = $2";
    fn admins_hold(society_id: i64) -> i64 = "
        UPDATE staff SET revision = revision WHERE society_id = $1 AND role = 'admin' AND stopped_at IS NULL
            AND locked_at IS NULL AND password_hash IS NOT NULL
        RETURNING staff_id";
    fn staff_hold(society_id: i64, staff_id: i64) =
        "UPDATE staff SET revision = revision WHERE society_id = $1 AND staff_id = $2";
    fn staff_change(society_id: i64, staff_id: i64, name: &str, role: &str) = "
        UPDATE staff SET name = $3, role = $4, revision = revision + 1 WHERE society_id = $1 AND staff_id = $2";
    fn staff_stop(society_id: i64, staff_id: i64, now: Timestamp) = "
        UPDATE staff SET stopped_at = $3, revision = revision + 1
        WHERE society_id = $1 AND staff_id = $2 AND stopped_at IS NULL";
    fn staff_reset(society_id: i64, staff_id: i64) = "
        UPDATE staff SET password_hash = NULL, wrong_codes = 0, locked_at = NULL, stopped_at = NULL, revision = revision + 1
        WHERE society_id = $1 AND staff_id = $2";
    fn staff_unlock(society_id: i64, staff_id: i64) = "
        UPDATE staff SET wrong_codes = 0, locked_at = NULL
        WHERE society_id = $1 AND staff_id = $2 AND locked_at IS NOT NULL";
    fn staff_password(society_id: i64, staff_id: i64, hash: &str, revision: i64) = "
        UPDATE staff SET password_hash = $3, revision = revision + 1
        WHERE society_id = $1 AND staff_id = $2 AND revision = $4";
    fn staff_wrong(society_id: i64, staff_id: i64, most: i32, now: Timestamp) -> bool = "
        UPDATE staff SET wrong_codes = wrong_codes + 1,
            locked_at = CASE WHEN wrong_codes + 1 >= $3 THEN $4 ELSE locked_at END
        WHERE society_id = $1 AND staff_id = $2 AND locked_at IS NULL RETURNING locked_at IS NOT NULL AS locked";
    fn staff_proved(society_id: i64, staff_id: i64) =
        "UPDATE staff SET wrong_codes = 0 WHERE society_id = $1 AND staff_id = $2 AND wrong_codes > 0";
    fn staff_logged_in(society_id: i64, staff_id: i64, now: Timestamp) = "
        UPDATE staff SET last_login_at = $3, wrong_codes = 0 WHERE society_id = $1 AND staff_id = $2";
    fn factors_delete(society_id: i64, staff_id: i64) =
        "DELETE FROM staff_factors WHERE society_id = $1 AND staff_id = $2";
    fn session_insert(
        society_id: i64,
        token_hash: &[u8],
        staff_id: i64,
        now: Timestamp,
        ends_at: Timestamp,
        device: &str,
        address: &str,
        revision: i64,
    ) = "
        INSERT INTO staff_sessions (society_id, token_hash, staff_id, created_at, last_seen_at, ends_at, proved_at, device, address)
        SELECT society_id, $2, staff_id, $4, $4, $5, $4, $6, $7 FROM staff
        WHERE society_id = $1 AND staff_id = $3 AND stopped_at IS NULL AND locked_at IS NULL AND revision = $8";
    fn session(society_id: i64, token_hash: &[u8], now: Timestamp, idle_since: Timestamp) -> StaffSessionRow = "
        SELECT x.staff_id, x.last_seen_at, x.proved_at, s.name, s.role
        FROM staff_sessions x
        JOIN staff s ON s.society_id = x.society_id AND s.staff_id = x.staff_id
        WHERE x.society_id = $1 AND x.token_hash = $2 AND x.ends_at > $3 AND x.last_seen_at > $4 AND s.stopped_at IS NULL";
    fn session_owner(society_id: i64, token_hash: &[u8]) -> i64 =
        "SELECT staff_id AS id FROM staff_sessions WHERE society_id = $1 AND token_hash = $2";
    fn session_seen(society_id: i64, token_hash: &[u8], now: Timestamp, address: &str) = "
        UPDATE staff_sessions SET last_seen_at = $3, address = $4 WHERE society_id = $1 AND token_hash = $2";
    fn session_renew(society_id: i64, token_hash: &[u8], to: &[u8], now: Timestamp) = "
        UPDATE staff_sessions SET token_hash = $3, proved_at = $4 WHERE society_id = $1 AND token_hash = $2";
    fn session_delete(society_id: i64, token_hash: &[u8]) =
        "DELETE FROM staff_sessions WHERE society_id = $1 AND token_hash = $2";
    fn sessions_delete_of(society_id: i64, staff_id: i64, but: &[u8]) =
        "DELETE FROM staff_sessions WHERE society_id = $1 AND staff_id = $2 AND token_hash <> $3";
    fn logins_delete_of(society_id: i64, staff_id: i64) =
        "DELETE FROM staff_logins WHERE society_id = $1 AND staff_id = $2";
    fn login_insert(
        society_id: i64,
        token_hash: &[u8],
        staff_id: i64,
        revision: i64,
        return_to: &str,
        ends_at: Timestamp,
    ) = "
        INSERT INTO staff_logins (society_id, token_hash, staff_id, revision, return_to, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    fn login(society_id: i64, token_hash: &[u8], now: Timestamp) -> StaffLoginRow = "
        SELECT l.staff_id, l.return_to FROM staff_logins l
        JOIN staff s ON s.society_id = l.society_id AND s.staff_id = l.staff_id
        WHERE l.society_id = $1 AND l.token_hash = $2 AND l.ends_at > $3
            AND s.revision = l.revision AND s.stopped_at IS NULL AND s.locked_at IS NULL";
    fn login_take(society_id: i64, token_hash: &[u8]) -> i64 =
        "DELETE FROM staff_logins WHERE society_id = $1 AND token_hash = $2 RETURNING revision AS id";
    fn invitation_keep(society_id: i64, staff_id: i64, token_hash: &[u8], ends_at: Timestamp) = "
        INSERT INTO staff_invitations (society_id, staff_id, token_hash, ends_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (society_id, staff_id) DO UPDATE SET token_hash = excluded.token_hash, ends_at = excluded.ends_at";
    fn invitation(society_id: i64, token_hash: &[u8], now: Timestamp) -> i64 = "
        SELECT i.staff_id AS id FROM staff_invitations i
        JOIN staff s ON s.society_id = i.society_id AND s.staff_id = i.staff_id
        WHERE i.society_id = $1 AND i.token_hash = $2 AND i.ends_at > $3 AND s.stopped_at IS NULL";
    fn invitation_take(society_id: i64, token_hash: &[u8], now: Timestamp) -> i64 = "
        DELETE FROM staff_invitations WHERE society_id = $1 AND token_hash = $2 AND ends_at > $3 RETURNING staff_id AS id";
    fn invitation_delete(society_id: i64, staff_id: i64) =
        "DELETE FROM staff_invitations WHERE society_id = $1 AND staff_id = $2";
    fn tidy_sessions(society_id: i64, ended: Timestamp, idle_since: Timestamp) =
        "DELETE FROM staff_sessions WHERE society_id = $1 AND (ends_at <= $2 OR last_seen_at <= $3)";
    fn tidy_logins(society_id: i64, now: Timestamp) =
        "DELETE FROM staff_logins WHERE society_id = $1 AND ends_at <= $2";
    fn tidy_invitations(society_id: i64, now: Timestamp) =
        "DELETE FROM staff_invitations WHERE society_id = $1 AND ends_at <= $2";
}

/// A member of staff as a login needs them.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct StaffRow {
    pub(super) staff_id: i64,
    pub(super) email: String,
    pub(super) name: String,
    role: String,
    pub(super) password_hash: Option<String>,
    pub(super) handle: Vec<u8>,
    pub(super) revision: i64,
    pub(super) locked_at: Option<jiff::Timestamp>,
}

impl StaffRow {
    /// Returns the role; an unknown word means the weakest.
    pub(super) fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::Viewer)
    }
}

/// A member of staff in the list.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct StaffLine {
    pub(super) staff_id: i64,
    pub(super) email: String,
    pub(super) name: String,
    role: String,
    /// Whether the invitation was answered.
    pub(super) answered: bool,
    pub(super) locked_at: Option<jiff::Timestamp>,
    pub(super) stopped_at: Option<jiff::Timestamp>,
    pub(super) last_login_at: Option<jiff::Timestamp>,
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
    tx.execute(Sql::staff_insert(scope.society_id(), id, email, name, role.as_str(), handle.as_slice(), now)).await?;
    Ok(id)
}

/// Returns all staff, the oldest first.
pub(super) async fn staff_list(db: &Db, scope: &impl InSociety) -> Result<Vec<StaffLine>, DbError> {
    db.all(Sql::staff_list(scope.society_id())).await
}

/// Returns all staff as the transaction sees them.
pub(super) async fn staff_list_in(tx: &mut Tx, scope: &impl InSociety) -> Result<Vec<StaffLine>, DbError> {
    tx.all(Sql::staff_list(scope.society_id())).await
}

/// Returns the member of staff with this address who is not stopped.
pub(super) async fn staff_by_email(db: &Db, scope: &impl InSociety, email: &str) -> Result<Option<StaffRow>, DbError> {
    db.optional(Sql::staff_by_email(scope.society_id(), email)).await
}

/// Returns the member of staff with this id who is not stopped.
pub(super) async fn staff_by_id(db: &Db, scope: &impl InSociety, staff_id: i64) -> Result<Option<StaffRow>, DbError> {
    db.optional(Sql::staff_by_id(scope.society_id(), staff_id)).await
}

/// The owner of a staff account.
#[derive(Debug, yui_db::Row)]
pub(super) struct StaffOwner {
    pub(super) email: String,
    pub(super) name: String,
}

/// Returns the owner of the account, a stopped one too, as the transaction sees it.
pub(super) async fn owner_in(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<StaffOwner, DbError> {
    tx.one(Sql::owner(scope.society_id(), staff_id)).await
}

/// Locks the society's working administrators for this transaction and returns their ids: nobody else removes one.
pub(super) async fn admins_hold(tx: &mut Tx, scope: &impl InSociety) -> Result<Vec<i64>, DbError> {
    tx.all(Sql::admins_hold(scope.society_id())).await
}

/// Locks the account for this transaction: nobody else changes its owner's credentials.
pub(super) async fn staff_hold(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::staff_hold(scope.society_id(), staff_id)).await.map(drop)
}

/// Changes name and role.
pub(super) async fn staff_change(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    name: &str,
    role: Role,
) -> Result<(), DbError> {
    tx.execute(Sql::staff_change(scope.society_id(), staff_id, name, role.as_str())).await.map(drop)
}

/// Stops an account; returns false if it was stopped before.
pub(super) async fn staff_stop(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::staff_stop(scope.society_id(), staff_id, now)).await? == 1)
}

/// Removes all credentials: the next invitation begins from nothing.
pub(super) async fn staff_reset(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::staff_reset(scope.society_id(), staff_id)).await?;
    tx.execute(Sql::factors_delete(scope.society_id(), staff_id)).await.map(drop)
}

/// Unlocks an account; returns false if it was not locked.
pub(super) async fn staff_unlock(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::staff_unlock(scope.society_id(), staff_id)).await? == 1)
}

/// Sets the password; returns false if the account has been changed since this revision.
pub(super) async fn password_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    (staff_id, revision): (i64, i64),
    hash: &str,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::staff_password(scope.society_id(), staff_id, hash, revision)).await? == 1)
}

/// Counts a wrong code; the limit in a row locks the account. Returns whether this one did, or nothing if the account
/// was locked before.
pub(super) async fn wrong_code(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    (most, now): (i32, Timestamp),
) -> Result<Option<bool>, DbError> {
    tx.optional(Sql::staff_wrong(scope.society_id(), staff_id, most, now)).await
}

/// Resets the count of wrong codes, which counts those in a row.
pub(super) async fn proved(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::staff_proved(scope.society_id(), staff_id)).await.map(drop)
}

/// Records a login.
pub(super) async fn logged_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::staff_logged_in(scope.society_id(), staff_id, now)).await.map(drop)
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
    Ok(tx
        .execute(Sql::session_insert(
            scope.society_id(),
            &session.token_hash,
            session.staff_id,
            session.now,
            session.ends_at,
            session.device,
            session.address,
            session.revision,
        ))
        .await?
        == 1)
}

/// A live session with its owner.
#[derive(Debug, yui_db::Row)]
pub(super) struct StaffSessionRow {
    pub(super) staff_id: i64,
    pub(super) last_seen_at: jiff::Timestamp,
    pub(super) proved_at: jiff::Timestamp,
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
    db.optional(Sql::session(scope.society_id(), token_hash, now, idle_since)).await
}

/// Returns the owner of the session, live or over.
pub(super) async fn session_owner(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::session_owner(scope.society_id(), token_hash)).await?;
    Ok(row)
}

/// Records that the session was used.
pub(super) async fn session_seen(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
    address: &str,
) -> Result<(), DbError> {
    db.execute(Sql::session_seen(scope.society_id(), token_hash, now, address)).await.map(drop)
}

/// Gives a session another token, and records that its owner was proved again.
pub(super) async fn session_renew(
    tx: &mut Tx,
    scope: &impl InSociety,
    (from, to): (&[u8; 32], &[u8; 32]),
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::session_renew(scope.society_id(), from, to, now)).await? == 1)
}

/// Ends a session.
pub(super) async fn session_delete(tx: &mut Tx, scope: &impl InSociety, token_hash: &[u8; 32]) -> Result<(), DbError> {
    tx.execute(Sql::session_delete(scope.society_id(), token_hash)).await.map(drop)
}

/// Ends all sessions and logins of the account but this session.
pub(super) async fn sessions_delete_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    but: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(Sql::sessions_delete_of(scope.society_id(), staff_id, but)).await?;
    tx.execute(Sql::logins_delete_of(scope.society_id(), staff_id)).await.map(drop)
}

/// Begins a login whose password is proved.
pub(super) async fn login_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    (staff_id, revision): (i64, i64),
    (return_to, ends_at): (&str, Timestamp),
) -> Result<(), DbError> {
    tx.execute(Sql::login_insert(scope.society_id(), token_hash, staff_id, revision, return_to, ends_at))
        .await
        .map(drop)
}

/// A login whose password is proved.
#[derive(Debug, yui_db::Row)]
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
    db.optional(Sql::login(scope.society_id(), token_hash, now)).await
}

/// Deletes the login; returns the account's revision when its password was proved.
pub(super) async fn login_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::login_take(scope.society_id(), token_hash)).await?;
    Ok(row)
}

/// Inserts an invitation, which invalidates an older one of the same person.
pub(super) async fn invitation_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    token_hash: &[u8; 32],
    ends_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::invitation_keep(scope.society_id(), staff_id, token_hash, ends_at)).await.map(drop)
}

/// Returns the person that the invitation is for, if it can still be answered.
pub(super) async fn invitation(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::invitation(scope.society_id(), token_hash, now)).await?;
    Ok(row)
}

/// Deletes the invitation; returns the person it was for.
pub(super) async fn invitation_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::invitation_take(scope.society_id(), token_hash, now)).await?;
    Ok(row)
}

/// Invalidates the invitation of this person.
pub(super) async fn invitation_delete(tx: &mut Tx, scope: &impl InSociety, staff_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::invitation_delete(scope.society_id(), staff_id)).await.map(drop)
}

/// Deletes logins and invitations that are over, and sessions that ended by `ended` or were idle since `idle_since`.
pub(super) async fn tidy(
    tx: &mut Tx,
    scope: &impl InSociety,
    now: Timestamp,
    (ended, idle_since): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    tx.execute(Sql::tidy_sessions(scope.society_id(), ended, idle_since)).await?;
    tx.execute(Sql::tidy_logins(scope.society_id(), now)).await?;
    tx.execute(Sql::tidy_invitations(scope.society_id(), now)).await.map(drop)
}
