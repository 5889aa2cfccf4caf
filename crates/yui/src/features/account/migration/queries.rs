//! The SQL of moving over.

use jiff::{Timestamp, civil::Date};
use yui_db::{BulkTable, Db, DbError, Param, Tx, params, statements};

use super::NO_PASSWORD;
use crate::core::{scope::SystemScope, society::InSociety};

statements! {
    INSURED_WITHOUT_ACCOUNT = "
        SELECT c.member_id, c.household_id FROM coverages c
        WHERE c.society_id = $1 AND c.relationship = 'insured' AND c.from_date <= $2
            AND (c.to_date IS NULL OR c.to_date > $2)
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.society_id = c.society_id AND a.member_id = c.member_id)
        ORDER BY c.member_id, c.from_date";
    WITHOUT_WAY = "
        SELECT a.account_id AS id FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.first_way = 'link' AND a.email IS NULL
            AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))
        ORDER BY a.account_id";
    EXPIRED = "
        SELECT a.account_id AS id FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.password_ends_at <= $3
            AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2))
        ORDER BY a.account_id";
    TEMPORARY = "
        SELECT account_id AS id FROM accounts WHERE society_id = $1 AND user_id = $2 AND state = 'temporary'";
    PAIR_SET = "
        UPDATE accounts
        SET password_hash = $3, password_set_at = $4, password_ends_at = $5, first_way = 'pair', wrong_passwords = 0,
            wrong_codes = 0, wrong_identities = 0, locked_at = NULL, enrolment = NULL,
            email = CASE WHEN email_verified_at IS NULL THEN email ELSE NULL END, email_verified_at = NULL,
            revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary'";
    PAIR_KEEP = "
        INSERT INTO issued_pairs (society_id, account_id, sealed_password) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, account_id) DO UPDATE SET sealed_password = excluded.sealed_password, run_id = NULL";
    PAIRS = "
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
    OF_RUN = "
        SELECT p.account_id AS id FROM issued_pairs p
        JOIN accounts a ON a.society_id = p.society_id AND a.account_id = p.account_id
        WHERE p.society_id = $1 AND p.run_id = $2 AND a.state = 'temporary' ORDER BY p.account_id";
    PAIR_FORGET = "
        DELETE FROM issued_pairs WHERE society_id = $1 AND account_id = $2 AND sealed_password = $3";
    PAIR_DROP = "DELETE FROM issued_pairs WHERE society_id = $1 AND account_id = $2";
    KNOWN_BY_USER_ID = "
        SELECT member_id, user_id, email, state, origin FROM accounts
        WHERE society_id = $1 AND user_id IN ($2)";
    KNOWN_BY_MEMBER = "
        SELECT member_id, user_id, email, state, origin FROM accounts
        WHERE society_id = $1 AND member_id IN ($2)";
    KNOWN_BY_EMAIL = "
        SELECT member_id, user_id, email, state, origin FROM accounts
        WHERE society_id = $1 AND email IN ($2)";
    NUMBERS_PENDING = "
        SELECT a.account_id, m.birth_date, c.symbol, c.number
        FROM accounts a
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        JOIN coverages c ON c.society_id = a.society_id AND c.member_id = a.member_id
            AND c.from_date = (SELECT MAX(newest.from_date) FROM coverages newest
                WHERE newest.society_id = a.society_id AND newest.member_id = a.member_id
                    AND newest.relationship = 'insured')
        WHERE a.society_id = $1 AND a.first_way = 'numbers' AND a.state = 'temporary' AND a.password_hash = $2
        ORDER BY a.account_id LIMIT $3";
    NUMBERS_SET = "
        UPDATE accounts SET password_hash = $3, password_set_at = $4, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND first_way = 'numbers' AND state = 'temporary'";
    UNTOUCHED = "
        SELECT account_id AS id FROM accounts
        WHERE society_id = $1 AND batch_id = $2 AND state = 'temporary' AND enrolment IS NULL
        ORDER BY account_id";
    TOUCHED = "
        SELECT COUNT(*) AS id FROM accounts
        WHERE society_id = $1 AND batch_id = $2 AND NOT (state = 'temporary' AND enrolment IS NULL)";
    ACCOUNT_DELETE = "
        DELETE FROM accounts
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary' AND enrolment IS NULL";
    PROGRESS = "
        SELECT a.origin, COUNT(*) AS accounts, COUNT(m.sent_at) AS mailed,
            COUNT(CASE WHEN a.state = 'temporary' AND a.enrolment IS NOT NULL THEN 1 END) AS begun,
            COUNT(CASE WHEN a.state = 'enrolled' THEN 1 END) AS finished,
            COUNT(CASE WHEN a.state = 'temporary' AND a.password_ends_at <= $2 THEN 1 END) AS expired
        FROM accounts a
        LEFT JOIN mails m ON m.society_id = a.society_id AND m.mail_id = a.announcement_mail_id
        WHERE a.society_id = $1
        GROUP BY a.origin ORDER BY a.origin";
}

const ACCOUNTS: BulkTable = BulkTable {
    name: "accounts",
    columns: &[
        "society_id",
        "account_id",
        "member_id",
        "household_id",
        "user_id",
        "password_hash",
        "password_set_at",
        "state",
        "email",
        "wrong_passwords",
        "created_at",
        "password_ends_at",
        "origin",
        "batch_id",
        "first_way",
    ],
};

#[derive(sqlx::FromRow)]
struct AccountIdRow {
    id: i64,
}

fn ids(rows: Vec<AccountIdRow>) -> Vec<i64> {
    rows.into_iter().map(|row| row.id).collect()
}

#[derive(sqlx::FromRow)]
struct Insured {
    member_id: i64,
    household_id: i64,
}

/// Returns the insured persons, covered today, who have no account: each with the household they are in.
pub(super) async fn insured_without_account(
    db: &Db,
    scope: &SystemScope,
    today: Date,
) -> Result<Vec<(i64, i64)>, DbError> {
    let rows: Vec<Insured> = db.all(&INSURED_WITHOUT_ACCOUNT, params![scope.society_id(), today]).await?;
    let mut persons: Vec<_> = rows.into_iter().map(|row| (row.member_id, row.household_id)).collect();
    persons.dedup_by_key(|(member_id, _)| *member_id);
    Ok(persons)
}

/// Returns the accounts of users of the older system, covered today, to whom no link can be mailed.
pub(super) async fn without_way(db: &Db, scope: &SystemScope, today: Date) -> Result<Vec<i64>, DbError> {
    db.all(&WITHOUT_WAY, params![scope.society_id(), today]).await.map(ids)
}

/// Returns the accounts of insured persons, covered today, whose first way in has died.
pub(super) async fn expired(db: &Db, scope: &SystemScope, today: Date, now: Timestamp) -> Result<Vec<i64>, DbError> {
    db.all(&EXPIRED, params![scope.society_id(), today, now]).await.map(ids)
}

/// Returns the account of this user ID where it waits for enrolment.
pub(super) async fn temporary(db: &Db, scope: &SystemScope, user_id: &str) -> Result<Option<i64>, DbError> {
    let row: Option<AccountIdRow> = db.optional(&TEMPORARY, params![scope.society_id(), user_id]).await?;
    Ok(row.map(|row| row.id))
}

/// An account that is about to be, waiting for enrolment.
#[derive(Debug)]
pub(super) struct NewMigratedAccount<'a> {
    pub(super) account_id: i64,
    pub(super) member_id: i64,
    pub(super) household_id: i64,
    pub(super) user_id: &'a str,
    pub(super) password_hash: &'a str,
    pub(super) email: Option<&'a str>,
    pub(super) ends_at: Timestamp,
    pub(super) origin: &'static str,
    pub(super) batch_id: Option<i64>,
    /// `pair`, `link` or `numbers`.
    pub(super) first_way: &'static str,
}

/// Inserts accounts.
pub(super) async fn accounts_insert(
    tx: &mut Tx,
    scope: &SystemScope,
    accounts: &[NewMigratedAccount<'_>],
    now: Timestamp,
) -> Result<(), DbError> {
    let values: Vec<_> = accounts
        .iter()
        .flat_map(|account| {
            [
                Param::from(scope.society_id()),
                Param::from(account.account_id),
                Param::from(account.member_id),
                Param::from(account.household_id),
                Param::from(account.user_id),
                Param::from(account.password_hash),
                Param::from(now),
                Param::from("temporary"),
                Param::from(account.email),
                Param::from(0_i32),
                Param::from(now),
                Param::from(account.ends_at),
                Param::from(account.origin),
                Param::from(account.batch_id),
                Param::from(account.first_way),
            ]
        })
        .collect();
    tx.bulk_insert(&ACCOUNTS, &values).await.map(drop)
}

/// Makes a pair the account's way in; returns false where it is enrolled by now.
pub(super) async fn pair_set(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    hash: &str,
    (now, ends_at): (Timestamp, Timestamp),
) -> Result<bool, DbError> {
    Ok(tx.execute(&PAIR_SET, params![scope.society_id(), account_id, hash, now, ends_at]).await? == 1)
}

/// Keeps a sealed pair until it is written out.
pub(super) async fn pair_keep(tx: &mut Tx, scope: &SystemScope, account_id: i64, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute(&PAIR_KEEP, params![scope.society_id(), account_id, sealed]).await.map(drop)
}

/// A pair to be written out.
#[derive(sqlx::FromRow)]
pub(super) struct PairRow {
    pub(super) account_id: i64,
    pub(super) sealed_password: Vec<u8>,
    pub(super) user_id: String,
    pub(super) ends_at: yui_db::Timestamp,
    pub(super) name: String,
    pub(super) insurer_number: String,
    pub(super) symbol: String,
    pub(super) number: String,
}

/// Returns the accounts that got their pair in this run and wait for enrolment still.
pub(super) async fn of_run(db: &Db, scope: &SystemScope, run_id: i64) -> Result<Vec<i64>, DbError> {
    let rows: Vec<AccountIdRow> = db.all(&OF_RUN, params![scope.society_id(), run_id]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns the pairs of a run (0: those of none) that are to be written out, by insurer number, symbol and number.
pub(super) async fn pairs(db: &Db, scope: &SystemScope, run_id: i64) -> Result<Vec<PairRow>, DbError> {
    db.all(&PAIRS, params![scope.society_id(), run_id]).await
}

/// Forgets a pair that was written out, unless another has taken its place.
pub(super) async fn pair_forget(tx: &mut Tx, scope: &SystemScope, pair: &PairRow) -> Result<(), DbError> {
    let values = params![scope.society_id(), pair.account_id, &pair.sealed_password];
    tx.execute(&PAIR_FORGET, values).await.map(drop)
}

/// Forgets the account's pair, written out or not.
pub(super) async fn pair_drop(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<(), DbError> {
    tx.execute(&PAIR_DROP, params![scope.society_id(), account_id]).await.map(drop)
}

/// An account that is there already.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct ExistingAccount {
    pub(super) member_id: i64,
    pub(super) user_id: String,
    pub(super) email: Option<String>,
    pub(super) state: String,
    pub(super) origin: String,
}

/// Returns the accounts that have one of these user IDs, members or addresses; one may come more than once.
pub(super) async fn known(
    tx: &mut Tx,
    scope: &SystemScope,
    (user_ids, members, emails): (&[&str], &[i64], &[&str]),
) -> Result<Vec<ExistingAccount>, DbError> {
    let society = params![scope.society_id()];
    let texts = |list: &[&str]| list.iter().map(|text| Param::from((*text).to_owned())).collect::<Vec<_>>();
    let members: Vec<_> = members.iter().map(|id| Param::from(*id)).collect();
    let mut known: Vec<ExistingAccount> = tx.all_among(&KNOWN_BY_USER_ID, society, &texts(user_ids)).await?;
    known.extend(tx.all_among::<ExistingAccount>(&KNOWN_BY_MEMBER, society, &members).await?);
    known.extend(tx.all_among::<ExistingAccount>(&KNOWN_BY_EMAIL, society, &texts(emails)).await?);
    Ok(known)
}

/// Somebody whose password is to be made of what is known of them.
#[derive(sqlx::FromRow)]
pub(super) struct NumbersRow {
    pub(super) account_id: i64,
    pub(super) birth_date: yui_db::Date,
    pub(super) symbol: String,
    pub(super) number: String,
}

/// Returns up to `count` accounts that still wait for such a password.
pub(super) async fn numbers_pending(db: &Db, scope: &impl InSociety, count: i64) -> Result<Vec<NumbersRow>, DbError> {
    db.all(&NUMBERS_PENDING, params![scope.society_id(), NO_PASSWORD, count]).await
}

/// Gives the account this password.
pub(super) async fn numbers_set(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    hash: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(&NUMBERS_SET, params![scope.society_id(), account_id, hash, now]).await.map(drop)
}

/// Returns the accounts that a batch brought and nobody has begun to use, and how many of its others there are.
pub(super) async fn of_batch(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> Result<(Vec<i64>, i64), DbError> {
    let values = params![scope.society_id(), batch_id];
    let untouched = tx.all(&UNTOUCHED, values).await.map(ids)?;
    Ok((untouched, tx.one::<AccountIdRow>(&TOUCHED, values).await?.id))
}

/// Deletes an account that nobody has begun to use; returns false where somebody has.
pub(super) async fn account_delete(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(&ACCOUNT_DELETE, params![scope.society_id(), account_id]).await? == 1)
}

/// The counts of one group.
#[derive(sqlx::FromRow)]
pub(super) struct GroupRow {
    pub(super) origin: String,
    pub(super) accounts: i64,
    pub(super) mailed: i64,
    pub(super) begun: i64,
    pub(super) finished: i64,
    pub(super) expired: i64,
}

/// Returns the counts of the groups that have anybody.
pub(super) async fn groups(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<Vec<GroupRow>, DbError> {
    db.all(&PROGRESS, params![scope.society_id(), now]).await
}
