//! Second factors and recovery codes.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::{Factor, InSociety};

statements! {
    fn factors(society_id: i64, account_id: i64) -> FactorDataRow = "
        SELECT factor_id, kind, label, created_at, last_used_at, sealed_key, last_step, credential, synced
        FROM factors WHERE society_id = $1 AND account_id = $2 ORDER BY factor_id";
    fn factor_insert(
        society_id: i64,
        account_id: i64,
        factor_id: i64,
        kind: &str,
        label: &str,
        now: Timestamp,
        sealed_key: Option<&[u8]>,
        last_step: Option<i64>,
        credential_id: Option<&[u8]>,
        credential: Option<&str>,
        synced: Option<bool>,
    ) = "
        INSERT INTO factors (society_id, account_id, factor_id, kind, label, created_at, sealed_key, last_step,
            credential_id, credential, synced)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    fn factor_delete(society_id: i64, account_id: i64, factor_id: i64) =
        "DELETE FROM factors WHERE society_id = $1 AND account_id = $2 AND factor_id = $3";
    fn factors_delete(society_id: i64, account_id: i64) =
        "DELETE FROM factors WHERE society_id = $1 AND account_id = $2";
    fn factors_delete_kind(society_id: i64, account_id: i64, kind: &str) =
        "DELETE FROM factors WHERE society_id = $1 AND account_id = $2 AND kind = $3";
    fn factor_label(society_id: i64, account_id: i64, factor_id: i64, label: &str) =
        "UPDATE factors SET label = $4 WHERE society_id = $1 AND account_id = $2 AND factor_id = $3";
    fn factor_step(society_id: i64, account_id: i64, factor_id: i64, step: i64, now: Timestamp) = "
        UPDATE factors SET last_step = $4, last_used_at = $5
        WHERE society_id = $1 AND account_id = $2 AND factor_id = $3 AND (last_step IS NULL OR last_step < $4)";
    fn factor_used(society_id: i64, account_id: i64, factor_id: i64, now: Timestamp, credential: Option<&str>) = "
        UPDATE factors SET last_used_at = $4, credential = COALESCE($5, credential)
        WHERE society_id = $1 AND account_id = $2 AND factor_id = $3";
    fn passkey_by_credential(society_id: i64, credential_id: &[u8]) -> PasskeyRow = "
        SELECT account_id, factor_id, credential FROM factors
        WHERE society_id = $1 AND credential_id = $2 AND kind = 'passkey'";
    fn staff_passkey(society_id: i64, credential_id: &[u8]) -> StaffPasskeyRow =
        "SELECT staff_id AS id FROM staff_factors WHERE society_id = $1 AND credential_id = $2";
    fn revision_raise(society_id: i64, account_id: i64) =
        "UPDATE accounts SET revision = revision + 1 WHERE society_id = $1 AND account_id = $2";
    fn recovery_delete(society_id: i64, account_id: i64) =
        "DELETE FROM recovery_codes WHERE society_id = $1 AND account_id = $2";
    fn recovery_insert(society_id: i64, account_id: i64, place: i32, code: &[u8]) = "
        INSERT INTO recovery_codes (society_id, account_id, place, sealed_code) VALUES ($1, $2, $3, $4)";
    fn recovery_unused(society_id: i64, account_id: i64) -> RecoveryRow = "
        SELECT place, sealed_code FROM recovery_codes
        WHERE society_id = $1 AND account_id = $2 AND used_at IS NULL ORDER BY place";
    fn recovery_use(society_id: i64, account_id: i64, place: i32, now: Timestamp) = "
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

#[derive(yui_db::Row)]
struct FactorDataRow {
    factor_id: i64,
    kind: String,
    label: String,
    created_at: jiff::Timestamp,
    last_used_at: Option<jiff::Timestamp>,
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
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        sealed_key: row.sealed_key,
        last_step: row.last_step,
        credential: row.credential,
        synced: row.synced,
    })
}

/// Returns the account's factors, the oldest first.
pub(crate) async fn factors(db: &Db, scope: &impl InSociety, account_id: i64) -> Result<Vec<FactorRecord>, DbError> {
    let rows: Vec<FactorDataRow> = db.all(Sql::factors(scope.society_id(), account_id)).await?;
    Ok(rows.into_iter().filter_map(record).collect())
}

/// Returns the account's factors as the transaction sees them.
pub(crate) async fn factors_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
) -> Result<Vec<FactorRecord>, DbError> {
    let rows: Vec<FactorDataRow> = tx.all(Sql::factors(scope.society_id(), account_id)).await?;
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
    tx.execute(Sql::factor_insert(
        scope.society_id(),
        account_id,
        new.factor_id,
        new.kind.as_str(),
        new.label,
        now,
        new.sealed_key.as_deref(),
        new.last_step,
        new.credential_id.as_deref(),
        new.credential.as_deref(),
        new.synced,
    ))
    .await?;
    revision_raise(tx, scope, account_id).await
}

/// Says that what proves the account's owner has changed: steps that looked at it before are not taken.
pub(crate) async fn revision_raise(tx: &mut Tx, scope: &impl InSociety, account_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::revision_raise(scope.society_id(), account_id)).await.map(drop)
}

/// Removes a factor.
pub(crate) async fn factor_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    factor_id: i64,
) -> Result<bool, DbError> {
    let deleted = tx.execute(Sql::factor_delete(scope.society_id(), account_id, factor_id)).await? == 1;
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
            tx.execute(Sql::factors_delete_kind(scope.society_id(), account_id, kind.as_str())).await?;
        }
        None => {
            tx.execute(Sql::factors_delete(scope.society_id(), account_id)).await?;
            tx.execute(Sql::recovery_delete(scope.society_id(), account_id)).await?;
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
    Ok(tx.execute(Sql::factor_label(scope.society_id(), account_id, factor_id, label)).await? == 1)
}

/// Takes the code of a 30-second step; returns false where this step or a later one was taken before (RFC 6238 5.2).
pub(crate) async fn factor_step(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    (factor_id, step): (i64, i64),
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::factor_step(scope.society_id(), account_id, factor_id, step, now)).await? == 1)
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
    tx.execute(Sql::factor_used(scope.society_id(), account_id, factor_id, now, credential)).await.map(drop)
}

/// A passkey as a sign-in without typing finds it.
#[derive(Debug, yui_db::Row)]
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
    db.optional(Sql::passkey_by_credential(scope.society_id(), credential_id)).await
}

/// Replaces the account's recovery codes by these, sealed.
pub(crate) async fn recovery_replace(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    sealed: Vec<Vec<u8>>,
) -> Result<(), DbError> {
    tx.execute(Sql::recovery_delete(scope.society_id(), account_id)).await?;
    for (place, code) in (1_i32..).zip(sealed) {
        tx.execute(Sql::recovery_insert(scope.society_id(), account_id, place, &code)).await?;
    }
    revision_raise(tx, scope, account_id).await
}

/// A recovery code that was not used.
#[derive(Debug, yui_db::Row)]
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
    db.all(Sql::recovery_unused(scope.society_id(), account_id)).await
}

/// Uses a recovery code; returns false where it was used before.
pub(crate) async fn recovery_use(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    place: i32,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::recovery_use(scope.society_id(), account_id, place, now)).await? == 1)
}

#[derive(yui_db::Row)]
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
    let row: Option<StaffPasskeyRow> = db.optional(Sql::staff_passkey(scope.society_id(), credential_id)).await?;
    Ok(row.is_some())
}
