//! The SQL of the first page's figures.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, statements};

use super::totals::DailyTotals;
use crate::core::society::InSociety;

statements! {
    fn covered(society_id: i64, today: Date) -> Covered = "
        SELECT relationship, COUNT(*) AS count FROM coverages
        WHERE society_id = $1 AND from_date <= $2 AND (to_date IS NULL OR to_date > $2)
        GROUP BY relationship";
    fn enrolled(society_id: i64, today: Date) -> i64 = "
        SELECT COUNT(*) AS count FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'enrolled'
            AND EXISTS (SELECT 1 FROM coverages c
                        WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                            AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))";
    fn accounts(society_id: i64) -> Accounts = "
        SELECT state, COUNT(*) AS count, COUNT(CASE WHEN state <> 'stopped' THEN locked_at END) AS locked,
            COUNT(CASE WHEN state = 'temporary' AND last_login_at IS NULL THEN 1 END) AS never
        FROM accounts WHERE society_id = $1 GROUP BY state";
    fn factors(society_id: i64) -> Factors = "
        SELECT kind, COUNT(DISTINCT account_id) AS count FROM factors WHERE society_id = $1 GROUP BY kind";
    fn keep(
        society_id: i64,
        day: Date,
        taken_at: Timestamp,
        members: i64,
        insured: i64,
        enrolled: i64,
        waiting: i64,
        stopped: i64,
        locked: i64,
        never_logged_in: i64,
        with_passkey: i64,
        with_app: i64,
        with_email: i64,
    ) = "
        INSERT INTO daily_figures (society_id, day, taken_at, members, insured, enrolled, waiting, stopped, locked,
            never_logged_in, with_passkey, with_app, with_email)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (society_id, day) DO UPDATE SET taken_at = excluded.taken_at, members = excluded.members,
            insured = excluded.insured, enrolled = excluded.enrolled, waiting = excluded.waiting, stopped = excluded.stopped,
            locked = excluded.locked, never_logged_in = excluded.never_logged_in, with_passkey = excluded.with_passkey,
            with_app = excluded.with_app, with_email = excluded.with_email";
    fn kept_since(society_id: i64, day: Date) -> TotalsRow = "
        SELECT day, taken_at, members, insured, enrolled, waiting, stopped, locked, never_logged_in, with_passkey, with_app,
            with_email
        FROM daily_figures WHERE society_id = $1 AND day >= $2 ORDER BY day";
}

#[derive(yui_db::Row)]
struct Covered {
    relationship: String,
    count: i64,
}

#[derive(yui_db::Row)]
struct Accounts {
    state: String,
    count: i64,
    locked: i64,
    never: i64,
}

#[derive(yui_db::Row)]
struct Factors {
    kind: String,
    count: i64,
}

/// Counts how the society stands on this day.
pub(super) async fn count(
    db: &Db,
    scope: &impl InSociety,
    today: Date,
    now: Timestamp,
) -> Result<DailyTotals, DbError> {
    let covered: Vec<Covered> = db.all(Sql::covered(scope.society_id(), today)).await?;
    let enrolled = db.one(Sql::enrolled(scope.society_id(), today)).await?;
    let accounts: Vec<Accounts> = db.all(Sql::accounts(scope.society_id())).await?;
    let factors: Vec<Factors> = db.all(Sql::factors(scope.society_id())).await?;
    let state = |word: &str| accounts.iter().filter(|row| row.state == word).map(|row| row.count).sum();
    let factor = |word: &str| factors.iter().filter(|row| row.kind == word).map(|row| row.count).sum();
    Ok(DailyTotals {
        day: today,
        taken_at: now,
        members: covered.iter().map(|row| row.count).sum(),
        insured: covered.iter().filter(|row| row.relationship == "insured").map(|row| row.count).sum(),
        enrolled,
        waiting: state("temporary"),
        stopped: state("stopped"),
        locked: accounts.iter().map(|row| row.locked).sum(),
        never_logged_in: accounts.iter().map(|row| row.never).sum(),
        with_passkey: factor("passkey"),
        with_app: factor("app"),
        with_email: factor("email"),
    })
}

/// Keeps the figures of a day; those counted earlier that day are replaced.
pub(super) async fn keep(tx: &mut Tx, scope: &impl InSociety, figures: &DailyTotals) -> Result<(), DbError> {
    tx.execute(Sql::keep(
        scope.society_id(),
        figures.day,
        figures.taken_at,
        figures.members,
        figures.insured,
        figures.enrolled,
        figures.waiting,
        figures.stopped,
        figures.locked,
        figures.never_logged_in,
        figures.with_passkey,
        figures.with_app,
        figures.with_email,
    ))
    .await
    .map(drop)
}

#[derive(yui_db::Row)]
struct TotalsRow {
    day: jiff::civil::Date,
    taken_at: jiff::Timestamp,
    members: i64,
    insured: i64,
    enrolled: i64,
    waiting: i64,
    stopped: i64,
    locked: i64,
    never_logged_in: i64,
    with_passkey: i64,
    with_app: i64,
    with_email: i64,
}

/// Returns the figures kept since this day, the oldest first.
pub(super) async fn kept_since(db: &Db, scope: &impl InSociety, day: Date) -> Result<Vec<DailyTotals>, DbError> {
    let rows: Vec<TotalsRow> = db.all(Sql::kept_since(scope.society_id(), day)).await?;
    let figures = rows.into_iter().map(|row| DailyTotals {
        day: row.day,
        taken_at: row.taken_at,
        members: row.members,
        insured: row.insured,
        enrolled: row.enrolled,
        waiting: row.waiting,
        stopped: row.stopped,
        locked: row.locked,
        never_logged_in: row.never_logged_in,
        with_passkey: row.with_passkey,
        with_app: row.with_app,
        with_email: row.with_email,
    });
    Ok(figures.collect())
}
