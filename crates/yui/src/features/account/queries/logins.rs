//! Logins under way, and the questions that wait for an answer.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::society::InSociety,
    features::account::steps::{AuthAccount, LoginState},
};

statements! {
    fn login_insert(
        society_id: i64,
        token_hash: &[u8],
        account_id: i64,
        text: &str,
        now: Timestamp,
        ends_at: Timestamp,
        device: Option<&[u8; 32]>,
    ) = "
        INSERT INTO logins (society_id, token_hash, account_id, revision, proofs, created_at, ends_at, device)
        VALUES ($1, $2, $3, 0, $4, $5, $6, $7)";
    fn login_delete_of_device(society_id: i64, account_id: i64, device: &[u8]) =
        "DELETE FROM logins WHERE society_id = $1 AND account_id = $2 AND device = $3";
    fn login(society_id: i64, token_hash: &[u8], now: Timestamp) -> LoginDataRow = "
        SELECT account_id, revision, proofs FROM logins
        WHERE society_id = $1 AND token_hash = $2 AND ends_at > $3";
    fn login_owner(society_id: i64, token_hash: &[u8]) -> i64 =
        "SELECT account_id FROM logins WHERE society_id = $1 AND token_hash = $2";
    fn login_step(
        society_id: i64,
        token_hash: &[u8],
        revision: i64,
        text: &str,
        revision5: i64,
        ends_at: Timestamp,
    ) = "
        UPDATE logins SET revision = revision + 1, proofs = $4, ends_at = $6
        WHERE society_id = $1 AND token_hash = $2 AND revision = $3
            AND EXISTS (SELECT 1 FROM accounts a
                WHERE a.society_id = logins.society_id AND a.account_id = logins.account_id AND a.revision = $5)";
    fn login_take(society_id: i64, token_hash: &[u8], revision: i64) =
        "DELETE FROM logins WHERE society_id = $1 AND token_hash = $2 AND revision = $3";
    fn login_delete(society_id: i64, token_hash: &[u8]) =
        "DELETE FROM logins WHERE society_id = $1 AND token_hash = $2";
    fn logins_delete_of(society_id: i64, account_id: i64, but: &[u8]) =
        "DELETE FROM logins WHERE society_id = $1 AND account_id = $2 AND token_hash <> $3";
    fn ceremony_insert(
        society_id: i64,
        token_hash: &[u8],
        kind: &str,
        account_id: Option<i64>,
        sealed_state: &[u8],
        ends_at: Timestamp,
    ) = "
        INSERT INTO ceremonies (society_id, token_hash, kind, account_id, sealed_state, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    fn ceremony(society_id: i64, token_hash: &[u8], kind: &str, now: Timestamp) -> CeremonyRow = "
        SELECT account_id, sealed_state FROM ceremonies
        WHERE society_id = $1 AND token_hash = $2 AND kind = $3 AND ends_at > $4";
    fn ceremonies_of(society_id: i64, account_id: i64, kind: &str, until: Timestamp) -> CeremonyOf = "
        SELECT token_hash, sealed_state FROM ceremonies
        WHERE society_id = $1 AND account_id = $2 AND kind = $3 AND ends_at > $4
        ORDER BY ends_at DESC";
    fn ceremony_take(society_id: i64, token_hash: &[u8], kind: &str, now: Timestamp) -> CeremonyRow = "
        DELETE FROM ceremonies WHERE society_id = $1 AND token_hash = $2 AND kind = $3 AND ends_at > $4
        RETURNING account_id, sealed_state";
}

/// Begins a login; one that was begun in the same known browser before is given up.
pub(crate) async fn login_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    account_id: i64,
    proofs: &LoginState,
    (now, ends_at): (Timestamp, Timestamp),
    device: Option<&[u8; 32]>,
) -> anyhow::Result<()> {
    if let Some(device) = device {
        tx.execute(Sql::login_delete_of_device(scope.society_id(), account_id, device)).await?;
    }
    let text = serde_json::to_string(proofs)?;
    tx.execute(Sql::login_insert(scope.society_id(), token_hash, account_id, &text, now, ends_at, device)).await?;
    Ok(())
}

/// A login under way.
#[derive(Debug)]
pub(crate) struct PendingLoginRow {
    pub(crate) account_id: i64,
    pub(crate) revision: i64,
    pub(crate) proofs: LoginState,
}

#[derive(yui_db::Row)]
struct LoginDataRow {
    account_id: i64,
    revision: i64,
    proofs: String,
}

/// Returns the login of this token where it is not over.
pub(crate) async fn login(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> anyhow::Result<Option<PendingLoginRow>> {
    let row: Option<LoginDataRow> = db.optional(Sql::login(scope.society_id(), token_hash, now)).await?;
    let Some(LoginDataRow { account_id, revision, proofs }) = row else { return Ok(None) };
    Ok(Some(PendingLoginRow { account_id, revision, proofs: serde_json::from_str(&proofs)? }))
}

/// Takes a step of a login: keeps what is proved now. Returns false, and keeps nothing, where the step was taken already
/// or what the account's owner is proved by has changed since `account` was read.
pub(crate) async fn login_step(
    tx: &mut Tx,
    scope: &impl InSociety,
    (token_hash, revision): (&[u8; 32], i64),
    (proofs, ends_at): (&LoginState, Timestamp),
    account: &AuthAccount,
) -> anyhow::Result<bool> {
    let text = serde_json::to_string(proofs)?;
    Ok(tx.execute(Sql::login_step(scope.society_id(), token_hash, revision, &text, account.revision, ends_at)).await?
        == 1)
}

/// Ends a login whose every step is taken; returns false where somebody else did already.
pub(crate) async fn login_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    revision: i64,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::login_take(scope.society_id(), token_hash, revision)).await? == 1)
}

/// Returns whose login it is, or was.
pub(crate) async fn login_owner(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
) -> Result<Option<i64>, DbError> {
    let row = db.optional(Sql::login_owner(scope.society_id(), token_hash)).await?;
    Ok(row)
}

/// Gives a login up.
pub(crate) async fn login_delete(db: &Db, scope: &impl InSociety, token_hash: &[u8; 32]) -> Result<(), DbError> {
    db.execute(Sql::login_delete(scope.society_id(), token_hash)).await.map(drop)
}

/// Gives up all logins of the account but this one.
pub(crate) async fn logins_delete_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    but: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(Sql::logins_delete_of(scope.society_id(), account_id, but)).await.map(drop)
}

/// A question that was put: what it is about, and the sealed state that its answer is checked against.
#[derive(Debug, yui_db::Row)]
pub(crate) struct CeremonyRow {
    pub(crate) account_id: Option<i64>,
    pub(crate) sealed_state: Vec<u8>,
}

/// Keeps a question.
pub(crate) async fn ceremony_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    (kind, account_id): (&str, Option<i64>),
    sealed_state: &[u8],
    ends_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::ceremony_insert(scope.society_id(), token_hash, kind, account_id, sealed_state, ends_at))
        .await
        .map(drop)
}

/// Returns a question that still waits.
pub(crate) async fn ceremony(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    kind: &str,
    now: Timestamp,
) -> Result<Option<CeremonyRow>, DbError> {
    db.optional(Sql::ceremony(scope.society_id(), token_hash, kind, now)).await
}

/// A question of an account, with the hash of its token.
#[derive(Debug, yui_db::Row)]
pub(crate) struct CeremonyOf {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) sealed_state: Vec<u8>,
}

/// Returns an account's questions of this kind that wait for longer than until then, the newest first.
pub(crate) async fn ceremonies_of(
    db: &Db,
    scope: &impl InSociety,
    (kind, account_id): (&str, i64),
    until: Timestamp,
) -> Result<Vec<CeremonyOf>, DbError> {
    db.all(Sql::ceremonies_of(scope.society_id(), account_id, kind, until)).await
}

/// Takes a question away and returns it: an answer is looked at once.
pub(crate) async fn ceremony_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    kind: &str,
    now: Timestamp,
) -> Result<Option<CeremonyRow>, DbError> {
    tx.optional(Sql::ceremony_take(scope.society_id(), token_hash, kind, now)).await
}
