//! The SQL of approvals.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::{
    scope::StaffScope,
    society::{InSociety, ids_take},
};

statements! {
    fn ask(
        society_id: i64,
        approval_id: i64,
        act: &str,
        subject_id: i64,
        subject_name: &str,
        detail: &str,
        staff_id: i64,
        now: Timestamp,
    ) = "
        INSERT INTO approvals (society_id, approval_id, act, subject_id, subject_name, detail, asked_by, asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING";
    fn decide(society_id: i64, approval_id: i64, staff_id: i64, now: Timestamp, approved: bool) = "
        UPDATE approvals SET decided_by = $3, decided_at = $4, approved = $5
        WHERE society_id = $1 AND approval_id = $2 AND decided_at IS NULL";
    fn list(society_id: i64, most: i64) -> ApprovalRow = "
        SELECT a.approval_id, a.act, a.subject_id, a.subject_name, a.detail, a.asked_by, a.asked_at, a.decided_at, a.approved,
            s.name AS asked_name, COALESCE(c.member_id, NULL) AS member_id, COALESCE(c.user_id, NULL) AS user_id,
            (SELECT d.name FROM staff d WHERE d.society_id = a.society_id AND d.staff_id = a.decided_by) AS decided_name
        FROM approvals a
        JOIN staff s ON s.society_id = a.society_id AND s.staff_id = a.asked_by
        LEFT JOIN accounts c ON c.society_id = a.society_id AND c.account_id = a.subject_id AND a.act = 'factor_reset'
        WHERE a.society_id = $1
        ORDER BY CASE WHEN a.decided_at IS NULL THEN 0 ELSE 1 END, a.approval_id DESC LIMIT $2";
    fn one(society_id: i64, approval_id: i64) -> ApprovalRow = "
        SELECT a.approval_id, a.act, a.subject_id, a.subject_name, a.detail, a.asked_by, a.asked_at, a.decided_at, a.approved,
            s.name AS asked_name, COALESCE(c.member_id, NULL) AS member_id, COALESCE(c.user_id, NULL) AS user_id,
            (SELECT d.name FROM staff d WHERE d.society_id = a.society_id AND d.staff_id = a.decided_by) AS decided_name
        FROM approvals a
        JOIN staff s ON s.society_id = a.society_id AND s.staff_id = a.asked_by
        LEFT JOIN accounts c ON c.society_id = a.society_id AND c.account_id = a.subject_id AND a.act = 'factor_reset'
        WHERE a.society_id = $1 AND a.approval_id = $2";
    fn open_count(society_id: i64) -> i64 =
        "SELECT COUNT(*) AS count FROM approvals WHERE society_id = $1 AND decided_at IS NULL";
    fn open_about(society_id: i64, act: &str, subject_id: i64) -> Open = "
        SELECT a.detail, s.name AS asked_name
        FROM approvals a
        JOIN staff s ON s.society_id = a.society_id AND s.staff_id = a.asked_by
        WHERE a.society_id = $1 AND a.act = $2 AND a.subject_id = $3 AND a.decided_at IS NULL";
}

/// A request with its decision.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct ApprovalRow {
    pub(super) approval_id: i64,
    pub(super) act: String,
    pub(super) subject_id: i64,
    pub(super) subject_name: String,
    pub(super) detail: String,
    pub(super) asked_by: i64,
    pub(super) asked_at: jiff::Timestamp,
    pub(super) decided_at: Option<jiff::Timestamp>,
    pub(super) approved: Option<bool>,
    pub(super) asked_name: String,
    /// The member whose account it is about, if any.
    pub(super) member_id: Option<i64>,
    pub(super) user_id: Option<String>,
    pub(super) decided_name: Option<String>,
}

/// Inserts a request; returns false if the same one is open already.
pub(super) async fn request_insert(
    tx: &mut Tx,
    staff: &StaffScope,
    (act, subject_id, subject_name): (&str, i64, &str),
    detail: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let id = ids_take(tx, staff, "approval", 1).await?;
    Ok(tx.execute(Sql::ask(staff.society_id(), id, act, subject_id, subject_name, detail, staff.staff_id, now)).await?
        == 1)
}

/// Decides an open request; returns false if it is not open.
pub(super) async fn decide(
    tx: &mut Tx,
    staff: &StaffScope,
    approval_id: i64,
    approved: bool,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::decide(staff.society_id(), approval_id, staff.staff_id, now, approved)).await? == 1)
}

/// Returns the requests, open ones first, then the newest.
pub(super) async fn list(db: &Db, scope: &impl InSociety, most: i64) -> Result<Vec<ApprovalRow>, DbError> {
    db.all(Sql::list(scope.society_id(), most)).await
}

/// Returns a request.
pub(super) async fn one(db: &Db, scope: &impl InSociety, approval_id: i64) -> Result<Option<ApprovalRow>, DbError> {
    db.optional(Sql::one(scope.society_id(), approval_id)).await
}

/// Returns the number of open requests.
pub(super) async fn open_count(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    let row = db.one(Sql::open_count(scope.society_id())).await?;
    Ok(row)
}

/// An open request.
#[derive(Debug, yui_db::Row)]
pub struct Open {
    /// The object of the act, in words.
    pub detail: String,
    /// The name of the requester.
    pub asked_name: String,
}

/// Returns the open request about this act and subject.
pub(super) async fn open_about(
    db: &Db,
    scope: &impl InSociety,
    act: &str,
    subject_id: i64,
) -> Result<Option<Open>, DbError> {
    db.optional(Sql::open_about(scope.society_id(), act, subject_id)).await
}
