//! Second factors and recovery codes.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use crate::core::society::{Factor, InSociety};

statements! {
    FACTORS = "
        SELECT factor_id, kind, label, created_at, last_used_at, sealed_key, last_step, credential, synced
        FROM factors WHERE society_id = $1 AND account_id = $2 ORDER BY factor_id";
    FACTOR_INSERT = "
        INSERT INTO factors (society_id, account_id, factor_id, kind, label, created_at, sealed_key, last_step,
            credential_id, credential, synced)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FACTOR_DELETE = "DELETE FROM factors WHERE society_id = $1 AND account_id = $2 AND factor_id = $3";
    FACTORS_DELETE = "DELETE FROM factors WHERE society_id = $1 AND account_id = $2";
    FACTORS_DELETE_KIND = "DELETE FROM factors WHERE society_id = $1 AND account_id = $2 AND kind = $3";
    FACTOR_LABEL = "UPDATE factors SET label = $4 WHERE society_id = $1 AND account_id = $2 AND factor_id = $3";
    FACTOR_STEP = "
        UPDATE factors SET last_step = $4, last_used_at = $5
        WHERE society_id = $1 AND account_id = $2 AND factor_id = $3 AND (last_step IS NULL OR last_step < $4)";
    FACTOR_USED = "
        UPDATE factors SET last_used_at = $4, credential = COALESCE($5, credential)
        WHERE society_id = $1 AND account_id = $2 AND factor_id = $3";
    PASSKEY_BY_CREDENTIAL = "
        SELECT account_id, factor_id, credential FROM factors
        WHERE society_id = $1 AND credential_id = $2 AND kind = 'passkey'";
    STAFF_PASSKEY = "SELECT staff_id AS id FROM staff_factors WHERE society_id = $1 AND credential_id = $2";
    REVISION_RAISE = "UPDATE accounts SET revision = revision + 1 WHERE society_id = $1 AND account_id = $2";
    RECOVERY_DELETE = "DELETE FROM recovery_codes WHERE society_id = $1 AND account_id = $2";
    RECOVERY_INSERT = "
        INSERT INTO recovery_codes (society_id, account_id, place, sealed_code) VALUES ($1, $2, $3, $4)";
    RECOVERY_UNUSED = "
        SELECT place, sealed_code FROM recovery_codes
        WHERE society_id = $1 AND account_id = $2 AND used_at IS NULL ORDER BY place";
    RECOVERY_USE = "
        UPDATE recovery_codes SET used_at = $4
        WHERE society_id = $1 AND account_id = $2 AND place = $3 AND used_at IS NULL";
}

/// A registered factor.
#[derive(Clone, Debug)]
pub(crate) struct FactorRecord {
    pub(crate) factor_id: i64,
    pub(crate) kind: Factor,
    pub(crate) label: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) sealed_key: Option<Vec<u8>>,
    pub(crate) last_step: Option<i64>,
    pub(crate) credential: Option<String>,
    pub(crate) synced: Option<bool>,
}

#[derive(sqlx::FromRow)]
struct FactorDataRow {
    factor_id: i64,
    kind: String,
    label: String,
    created_at: yui_db::Timestamp,
    last_used_at: Option<yui_db::Timestamp>,
    sealed_key: Option<Vec<u8>>,
    last_step: Option<i64>,
    credential: Option<String>,
    synced: Option<bool>,
}

fn record(row: FactorDataRow) -> Option<FactorRecord> {
    Some(FactorRecord {
        factor_id: row.factor_id,
        kind: Factor::parse(&row.kind)?,
        label: row.label,
        created_at: row.created_at.to_jiff(),
        last_used_at: row.last_used_at.map(yui_db::Timestamp::to_jiff),
        sealed_key: row.sealed_key,
        last_step: row.last_step,
        credential: row.credential,
        synced: row.synced,
    })
}

/// Returns the account's factors, the oldest first.
pub(crate) async fn factors(db: &Db, scope: &impl InSociety, account_id: i64) -> Result<Vec<FactorRecord>, DbError> {
    let rows: Vec<FactorDataRow> = db.all(&FACTORS, params![scope.society_id(), account_id]).await?;
    Ok(rows.into_iter().filter_map(record).collect())
}

/// Returns the account's factors as the transaction sees them.
pub(crate) async fn factors_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
) -> Result<Vec<FactorRecord>, DbError> {
    let rows: Vec<FactorDataRow> = tx.all(&FACTORS, params![scope.society_id(), account_id]).await?;
    Ok(rows.into_iter().filter_map(record).collect())
}

/// A factor that is about to be.
#[derive(Debug)]
pub(crate) struct NewFactorRow<'a> {
    pub(crate) factor_id: i64,
    pub(crate) kind: Factor,
    pub(crate) label: &'a str,
    pub(crate) sealed_key: Option<Vec<u8>>,
    pub(crate) last_step: Option<i64>,
    pub(crate) credential_id: Option<Vec<u8>>,
    pub(crate) credential: Option<String>,
    pub(crate) synced: Option<bool>,
}

/// Registers a factor.
///
/// # Errors
/// `factors_account_id_kind_label` is taken where the account has one of this kind and label.
pub(crate) async fn factor_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    new: NewFactorRow<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = params![
        scope.society_id(),
        account_id,
        new.factor_id,
        new.kind.as_str(),
        new.label,
        now,
        new.sealed_key,
        new.last_step,
        new.credential_id,
        new.credential,
        new.synced
    ];
    tx.execute(&FACTOR_INSERT, values).await?;
    revision_raise(tx, scope, account_id).await
}

/// Says that what proves the account's owner has changed: steps that looked at it before are not taken.
pub(crate) async fn revision_raise(tx: &mut Tx, scope: &impl InSociety, account_id: i64) -> Result<(), DbError> {
    tx.execute(&REVISION_RAISE, params![scope.society_id(), account_id]).await.map(drop)
}

/// Removes a factor.
pub(crate) async fn factor_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    factor_id: i64,
) -> Result<bool, DbError> {
    let deleted = tx.execute(&FACTOR_DELETE, params![scope.society_id(), account_id, factor_id]).await? == 1;
    revision_raise(tx, scope, account_id).await?;
    Ok(deleted)
}

/// Removes all factors, or those of one kind.
pub(crate) async fn factors_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    kind: Option<Factor>,
) -> Result<(), DbError> {
    match kind {
        Some(kind) => {
            tx.execute(&FACTORS_DELETE_KIND, params![scope.society_id(), account_id, kind.as_str()]).await?;
        }
        None => {
            tx.execute(&FACTORS_DELETE, params![scope.society_id(), account_id]).await?;
            tx.execute(&RECOVERY_DELETE, params![scope.society_id(), account_id]).await?;
        }
    }
    revision_raise(tx, scope, account_id).await
}

/// Gives a factor another label.
///
/// # Errors
/// As [`factor_insert`].
pub(crate) async fn factor_label(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    factor_id: i64,
    label: &str,
) -> Result<bool, DbError> {
    Ok(tx.execute(&FACTOR_LABEL, params![scope.society_id(), account_id, factor_id, label]).await? == 1)
}

/// Takes the code of a 30-second step; returns false where this step or a later one was taken before (RFC 6238 5.2).
pub(crate) async fn factor_step(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    (factor_id, step): (i64, i64),
    now: Timestamp,
) -> Result<bool, DbError> {
    let values = params![scope.society_id(), account_id, factor_id, step, now];
    Ok(tx.execute(&FACTOR_STEP, values).await? == 1)
}

/// Records that a factor was used, and its new state where it has one.
pub(crate) async fn factor_used(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    factor_id: i64,
    credential: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = params![scope.society_id(), account_id, factor_id, now, credential];
    tx.execute(&FACTOR_USED, values).await.map(drop)
}

/// A passkey as a sign-in without typing finds it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct PasskeyRow {
    pub(crate) account_id: i64,
    pub(crate) factor_id: i64,
    pub(crate) credential: Option<String>,
}

/// Returns the passkey with this credential identifier.
pub(crate) async fn passkey(
    db: &Db,
    scope: &impl InSociety,
    credential_id: &[u8],
) -> Result<Option<PasskeyRow>, DbError> {
    db.optional(&PASSKEY_BY_CREDENTIAL, params![scope.society_id(), credential_id]).await
}

/// Replaces the account's recovery codes by these, sealed.
pub(crate) async fn recovery_replace(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    sealed: Vec<Vec<u8>>,
) -> Result<(), DbError> {
    tx.execute(&RECOVERY_DELETE, params![scope.society_id(), account_id]).await?;
    for (place, code) in (1_i32..).zip(sealed) {
        tx.execute(&RECOVERY_INSERT, params![scope.society_id(), account_id, place, code]).await?;
    }
    revision_raise(tx, scope, account_id).await
}

/// A recovery code that was not used.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct RecoveryRow {
    pub(crate) place: i32,
    pub(crate) sealed_code: Vec<u8>,
}

/// Returns the recovery codes that were not used.
pub(crate) async fn recovery_unused(
    db: &Db,
    scope: &impl InSociety,
    account_id: i64,
) -> Result<Vec<RecoveryRow>, DbError> {
    db.all(&RECOVERY_UNUSED, params![scope.society_id(), account_id]).await
}

/// Uses a recovery code; returns false where it was used before.
pub(crate) async fn recovery_use(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    place: i32,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(&RECOVERY_USE, params![scope.society_id(), account_id, place, now]).await? == 1)
}

#[derive(sqlx::FromRow)]
struct StaffPasskeyRow {
    #[expect(dead_code, reason = "whether there is one is what is asked")]
    id: i64,
}

/// Returns whether a passkey with this identifier is a member of staff's: the members' login does not know it, and does not have a
/// browser forget it.
pub(crate) async fn passkey_is_of_staff(
    db: &Db,
    scope: &impl InSociety,
    credential_id: &[u8],
) -> Result<bool, DbError> {
    let row: Option<StaffPasskeyRow> = db.optional(&STAFF_PASSKEY, params![scope.society_id(), credential_id]).await?;
    Ok(row.is_some())
}
