//! The SQL of temporary IDs.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::{scope::SystemScope, society::directory::InSociety},
    features::account::queries::AccountIdRow,
};

statements! {
    fn insured_without_account(society_id: i64, today: Date) -> Insured = "
        SELECT c.member_id, c.household_id FROM coverages c
        WHERE c.society_id = $1 AND c.relationship = 'insured' AND c.from_date <= $2
            AND (c.to_date IS NULL OR c.to_date > $2)
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.society_id = c.society_id AND a.member_id = c.member_id)
        ORDER BY c.member_id, c.from_date";
    fn without_way(society_id: i64, today: Date) -> i64 = "
        SELECT a.account_id AS id FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.first_way = 'link' AND a.email IS NULL
            AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))
        ORDER BY a.account_id";
    fn expired(society_id: i64, today: Date, now: Timestamp) -> i64 = "
        SELECT a.account_id AS id FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.password_ends_at <= $3
            AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))
        ORDER BY a.account_id";
    fn temporary(society_id: i64, user_id: &str) -> AccountIdRow = "
        SELECT account_id AS id FROM accounts WHERE society_id = $1 AND user_id = $2 AND state = 'temporary'";
    fn pair_set(society_id: i64, account_id: i64, hash: &str, now: Timestamp, ends_at: Timestamp) = "
        UPDATE accounts
        SET password_hash = $3, password_set_at = $4, password_ends_at = $5, first_way = 'pair', wrong_passwords = 0,
            wrong_codes = 0, wrong_identities = 0, locked_at = NULL, enrolment = NULL,
            email = CASE WHEN email_verified_at IS NULL THEN email ELSE NULL END, email_verified_at = NULL,
            revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary'";
    fn pair_keep(society_id: i64, account_id: i64, sealed: &[u8]) = "
        INSERT INTO issued_pairs (society_id, account_id, sealed_password) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, account_id) DO UPDATE SET sealed_password = excluded.sealed_password, run_id = NULL";
    fn pairs(society_id: i64, run_id: i64) -> PairRow = "
        SELECT p.account_id, p.sealed_password, a.user_id, COALESCE(a.password_ends_at, a.created_at) AS ends_at, m.name,
            c.insurer_number, c.symbol, c.number
        FROM issued_pairs p
        JOIN accounts a ON a.society_id = p.society_id AND a.account_id = p.account_id
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        JOIN coverages c ON c.society_id = a.society_id AND c.member_id = a.member_id
            AND c.from_date = (SELECT MAX(newest.from_date) FROM coverages newest
                WHERE newest.society_id = a.society_id AND newest.member_id = a.member_id
                    AND newest.relationship = 'insured')
        WHERE p.society_id = $1 AND a.state = 'temporary' AND COALESCE(p.run_id, 0) = $2
            AND LENGTH(p.sealed_password) > 0
        ORDER BY c.insurer_number, c.symbol, c.number, p.account_id";
    fn of_run(society_id: i64, run_id: i64) -> AccountIdRow = "
        SELECT p.account_id AS id FROM issued_pairs p
        JOIN accounts a ON a.society_id = p.society_id AND a.account_id = p.account_id
        WHERE p.society_id = $1 AND p.run_id = $2 AND a.state = 'temporary' ORDER BY p.account_id";
    fn pair_forget(society_id: i64, account_id: i64, sealed_password: &[u8]) = "
        DELETE FROM issued_pairs WHERE society_id = $1 AND account_id = $2 AND sealed_password = $3";
    fn pair_drop(society_id: i64, account_id: i64) =
        "DELETE FROM issued_pairs WHERE society_id = $1 AND account_id = $2";
}

#[derive(yui_db::Row)]
pub(crate) struct Insured {
    member_id: i64,
    household_id: i64,
}

/// Returns the insured persons, covered today, who have no account: each with the household they are in.
pub(crate) async fn insured_without_account(
    db: &Db,
    scope: &SystemScope,
    today: Date,
) -> Result<Vec<(i64, i64)>, DbError> {
    let rows: Vec<Insured> = db.all(Sql::insured_without_account(scope.society_id(), today)).await?;
    let mut persons: Vec<_> = rows.into_iter().map(|row| (row.member_id, row.household_id)).collect();
    persons.dedup_by_key(|(member_id, _)| *member_id);
    Ok(persons)
}

/// Returns the accounts of users of the older system, covered today, to whom no link can be mailed.
pub(crate) async fn without_way(db: &Db, scope: &SystemScope, today: Date) -> Result<Vec<i64>, DbError> {
    db.all(Sql::without_way(scope.society_id(), today)).await
}

/// Returns the accounts of insured persons, covered today, whose first way in has died.
pub(crate) async fn expired(db: &Db, scope: &SystemScope, today: Date, now: Timestamp) -> Result<Vec<i64>, DbError> {
    db.all(Sql::expired(scope.society_id(), today, now)).await
}

/// Returns the account of this user ID where it waits for enrolment.
pub(crate) async fn temporary(db: &Db, scope: &SystemScope, user_id: &str) -> Result<Option<i64>, DbError> {
    let row: Option<AccountIdRow> = db.optional(Sql::temporary(scope.society_id(), user_id)).await?;
    Ok(row.map(|row| row.id))
}

/// Makes a pair the account's way in; returns false where it is enrolled by now.
pub(crate) async fn pair_set(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    hash: &str,
    (now, ends_at): (Timestamp, Timestamp),
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::pair_set(scope.society_id(), account_id, hash, now, ends_at)).await? == 1)
}

/// Keeps a sealed pair until it is written out.
pub(crate) async fn pair_keep(tx: &mut Tx, scope: &SystemScope, account_id: i64, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute(Sql::pair_keep(scope.society_id(), account_id, sealed)).await.map(drop)
}

/// A pair to be written out.
#[derive(yui_db::Row)]
pub(crate) struct PairRow {
    pub(crate) account_id: i64,
    pub(crate) sealed_password: Vec<u8>,
    pub(crate) user_id: String,
    pub(crate) ends_at: jiff::Timestamp,
    pub(crate) name: String,
    pub(crate) insurer_number: String,
    pub(crate) symbol: String,
    pub(crate) number: String,
}

/// Returns the accounts that got their pair in this run and wait for enrolment still.
pub(crate) async fn of_run(db: &Db, scope: &SystemScope, run_id: i64) -> Result<Vec<i64>, DbError> {
    let rows: Vec<AccountIdRow> = db.all(Sql::of_run(scope.society_id(), run_id)).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns the pairs of a run (0: those of none) that are to be written out, by insurer number, symbol and number.
pub(crate) async fn pairs(db: &Db, scope: &SystemScope, run_id: i64) -> Result<Vec<PairRow>, DbError> {
    db.all(Sql::pairs(scope.society_id(), run_id)).await
}

/// Forgets a pair that was written out, unless another has taken its place.
pub(crate) async fn pair_forget(tx: &mut Tx, scope: &SystemScope, pair: &PairRow) -> Result<(), DbError> {
    tx.execute(Sql::pair_forget(scope.society_id(), pair.account_id, &pair.sealed_password)).await.map(drop)
}

/// Forgets the account's pair, written out or not.
pub(crate) async fn pair_drop(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::pair_drop(scope.society_id(), account_id)).await.map(drop)
}
