//! The SQL of expenses.

use std::collections::HashMap;

use jiff::civil::Date;
use kenpo_formats::{CareKind, TreatmentMonth, amounts::Amounts};
use yui_db::{BulkTable, Db, DbError, Tx, statements};

use super::{
    ExpenseLine, VisibleMonths,
    arrival::Arrival,
    incoming::amounts_of,
    line::{Claimed, joined},
    reconcile::Sums,
};
use crate::{
    core::{
        scope::{MemberScope, StaffScope, SystemScope},
        society::InSociety,
    },
    features::imports::{FileTotals, MonthRows, Reader, Source},
};

pub(super) mod hand;

statements! {
    fn lines(society_id: i64, household_id: i64, first: i32, last: i32, today: Date) -> LineRow = "
        SELECT e.treatment_month, e.member_id, m.name AS patient, e.provider_code, e.provider_name, e.care_kind, e.days,
            e.total, e.insurer_share, e.public_share, e.self_pay, e.derived, e.note, b.published_at
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        WHERE e.society_id = $1 AND e.household_id = $2 AND e.treatment_month BETWEEN $3 AND $4
            AND e.superseded_by IS NULL AND NOT e.cancelled AND b.state = 'published'
            AND NOT EXISTS (SELECT 1 FROM member_flags f
                WHERE f.society_id = e.society_id AND f.member_id = e.member_id AND f.ended_at IS NULL
                    AND (f.until_date IS NULL OR f.until_date >= $5))
        ORDER BY e.treatment_month, m.kana, e.member_id, e.provider_name, e.care_kind, e.claim_key";
    fn patients(society_id: i64, household_id: i64, first: i32, last: i32, today: Date) -> Patient = "
        SELECT e.member_id, m.name
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        WHERE e.society_id = $1 AND e.household_id = $2 AND e.treatment_month BETWEEN $3 AND $4
            AND e.superseded_by IS NULL AND NOT e.cancelled AND b.state = 'published'
            AND NOT EXISTS (SELECT 1 FROM member_flags f
                WHERE f.society_id = e.society_id AND f.member_id = e.member_id AND f.ended_at IS NULL
                    AND (f.until_date IS NULL OR f.until_date >= $5))
        GROUP BY e.member_id, m.name, m.kana
        ORDER BY m.kana, e.member_id";
    fn lines_of_person(society_id: i64, member_id: i64, first: i32, last: i32) -> LineRow = "
        SELECT e.treatment_month, e.member_id, m.name AS patient, e.provider_code, e.provider_name, e.care_kind, e.days,
            e.total, e.insurer_share, e.public_share, e.self_pay, e.derived, e.note, b.published_at
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        JOIN members m ON m.society_id = e.society_id AND m.member_id = e.member_id
        WHERE e.society_id = $1 AND e.member_id = $2 AND e.treatment_month BETWEEN $3 AND $4
            AND e.superseded_by IS NULL AND NOT e.cancelled AND b.state = 'published'
        ORDER BY e.treatment_month, e.provider_name, e.care_kind, e.claim_key";
    fn expense_count(society_id: i64) -> i64 = "SELECT COUNT(*) AS count FROM expenses WHERE society_id = $1";
    fn arrival(society_id: i64) -> ArrivalRow = "
        SELECT MAX(through_month) AS through_month, MIN(first_month) AS first_month FROM import_batches
        WHERE society_id = $1 AND kind = 'expenses' AND state = 'published'";
    fn months(society_id: i64, batch_id: i64) -> MonthCount = "
        SELECT treatment_month, COUNT(*) AS count FROM expenses
        WHERE society_id = $1 AND batch_id = $2 AND NOT cancelled
        GROUP BY treatment_month ORDER BY treatment_month";
    fn versions(society_id: i64, keys: &[Vec<u8>]) -> ClaimVersion = "
        SELECT e.claim_key, e.batch_id, e.member_id, e.treatment_month, e.total, e.insurer_share, e.public_share,
            e.self_pay, e.cancelled, b.version_order, b.by_hand
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        WHERE e.society_id = $1 AND e.claim_key IN ($2) AND NOT b.clearing";
    // The newest version of each claim, published or not.
    fn visits(society_id: i64, first: i32, last: i32, members: &[i64]) -> Visit = "
        SELECT e.claim_key, e.batch_id, e.member_id, e.treatment_month, e.total, e.insurer_share, e.public_share,
            e.self_pay, e.cancelled, b.version_order, b.by_hand, e.provider_code, e.provider_name, e.care_kind,
            e.billing_month
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        WHERE e.society_id = $1 AND e.member_id IN ($4) AND e.treatment_month BETWEEN $2 AND $3 AND NOT e.cancelled
            AND NOT b.clearing
            AND NOT EXISTS (SELECT 1 FROM expenses newer
                            JOIN import_batches n ON n.society_id = newer.society_id AND n.batch_id = newer.batch_id
                            WHERE newer.society_id = e.society_id AND newer.claim_key = e.claim_key
                                AND n.version_order > b.version_order AND NOT n.clearing)";
    // A row of a CSV is compared with electronic claims; a claim with both.
    fn other_files(society_id: i64, format: &str, content_hash: &[u8]) -> i64 = "
        SELECT COUNT(*) AS count FROM import_batches
        WHERE society_id = $1 AND kind = 'expenses' AND state <> 'withdrawn' AND content_hash <> $3
            AND (format = 'claims' OR $2 = 'claims')";
    fn withdrawn_order(society_id: i64, content_hash: &[u8]) -> i64 = "
        SELECT COALESCE(MIN(version_order), 0) AS count FROM import_batches
        WHERE society_id = $1 AND kind = 'expenses' AND content_hash = $2 AND state = 'withdrawn'";
    // Of the claims that this batch has together with others: whichever came later is marked.
    fn versions_settle(society_id: i64, batch_id: i64) = "
        UPDATE expenses
        SET superseded_by = (
            SELECT newer.batch_id
            FROM expenses newer
            JOIN import_batches b ON b.society_id = newer.society_id AND b.batch_id = newer.batch_id
            JOIN import_batches own ON own.society_id = expenses.society_id AND own.batch_id = expenses.batch_id
            WHERE newer.society_id = expenses.society_id AND newer.claim_key = expenses.claim_key
                AND b.state = 'published' AND b.version_order > own.version_order
            ORDER BY b.version_order
            LIMIT 1)
        WHERE society_id = $1
            AND claim_key IN (
                SELECT mine.claim_key FROM expenses mine
                WHERE mine.society_id = $1 AND mine.batch_id = $2 AND mine.corrects
                UNION
                SELECT later.claim_key FROM expenses later
                WHERE later.society_id = $1 AND later.batch_id <> $2 AND later.corrects
                    AND EXISTS (SELECT 1 FROM expenses mine
                                WHERE mine.society_id = later.society_id AND mine.claim_key = later.claim_key
                                    AND mine.batch_id = $2))";
    fn figures(society_id: i64, batch_id: i64) -> FiguresRow = "
        SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) AS amount, COUNT(DISTINCT member_id) AS people
        FROM expenses WHERE society_id = $1 AND batch_id = $2 AND NOT cancelled";
    // Who never said whether they want this mail gets it, as their settings show.
    fn readers(society_id: i64, batch_id: i64, after: i64, most: i64, today: Date) -> ReaderRow = "
        SELECT a.account_id, a.email, a.lang
        FROM accounts a
        WHERE a.society_id = $1 AND a.account_id > $3 AND a.state = 'enrolled' AND a.email IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM mail_wishes w
                            WHERE w.society_id = a.society_id AND w.account_id = a.account_id AND w.kind = 'expenses'
                                AND NOT w.wanted)
            AND EXISTS (SELECT 1 FROM expenses e
                        WHERE e.society_id = a.society_id AND e.household_id = a.household_id AND e.batch_id = $2
                            AND NOT e.cancelled
                            AND NOT EXISTS (SELECT 1 FROM member_flags f
                                WHERE f.society_id = e.society_id AND f.member_id = e.member_id AND f.ended_at IS NULL
                                    AND (f.until_date IS NULL OR f.until_date >= $5)))
        ORDER BY a.account_id LIMIT $4";
    fn household_last(society_id: i64) -> i64 =
        "SELECT COALESCE(MAX(household_id), 0) AS count FROM households WHERE society_id = $1";
    // What members see, or will see once everything that waits is published: of each claim its newest version.
    fn household_sums(
        society_id: i64,
        first: i64,
        last: i64,
        first_treatment_month: i32,
        last_treatment_month: i32,
    ) -> HouseholdSums = "
        SELECT e.household_id, e.treatment_month, COUNT(*) AS claims, CAST(SUM(e.total) AS BIGINT) AS total,
            CAST(SUM(e.self_pay) AS BIGINT) AS self_pay
        FROM expenses e
        JOIN import_batches b ON b.society_id = e.society_id AND b.batch_id = e.batch_id
        WHERE e.society_id = $1 AND e.household_id BETWEEN $2 AND $3 AND e.treatment_month BETWEEN $4 AND $5
            AND NOT e.cancelled AND b.state IN ('published', 'staged')
            AND NOT EXISTS (
                SELECT 1 FROM expenses newer
                JOIN import_batches n ON n.society_id = newer.society_id AND n.batch_id = newer.batch_id
                WHERE newer.society_id = e.society_id AND newer.claim_key = e.claim_key
                    AND n.state IN ('published', 'staged') AND n.version_order > b.version_order)
        GROUP BY e.household_id, e.treatment_month";
    fn numbers_of(society_id: i64, households: &[i64]) -> HouseholdNumbersRow = "
        SELECT household_id, insurer_number, symbol, number FROM coverages
        WHERE society_id = $1 AND household_id IN ($2) AND relationship = 'insured'
        ORDER BY household_id, from_date";
    // Found in the order of one index and deleted by the whole key: it leaves the engine one way, whatever it believes of a batch that
    // it has not looked at yet.
    fn batch_delete(society_id: i64, batch_id: i64, most: i64) = "
        DELETE FROM expenses
        WHERE (society_id, claim_key, batch_id) IN (
            SELECT e.society_id, e.claim_key, e.batch_id FROM expenses e
            WHERE e.society_id = $1 AND e.batch_id BETWEEN $2 AND $2
            ORDER BY e.batch_id LIMIT $3)";
}

/// The table as imports fill it.
pub(super) static EXPENSES: BulkTable = BulkTable {
    name: "expenses",
    columns: &[
        "society_id",
        "household_id",
        "treatment_month",
        "claim_key",
        "batch_id",
        "member_id",
        "provider_code",
        "provider_name",
        "care_kind",
        "days",
        "total",
        "insurer_share",
        "public_share",
        "self_pay",
        "derived",
        "note",
        "cancelled",
        "corrects",
        "billing_month",
    ],
};

#[derive(yui_db::Row)]
struct LineRow {
    treatment_month: i32,
    member_id: i64,
    patient: String,
    provider_code: Option<String>,
    provider_name: String,
    care_kind: String,
    days: Option<i32>,
    total: i64,
    insurer_share: i64,
    public_share: i64,
    self_pay: i64,
    derived: bool,
    note: String,
    published_at: Option<jiff::Timestamp>,
}

/// Returns the household's published lines of these months, first and last included, by month, patient and provider. Those of a person
/// with an objection or non-disclosure in force `today` are not among them: every page and file is made of these lines.
pub(crate) async fn lines(
    db: &Db,
    scope: &MemberScope,
    months: VisibleMonths,
    today: Date,
) -> anyhow::Result<Vec<ExpenseLine>> {
    lines_in(db, scope, scope.household_id, months, today).await
}

/// Returns what [`lines`] returns to the household's account: for staff who answer its questions.
pub(super) async fn lines_of_household(
    db: &Db,
    staff: &StaffScope,
    household_id: i64,
    months: VisibleMonths,
    today: Date,
) -> anyhow::Result<Vec<ExpenseLine>> {
    lines_in(db, staff, household_id, months, today).await
}

async fn lines_in(
    db: &Db,
    scope: &impl InSociety,
    household_id: i64,
    months: VisibleMonths,
    today: Date,
) -> anyhow::Result<Vec<ExpenseLine>> {
    let (first, last) = (months.first.number(), months.last.number());
    let rows: Vec<LineRow> = db.all(Sql::lines(scope.society_id(), household_id, first, last, today)).await?;
    Ok(joined(rows.into_iter().map(claim).collect::<anyhow::Result<Vec<_>>>()?))
}

/// Returns all published lines of one person in these months, whatever is kept from the household: for the person themselves.
pub(crate) async fn lines_of_person(
    db: &Db,
    staff: &StaffScope,
    member_id: i64,
    months: VisibleMonths,
) -> anyhow::Result<Vec<ExpenseLine>> {
    let rows: Vec<LineRow> = db
        .all(Sql::lines_of_person(staff.society_id(), member_id, months.first.number(), months.last.number()))
        .await?;
    Ok(joined(rows.into_iter().map(claim).collect::<anyhow::Result<Vec<_>>>()?))
}

fn claim(row: LineRow) -> anyhow::Result<Claimed> {
    let unknown = || anyhow::anyhow!("an expense of month {} and kind {}", row.treatment_month, row.care_kind);
    let line = ExpenseLine {
        month: TreatmentMonth::from_number(row.treatment_month).ok_or_else(unknown)?,
        member_id: row.member_id,
        care_kind: CareKind::from_code(&row.care_kind).ok_or_else(unknown)?,
        patient: row.patient,
        provider_name: row.provider_name,
        days: row.days,
        total: row.total,
        insurer: row.insurer_share,
        public: row.public_share,
        self_pay: row.self_pay,
        derived: row.derived,
        note: row.note,
        published_at: row.published_at,
        parts: Vec::new(),
    };
    Ok(Claimed { provider_code: row.provider_code, line })
}

/// Somebody who was treated.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct Patient {
    pub(crate) member_id: i64,
    pub(crate) name: String,
}

/// Returns of whom there is a line among those that [`lines`] returns, by kana. Who had no care and who is kept from the household are
/// both not among them.
pub(super) async fn patients(
    db: &Db,
    scope: &MemberScope,
    months: VisibleMonths,
    today: Date,
) -> Result<Vec<Patient>, DbError> {
    let (first, last) = (months.first.number(), months.last.number());
    db.all(Sql::patients(scope.society_id(), scope.household_id, first, last, today)).await
}

#[derive(yui_db::Row)]
struct ArrivalRow {
    through_month: Option<i32>,
    first_month: Option<i32>,
}

/// Returns which months have arrived in the society.
pub(crate) async fn arrival(db: &Db, scope: &impl InSociety) -> Result<Arrival, DbError> {
    let row: ArrivalRow = db.one(Sql::arrival(scope.society_id())).await?;
    Ok(Arrival {
        first: row.first_month.and_then(TreatmentMonth::from_number),
        through: row.through_month.and_then(TreatmentMonth::from_number),
        expected_after: scope.society().policy.expenses_expected_after_months,
    })
}

#[derive(yui_db::Row)]
struct MonthCount {
    treatment_month: i32,
    count: i64,
}

/// Returns how many rows of each month a batch has, in the order of the months.
pub(super) async fn months(db: &Db, scope: &SystemScope, batch_id: i64) -> Result<Vec<MonthRows>, DbError> {
    let rows: Vec<MonthCount> = db.all(Sql::months(scope.society_id(), batch_id)).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((TreatmentMonth::from_number(row.treatment_month)?, row.count)))
        .collect())
}

/// A version of a claim that is there already.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct ClaimVersion {
    pub(super) claim_key: Vec<u8>,
    pub(super) batch_id: i64,
    pub(super) member_id: i64,
    pub(super) treatment_month: i32,
    pub(super) total: i64,
    insurer_share: i64,
    public_share: i64,
    self_pay: i64,
    pub(super) cancelled: bool,
    /// The place of its batch among the versions; the greatest that is published is shown.
    pub(super) version_order: i64,
    /// Whether staff changed it by hand.
    pub(super) by_hand: bool,
}

impl ClaimVersion {
    /// Returns its amounts.
    pub(super) fn amounts(&self) -> Option<Amounts> {
        amounts_of(self.total, self.insurer_share, self.public_share, self.self_pay)
    }
}

/// The newest version of a claim, as it is compared with the claims of another file.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct Visit {
    #[row(flatten)]
    pub(super) version: ClaimVersion,
    pub(super) provider_code: Option<String>,
    pub(super) provider_name: String,
    pub(super) care_kind: String,
    /// As 202501; none for a row of a CSV.
    pub(super) billing_month: Option<i32>,
}

/// Returns the versions of these claims that are there already, but for withdrawn ones.
pub(super) async fn versions_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    keys: &[Vec<u8>],
) -> Result<Vec<ClaimVersion>, DbError> {
    tx.all(Sql::versions(scope.society_id(), keys)).await
}

/// Returns the newest version of each claim of these members in these months, first and last included, but for those taken back.
pub(super) async fn visits(
    tx: &mut Tx,
    scope: &impl InSociety,
    (first, last): (TreatmentMonth, TreatmentMonth),
    members: &[i64],
) -> Result<Vec<Visit>, DbError> {
    tx.all(Sql::visits(scope.society_id(), first.number(), last.number(), members)).await
}

/// How a file stands beside others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// Whether there are files whose claims may be of the same visits.
    pub(super) other_files: bool,
    /// The place among the versions of claims that its content had before it was withdrawn.
    pub(super) version_order: Option<i64>,
}

/// Returns how a file stands beside others.
pub(super) async fn beside(db: &Db, scope: &impl InSociety, source: &Source) -> Result<Beside, DbError> {
    let others = db.one(Sql::other_files(scope.society_id(), source.format.as_str(), &source.content_hash)).await?;
    let before = db.one(Sql::withdrawn_order(scope.society_id(), &source.content_hash)).await?;
    Ok(Beside { other_files: others > 0, version_order: Some(before).filter(|order| *order > 0) })
}

/// Lets each line of the claims that the batch has be superseded by the next published version of it, if there is one.
pub(super) async fn versions_settle(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> Result<u64, DbError> {
    tx.execute(Sql::versions_settle(scope.society_id(), batch_id)).await
}

/// Deletes so many lines of a batch; returns how many these were.
pub(super) async fn batch_delete(tx: &mut Tx, scope: &SystemScope, batch_id: i64, most: i64) -> Result<u64, DbError> {
    tx.execute(Sql::batch_delete(scope.society_id(), batch_id, most)).await
}

#[derive(yui_db::Row)]
struct FiguresRow {
    amount: i64,
    people: i64,
}

/// Returns what a batch adds up to.
pub(super) async fn figures(db: &Db, scope: &SystemScope, batch_id: i64) -> Result<FileTotals, DbError> {
    let row: FiguresRow = db.one(Sql::figures(scope.society_id(), batch_id)).await?;
    Ok(FileTotals { amount: Some(row.amount), people: Some(row.people) })
}

#[derive(yui_db::Row)]
struct ReaderRow {
    account_id: i64,
    email: Option<String>,
    lang: String,
}

/// Returns the next accounts after this one of whose households the batch has a line, and that want to be mailed.
pub(super) async fn readers(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    (after, most): (i64, i64),
    today: Date,
) -> Result<Vec<Reader>, DbError> {
    let rows: Vec<ReaderRow> = tx.all(Sql::readers(scope.society_id(), batch_id, after, most, today)).await?;
    let reader = |ReaderRow { account_id, email, lang }| Some(Reader { account_id, email: email?, lang });
    Ok(rows.into_iter().filter_map(reader).collect())
}

/// Returns how many rows there are, published or not.
pub(super) async fn count(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    db.one(Sql::expense_count(scope.society_id())).await
}

/// Returns the highest household number, 0 where there is none.
pub(super) async fn household_last(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    db.one(Sql::household_last(scope.society_id())).await
}

#[derive(yui_db::Row)]
struct HouseholdSums {
    household_id: i64,
    treatment_month: i32,
    claims: i64,
    total: i64,
    self_pay: i64,
}

/// Returns what is imported of these households in these months, by household and month; the first and last of both are meant as well.
pub(super) async fn household_sums(
    db: &Db,
    scope: &impl InSociety,
    (first, last): (i64, i64),
    months: (TreatmentMonth, TreatmentMonth),
) -> Result<Vec<((i64, i32), Sums)>, DbError> {
    let rows: Vec<HouseholdSums> =
        db.all(Sql::household_sums(scope.society_id(), first, last, months.0.number(), months.1.number())).await?;
    let sums = |HouseholdSums { household_id, treatment_month, claims, total, self_pay }| {
        ((household_id, treatment_month), Sums { claims, total, self_pay })
    };
    Ok(rows.into_iter().map(sums).collect())
}

#[derive(yui_db::Row)]
struct HouseholdNumbersRow {
    household_id: i64,
    insurer_number: String,
    symbol: String,
    number: String,
}

/// Returns the newest insurer number, symbol and number of these households.
pub(super) async fn numbers_of(
    db: &Db,
    scope: &impl InSociety,
    households: &[i64],
) -> Result<HashMap<i64, (String, String, String)>, DbError> {
    let rows: Vec<HouseholdNumbersRow> = db.all(Sql::numbers_of(scope.society_id(), households)).await?;
    Ok(rows.into_iter().map(|row| (row.household_id, (row.insurer_number, row.symbol, row.number))).collect())
}
