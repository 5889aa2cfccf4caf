//! The SQL of runs.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::{
    scope::StaffScope,
    society::{InSociety, ids_take},
};

statements! {
    fn order(
        society_id: i64,
        run_id: i64,
        whom: &str,
        again_of: Option<i64>,
        staff_id: i64,
        now: Timestamp,
        address: &str,
        wanted: i64,
    ) = "
        INSERT INTO pair_runs (society_id, run_id, whom, again_of, ordered_by, ordered_at, ordered_from, wanted, pairs, tries)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0) ON CONFLICT DO NOTHING";
    pub(crate) fn societies(now: Timestamp) -> crate::features::orders::SocietyWithWork = "
        SELECT society_id FROM pair_runs
        WHERE ready_at IS NULL AND stopped_at IS NULL AND (taken_until IS NULL OR taken_until <= $1)
        ORDER BY society_id";
    pub(crate) fn take(society_id: i64, now: Timestamp, until: Timestamp) -> LeasedRun = "
        UPDATE pair_runs SET taken_until = $3, tries = tries + 1, trouble_at = NULL
        WHERE society_id = $1 AND ready_at IS NULL AND stopped_at IS NULL AND (taken_until IS NULL OR taken_until <= $2)
        RETURNING run_id, whom, again_of, ordered_by, ordered_from, tries";
    pub(crate) fn keep(society_id: i64, run_id: i64, tries: i32, until: Timestamp) = "
        UPDATE pair_runs SET taken_until = $4
        WHERE society_id = $1 AND run_id = $2 AND tries = $3 AND ready_at IS NULL AND stopped_at IS NULL";
    pub(crate) fn failed(society_id: i64, run_id: i64, tries: i32, now: Timestamp, due_at: Timestamp) = "
        UPDATE pair_runs SET trouble_at = $4, taken_until = $5
        WHERE society_id = $1 AND run_id = $2 AND tries = $3 AND ready_at IS NULL AND stopped_at IS NULL";
    fn stop(society_id: i64, run_id: i64, now: Timestamp, name: &str) = "
        UPDATE pair_runs SET stopped_at = $3, stopped_by = $4, taken_until = NULL
        WHERE society_id = $1 AND run_id = $2 AND ready_at IS NULL AND stopped_at IS NULL";
    fn gather(society_id: i64, run_id: i64) =
        "UPDATE issued_pairs SET run_id = $2 WHERE society_id = $1 AND run_id IS NULL";
    fn ready(society_id: i64, run_id: i64, tries: i32, now: Timestamp, pairs: i64) = "
        UPDATE pair_runs SET ready_at = $4, pairs = $5, taken_until = NULL
        WHERE society_id = $1 AND run_id = $2 AND tries = $3 AND ready_at IS NULL AND stopped_at IS NULL";
    fn list(society_id: i64, most: i64) -> RunRow = "
        SELECT r.run_id, r.whom, s.name AS ordered_name, r.ordered_at, r.trouble_at, r.ready_at, r.pairs, r.cards_by, r.cards_at, r.list_by,
            r.list_at, r.forgotten_at, r.wanted, r.stopped_by, r.stopped_at
        FROM pair_runs r
        JOIN staff s ON s.society_id = r.society_id AND s.staff_id = r.ordered_by
        WHERE r.society_id = $1 ORDER BY r.run_id DESC LIMIT $2";
    fn one(society_id: i64, run_id: i64) -> RunRow = "
        SELECT r.run_id, r.whom, s.name AS ordered_name, r.ordered_at, r.trouble_at, r.ready_at, r.pairs, r.cards_by, r.cards_at, r.list_by,
            r.list_at, r.forgotten_at, r.wanted, r.stopped_by, r.stopped_at
        FROM pair_runs r
        JOIN staff s ON s.society_id = r.society_id AND s.staff_id = r.ordered_by
        WHERE r.society_id = $1 AND r.run_id = $2";
    fn cards_take(society_id: i64, run_id: i64, name: &str, now: Timestamp) = "
        UPDATE pair_runs SET cards_by = $3, cards_at = $4
        WHERE society_id = $1 AND run_id = $2 AND cards_at IS NULL AND forgotten_at IS NULL";
    fn list_take(society_id: i64, run_id: i64, name: &str, now: Timestamp) = "
        UPDATE pair_runs SET list_by = $3, list_at = $4
        WHERE society_id = $1 AND run_id = $2 AND list_at IS NULL AND forgotten_at IS NULL";
    // The row stays: it tells who got a pair in the run, for whom it may have to be done again.
    fn forget(society_id: i64, run_id: i64, sealed_password: &[u8]) =
        "UPDATE issued_pairs SET sealed_password = $3 WHERE society_id = $1 AND run_id = $2";
    fn again(society_id: i64, run_id: i64) -> i64 = "
        SELECT COUNT(*) AS count FROM issued_pairs p
        JOIN accounts a ON a.society_id = p.society_id AND a.account_id = p.account_id
        WHERE p.society_id = $1 AND p.run_id = $2 AND a.state = 'temporary'";
    fn left(society_id: i64, run_id: i64) -> i64 = "
        SELECT COUNT(*) AS count FROM issued_pairs p
        JOIN accounts a ON a.society_id = p.society_id AND a.account_id = p.account_id
        WHERE p.society_id = $1 AND p.run_id = $2 AND a.state = 'temporary' AND LENGTH(p.sealed_password) > 0";
    fn without_way(society_id: i64, today: jiff::civil::Date) -> i64 = "
        SELECT COUNT(*) AS count FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.first_way = 'link' AND a.email IS NULL
            AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))";
    fn forgotten(society_id: i64, run_id: i64, now: Timestamp) =
        "UPDATE pair_runs SET forgotten_at = $3 WHERE society_id = $1 AND run_id = $2 AND forgotten_at IS NULL AND ready_at IS NOT NULL";
    fn old(society_id: i64, before: Timestamp, now: Timestamp) -> i64 = "
        SELECT run_id AS count FROM pair_runs
        WHERE society_id = $1 AND forgotten_at IS NULL AND ready_at IS NOT NULL
            AND (cards_at <= $2 OR list_at <= $2
                OR NOT EXISTS (SELECT 1 FROM issued_pairs p
                    JOIN accounts a ON a.society_id = p.society_id AND a.account_id = p.account_id
                    WHERE p.society_id = pair_runs.society_id AND p.run_id = pair_runs.run_id AND a.password_ends_at > $3))
        ORDER BY run_id";
    fn without(society_id: i64, today: jiff::civil::Date) -> i64 = "
        SELECT COUNT(*) AS count FROM coverages c
        WHERE c.society_id = $1 AND c.relationship = 'insured' AND c.from_date <= $2
            AND (c.to_date IS NULL OR c.to_date > $2)
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.society_id = c.society_id AND a.member_id = c.member_id)";
    fn expired(society_id: i64, today: jiff::civil::Date, now: Timestamp) -> i64 = "
        SELECT COUNT(*) AS count FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.password_ends_at <= $3
            AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))";
    fn waiting(society_id: i64) -> i64 =
        "SELECT COUNT(*) AS count FROM issued_pairs WHERE society_id = $1 AND run_id IS NULL";
}

/// A run as a page shows it.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct RunRow {
    pub(crate) run_id: i64,
    pub(crate) whom: String,
    pub(crate) ordered_name: String,
    pub(crate) ordered_at: jiff::Timestamp,
    pub(crate) trouble_at: Option<jiff::Timestamp>,
    pub(crate) ready_at: Option<jiff::Timestamp>,
    pub(crate) pairs: i64,
    pub(crate) cards_by: Option<String>,
    pub(crate) cards_at: Option<jiff::Timestamp>,
    pub(crate) list_by: Option<String>,
    pub(crate) list_at: Option<jiff::Timestamp>,
    pub(crate) forgotten_at: Option<jiff::Timestamp>,
    pub(crate) wanted: i64,
    pub(crate) stopped_by: Option<String>,
    pub(crate) stopped_at: Option<jiff::Timestamp>,
}

/// A run that a worker has taken.
#[derive(Debug, yui_db::Row)]
pub(crate) struct LeasedRun {
    pub(crate) run_id: i64,
    pub(crate) whom: String,
    pub(crate) again_of: Option<i64>,
    pub(crate) ordered_by: i64,
    pub(crate) ordered_from: String,
    pub(crate) tries: i32,
}

/// How many would get a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunCounts {
    pub(crate) without: i64,
    pub(crate) expired: i64,
    pub(crate) waiting: i64,
}

/// Orders a run of so many pairs; returns its number, or nothing where one is being made.
pub(crate) async fn order(
    tx: &mut Tx,
    staff: &StaffScope,
    (whom, again_of, wanted): (&str, Option<i64>, i64),
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let id = ids_take(tx, staff, "pair_run", 1).await?;
    Ok((tx
        .execute(Sql::order(
            staff.society_id(),
            id,
            whom,
            again_of,
            staff.staff_id,
            now,
            staff.address.as_str(),
            wanted,
        ))
        .await?
        == 1)
        .then_some(id))
}

/// Gives up the run that is being made; returns false where it is ready or was given up before.
pub(crate) async fn stop(tx: &mut Tx, staff: &StaffScope, run_id: i64, now: Timestamp) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::stop(staff.society_id(), run_id, now, staff.name.as_str())).await? == 1)
}

/// Returns how many pairs are made and belong to no run yet.
pub(crate) async fn waiting(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    db.one(Sql::waiting(scope.society_id())).await
}

/// Gathers the pairs that wait into the run, which is ready with that; returns how many they are, or nothing where it was
/// given up or another worker was faster.
pub(crate) async fn gather(
    tx: &mut Tx,
    scope: &impl InSociety,
    run: &LeasedRun,
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let pairs = tx.execute(Sql::gather(scope.society_id(), run.run_id)).await?;
    let pairs = i64::try_from(pairs).unwrap_or(i64::MAX);
    let ready = tx.execute(Sql::ready(scope.society_id(), run.run_id, run.tries, now, pairs)).await? == 1;
    Ok(ready.then_some(pairs))
}

/// Returns the newest runs.
pub(crate) async fn list(db: &Db, scope: &impl InSociety, most: i64) -> Result<Vec<RunRow>, DbError> {
    db.all(Sql::list(scope.society_id(), most)).await
}

/// Returns a run.
pub(crate) async fn one(db: &Db, scope: &impl InSociety, run_id: i64) -> Result<Option<RunRow>, DbError> {
    db.optional(Sql::one(scope.society_id(), run_id)).await
}

/// Records who takes the postcards; returns false where they were taken before.
pub(crate) async fn cards_take(tx: &mut Tx, staff: &StaffScope, run_id: i64, now: Timestamp) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::cards_take(staff.society_id(), run_id, staff.name.as_str(), now)).await? == 1)
}

/// Records who takes the printing house's list; returns false where it was taken before.
pub(crate) async fn list_take(tx: &mut Tx, staff: &StaffScope, run_id: i64, now: Timestamp) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::list_take(staff.society_id(), run_id, staff.name.as_str(), now)).await? == 1)
}

/// Forgets the passwords of a run; returns false where that was done before or it is not ready.
pub(crate) async fn forget(tx: &mut Tx, scope: &impl InSociety, run_id: i64, now: Timestamp) -> Result<bool, DbError> {
    tx.execute(Sql::forget(scope.society_id(), run_id, &[0_u8; 0][..])).await?;
    Ok(tx.execute(Sql::forgotten(scope.society_id(), run_id, now)).await? == 1)
}

/// Returns how many got their pair in the run and wait for enrolment still, and of how many of these the password is still
/// there to be written out.
pub(crate) async fn left(db: &Db, scope: &impl InSociety, run_id: i64) -> Result<(i64, i64), DbError> {
    let again = db.one(Sql::again(scope.society_id(), run_id)).await?;
    let left = db.one(Sql::left(scope.society_id(), run_id)).await?;
    Ok((again, left))
}

/// Returns the runs whose passwords are still there though something was taken before this instant, or none of them is good any more.
pub(crate) async fn old(
    db: &Db,
    scope: &impl InSociety,
    (before, now): (Timestamp, Timestamp),
) -> Result<Vec<i64>, DbError> {
    db.all(Sql::old(scope.society_id(), before, now)).await
}

/// Counts the people who would get temporary credentials today.
pub(crate) async fn counts(
    db: &Db,
    scope: &impl InSociety,
    (today, now): (jiff::civil::Date, Timestamp),
) -> Result<RunCounts, DbError> {
    let without = db.one(Sql::without(scope.society_id(), today)).await?;
    let expired = db.one(Sql::expired(scope.society_id(), today, now)).await?;
    let without_way = db.one(Sql::without_way(scope.society_id(), today)).await?;
    Ok(RunCounts { without: without + without_way, expired, waiting: waiting(db, scope).await? })
}
