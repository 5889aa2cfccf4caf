//! The SQL of changes of single claims by hand, and of the claims that staff look at.

use jiff::Timestamp;
use kenpo_formats::{CareKind, TreatmentMonth};
use yui_db::{Db, DbError, Tx, statements};

use crate::{core::society::InSociety, features::imports::HandCounts};

statements! {
    fn change_insert(
        society_id: i64,
        batch_id: i64,
        key: &[u8],
        act: &str,
        reason: &str,
        now: Timestamp,
        by: &str,
    ) = "
        INSERT INTO claim_changes (society_id, batch_id, claim_key, act, reason, changed_at, changed_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    fn change_delete(society_id: i64, batch_id: i64, key: &[u8]) =
        "DELETE FROM claim_changes WHERE society_id = $1 AND batch_id = $2 AND claim_key = $3";
    fn row_delete(society_id: i64, batch_id: i64, key: &[u8]) =
        "DELETE FROM expenses WHERE society_id = $1 AND batch_id = $2 AND claim_key = $3";
    fn hand_counts(society_id: i64, batch_id: i64) -> HandCounts = "
        SELECT COUNT(*) AS count, COUNT(CASE WHEN corrects THEN 1 END) AS corrections,
            MIN(treatment_month) AS first_month, MAX(treatment_month) AS last_month
        FROM expenses WHERE society_id = $1 AND batch_id = $2";
    // With the version before it, if there is one.
    fn hand_changes(society_id: i64, batch_id: i64, most: i64) -> ChangeRow = "
        SELECT c.claim_key, c.act, c.reason, c.changed_at, c.changed_by, m.name AS patient, e.treatment_month,
            e.care_kind, e.provider_name, e.total, e.self_pay, COALESCE(before.total, NULL) AS old_total,
            COALESCE(before.self_pay, NULL) AS old_self_pay
        FROM claim_changes c
        JOIN expenses e ON e.society_id = c.society_id AND e.batch_id = c.batch_id AND e.claim_key = c.claim_key
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        LEFT JOIN expenses before ON before.society_id = c.society_id AND before.claim_key = c.claim_key
            AND before.batch_id = (
                SELECT MAX(older.batch_id) FROM expenses older
                JOIN import_batches b ON b.society_id = older.society_id AND b.batch_id = older.batch_id
                WHERE older.society_id = c.society_id AND older.claim_key = c.claim_key
                    AND older.batch_id < c.batch_id AND NOT b.clearing)
        WHERE c.society_id = $1 AND c.batch_id = $2
        ORDER BY c.changed_at, c.claim_key LIMIT $3";
    fn claim_list(society_id: i64, batch_id: i64, after: &[u8], most: i64) -> ClaimRow = "
        SELECT e.claim_key, m.name AS patient, e.treatment_month, e.care_kind, e.provider_name, e.total, e.self_pay,
            e.cancelled
        FROM expenses e
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        WHERE e.society_id = $1 AND e.batch_id = $2 AND e.claim_key > $3
        ORDER BY e.claim_key LIMIT $4";
    fn claim_list_of(
        society_id: i64,
        batch_id: i64,
        after: &[u8],
        most: i64,
        holder_key: &str,
        p6: &str,
        p7: &str,
        p8: &str,
    ) -> ClaimRow = "
        SELECT e.claim_key, m.name AS patient, e.treatment_month, e.care_kind, e.provider_name, e.total, e.self_pay,
            e.cancelled
        FROM expenses e
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        WHERE e.society_id = $1 AND e.batch_id = $2 AND e.claim_key > $3
            AND e.member_id IN (
                SELECT c.member_id FROM coverages c WHERE c.society_id = $1 AND c.holder_key IN ($5, $6, $7, $8))
        ORDER BY e.claim_key LIMIT $4";
    fn claim_versions(society_id: i64, key: &[u8]) -> ClaimVersionRow = "
        SELECT e.batch_id, e.member_id, e.household_id, m.name AS patient, e.treatment_month, e.provider_code,
            e.provider_name, e.care_kind, e.days, e.total, e.insurer_share, e.public_share, e.self_pay, e.derived,
            e.note, e.cancelled, e.billing_month, b.file_name, b.state, b.by_hand, b.created_at
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        WHERE e.society_id = $1 AND e.claim_key = $2 AND NOT b.clearing
        ORDER BY b.version_order DESC LIMIT 100";
}

/// Notes a change in a batch: what, why and by whom.
pub(in super::super) async fn change_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    (batch_id, key): (i64, &[u8]),
    (act, reason, by): (&str, &str, &str),
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::change_insert(scope.society_id(), batch_id, key, act, reason, now, by)).await.map(drop)
}

/// Deletes the row and the change of a claim from a batch.
pub(in super::super) async fn change_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    key: &[u8],
) -> Result<(), DbError> {
    tx.execute(Sql::change_delete(scope.society_id(), batch_id, key)).await?;
    tx.execute(Sql::row_delete(scope.society_id(), batch_id, key)).await.map(drop)
}

/// Returns how many rows a batch has, and of which months.
pub(in super::super) async fn counts(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<HandCounts, DbError> {
    tx.one(Sql::hand_counts(scope.society_id(), batch_id)).await
}

/// A change, with the version before it.
#[derive(yui_db::Row)]
pub(in super::super) struct ChangeRow {
    pub(in super::super) claim_key: Vec<u8>,
    pub(in super::super) act: String,
    pub(in super::super) reason: String,
    pub(in super::super) changed_at: jiff::Timestamp,
    pub(in super::super) changed_by: String,
    pub(in super::super) patient: String,
    treatment_month: i32,
    care_kind: String,
    provider_name: String,
    pub(in super::super) total: i64,
    pub(in super::super) self_pay: i64,
    pub(in super::super) old_total: Option<i64>,
    pub(in super::super) old_self_pay: Option<i64>,
}

impl ChangeRow {
    /// Returns the month, the care and the provider.
    pub(in super::super) fn care(&self) -> Option<String> {
        care(self.treatment_month, &self.care_kind, &self.provider_name)
    }
}

fn care(month: i32, kind: &str, provider: &str) -> Option<String> {
    let (month, kind) = (TreatmentMonth::from_number(month)?, CareKind::from_code(kind)?);
    Some(format!("{month} {} {provider}", kind.label()))
}

/// Returns the changes of a batch, the oldest first.
pub(in super::super) async fn changes(
    db: &Db,
    scope: &impl InSociety,
    batch_id: i64,
    most: i64,
) -> Result<Vec<ChangeRow>, DbError> {
    db.all(Sql::hand_changes(scope.society_id(), batch_id, most)).await
}

/// A claim in a list.
#[derive(yui_db::Row)]
pub(in super::super) struct ClaimRow {
    pub(in super::super) claim_key: Vec<u8>,
    pub(in super::super) patient: String,
    treatment_month: i32,
    care_kind: String,
    provider_name: String,
    pub(in super::super) total: i64,
    pub(in super::super) self_pay: i64,
    pub(in super::super) cancelled: bool,
}

impl ClaimRow {
    /// Returns the month, the care and the provider.
    pub(in super::super) fn care(&self) -> Option<String> {
        care(self.treatment_month, &self.care_kind, &self.provider_name)
    }
}

/// Returns so many claims of a batch after this key; with holder keys (of at most four insurers), those of their members.
pub(in super::super) async fn claims(
    db: &Db,
    scope: &impl InSociety,
    (batch_id, after, most): (i64, &[u8], i64),
    holders: &[String],
) -> Result<Vec<ClaimRow>, DbError> {
    if holders.is_empty() {
        return db.all(Sql::claim_list(scope.society_id(), batch_id, after, most)).await;
    }
    let holder = |at: usize| holders.get(at).or(holders.last()).map(String::as_str).unwrap_or_default();
    db.all(Sql::claim_list_of(scope.society_id(), batch_id, after, most, holder(0), holder(1), holder(2), holder(3)))
        .await
}

/// A version of a claim, with its batch.
#[derive(Clone, Debug, yui_db::Row)]
pub(in super::super) struct ClaimVersionRow {
    pub(in super::super) batch_id: i64,
    pub(in super::super) member_id: i64,
    pub(in super::super) household_id: i64,
    pub(in super::super) patient: String,
    pub(in super::super) treatment_month: i32,
    pub(in super::super) provider_code: Option<String>,
    pub(in super::super) provider_name: String,
    pub(in super::super) care_kind: String,
    pub(in super::super) days: Option<i32>,
    pub(in super::super) total: i64,
    pub(in super::super) insurer_share: i64,
    pub(in super::super) public_share: i64,
    pub(in super::super) self_pay: i64,
    pub(in super::super) derived: bool,
    pub(in super::super) note: String,
    pub(in super::super) cancelled: bool,
    pub(in super::super) billing_month: Option<i32>,
    pub(in super::super) file_name: String,
    pub(in super::super) state: String,
    pub(in super::super) by_hand: bool,
    pub(in super::super) created_at: jiff::Timestamp,
}

/// Returns the versions of a claim, the newest first.
pub(in super::super) async fn versions(
    tx: &mut Tx,
    scope: &impl InSociety,
    key: &[u8],
) -> Result<Vec<ClaimVersionRow>, DbError> {
    tx.all(Sql::claim_versions(scope.society_id(), key)).await
}
