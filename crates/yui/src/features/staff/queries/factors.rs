//! Second factors of staff.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::InSociety;

statements! {
    fn factors(society_id: i64, staff_id: i64) -> StaffFactorRow = "
        SELECT factor_id, kind, label, created_at, last_used_at, sealed_key, last_step, credential
        FROM staff_factors WHERE society_id = $1 AND staff_id = $2 ORDER BY factor_id";
    fn factor_insert(
        society_id: i64,
        staff_id: i64,
        factor_id: i64,
        kind: &str,
        label: &str,
        now: Timestamp,
        key: Option<&[u8]>,
        step: Option<i64>,
        credential_id: Option<&[u8]>,
        credential: Option<&str>,
    ) = "
        INSERT INTO staff_factors (society_id, staff_id, factor_id, kind, label, created_at, sealed_key, last_step,
            credential_id, credential)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    fn factor_delete(society_id: i64, staff_id: i64, factor_id: i64) =
        "DELETE FROM staff_factors WHERE society_id = $1 AND staff_id = $2 AND factor_id = $3";
    fn factor_step(society_id: i64, staff_id: i64, factor_id: i64, step: i64, now: Timestamp) = "
        UPDATE staff_factors SET last_step = $4, last_used_at = $5
        WHERE society_id = $1 AND staff_id = $2 AND factor_id = $3 AND (last_step IS NULL OR last_step < $4)";
    fn factor_used(society_id: i64, staff_id: i64, factor_id: i64, now: Timestamp, credential: Option<&str>) = "
        UPDATE staff_factors SET last_used_at = $4, credential = COALESCE($5, credential)
        WHERE society_id = $1 AND staff_id = $2 AND factor_id = $3";
}

/// A second factor.
#[derive(Clone, Debug, yui_db::Row)]
pub(in super::super) struct StaffFactorRow {
    pub(in super::super) factor_id: i64,
    pub(in super::super) kind: String,
    pub(in super::super) label: String,
    pub(in super::super) created_at: jiff::Timestamp,
    pub(in super::super) last_used_at: Option<jiff::Timestamp>,
    pub(in super::super) sealed_key: Option<Vec<u8>>,
    pub(in super::super) last_step: Option<i64>,
    pub(in super::super) credential: Option<String>,
}

/// Returns the factors, the oldest first.
pub(in super::super) async fn factors(
    db: &Db,
    scope: &impl InSociety,
    staff_id: i64,
) -> Result<Vec<StaffFactorRow>, DbError> {
    db.all(Sql::factors(scope.society_id(), staff_id)).await
}

/// Returns the factors as the transaction sees them.
pub(in super::super) async fn factors_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
) -> Result<Vec<StaffFactorRow>, DbError> {
    tx.all(Sql::factors(scope.society_id(), staff_id)).await
}

/// The data of a new factor of a member of staff.
#[derive(Clone, Debug)]
pub(in super::super) enum NewStaffFactor {
    /// An app's key, sealed for the factor of this number, and the step of its first code.
    App { sealed_key: Vec<u8>, step: i64 },
    /// A passkey.
    Passkey { credential_id: Vec<u8>, credential: String },
}

/// Inserts a factor.
pub(in super::super) async fn factor_insert(
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
    tx.execute(Sql::factor_insert(
        scope.society_id(),
        staff_id,
        factor_id,
        kind,
        label,
        now,
        key.as_deref(),
        step,
        id.as_deref(),
        credential.as_deref(),
    ))
    .await
    .map(drop)
}

/// Removes a factor; returns false if there is none.
pub(in super::super) async fn factor_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    factor_id: i64,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::factor_delete(scope.society_id(), staff_id, factor_id)).await? == 1)
}

/// Uses the code of a 30-second step; returns false if this step or a later one was used before (RFC 6238 5.2).
pub(in super::super) async fn factor_step(
    tx: &mut Tx,
    scope: &impl InSociety,
    staff_id: i64,
    (factor_id, step): (i64, i64),
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::factor_step(scope.society_id(), staff_id, factor_id, step, now)).await? == 1)
}

/// Records that a passkey was used, and its new state, if it has one.
pub(in super::super) async fn factor_used(
    tx: &mut Tx,
    scope: &impl InSociety,
    (staff_id, factor_id): (i64, i64),
    credential: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::factor_used(scope.society_id(), staff_id, factor_id, now, credential)).await.map(drop)
}
