//! The SQL of moving over.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::{scope::SystemScope, society::InSociety},
    features::account::{
        queries::{AccountIdRow, ids},
        waiting::NO_PASSWORD,
    },
};

statements! {
    fn known_by_user_id(society_id: i64, users: &[&str]) -> ExistingAccount = "
        SELECT member_id, user_id, email, state, origin FROM accounts
        WHERE society_id = $1 AND user_id IN ($2)";
    fn known_by_member(society_id: i64, members: &[i64]) -> ExistingAccount = "
        SELECT member_id, user_id, email, state, origin FROM accounts
        WHERE society_id = $1 AND member_id IN ($2)";
    fn known_by_email(society_id: i64, emails: &[&str]) -> ExistingAccount = "
        SELECT member_id, user_id, email, state, origin FROM accounts
        WHERE society_id = $1 AND email IN ($2)";
    fn numbers_pending(society_id: i64, password_hash: &str, count: i64) -> NumbersRow = "
        SELECT a.account_id, m.birth_date, c.symbol, c.number
        FROM accounts a
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        JOIN coverages c ON c.society_id = a.society_id AND c.member_id = a.member_id
            AND c.from_date = (SELECT MAX(newest.from_date) FROM coverages newest
                WHERE newest.society_id = a.society_id AND newest.member_id = a.member_id
                    AND newest.relationship = 'insured')
        WHERE a.society_id = $1 AND a.first_way = 'numbers' AND a.state = 'temporary' AND a.password_hash = $2
        ORDER BY a.account_id LIMIT $3";
    fn numbers_set(society_id: i64, account_id: i64, hash: &str, now: Timestamp) = "
        UPDATE accounts SET password_hash = $3, password_set_at = $4, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND first_way = 'numbers' AND state = 'temporary'";
    fn untouched(society_id: i64, batch_id: i64) -> AccountIdRow = "
        SELECT account_id AS id FROM accounts
        WHERE society_id = $1 AND batch_id = $2 AND state = 'temporary' AND enrolment IS NULL
        ORDER BY account_id";
    fn touched(society_id: i64, batch_id: i64) -> AccountIdRow = "
        SELECT COUNT(*) AS id FROM accounts
        WHERE society_id = $1 AND batch_id = $2 AND NOT (state = 'temporary' AND enrolment IS NULL)";
    fn account_delete(society_id: i64, account_id: i64) = "
        DELETE FROM accounts
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary' AND enrolment IS NULL";
    fn progress(society_id: i64, now: Timestamp) -> GroupRow = "
        SELECT a.origin, COUNT(*) AS accounts, COUNT(m.sent_at) AS mailed,
            COUNT(CASE WHEN a.state = 'temporary' AND a.enrolment IS NOT NULL THEN 1 END) AS begun,
            COUNT(CASE WHEN a.state = 'enrolled' THEN 1 END) AS finished,
            COUNT(CASE WHEN a.state = 'temporary' AND a.password_ends_at <= $2 THEN 1 END) AS expired
        FROM accounts a
        LEFT JOIN mails m ON m.society_id = a.society_id AND m.mail_id = a.announcement_mail_id
        WHERE a.society_id = $1
        GROUP BY a.origin ORDER BY a.origin";
}

/// An account that is there already.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct ExistingAccount {
    pub(crate) member_id: i64,
    pub(crate) user_id: String,
    pub(crate) email: Option<String>,
    pub(crate) state: String,
    pub(crate) origin: String,
}

/// Returns the accounts that have one of these user IDs, members or addresses; one may come more than once.
pub(crate) async fn known(
    tx: &mut Tx,
    scope: &SystemScope,
    (user_ids, members, emails): (&[&str], &[i64], &[&str]),
) -> Result<Vec<ExistingAccount>, DbError> {
    let society = scope.society_id();
    let mut known: Vec<ExistingAccount> = tx.all(Sql::known_by_user_id(society, user_ids)).await?;
    known.extend(tx.all(Sql::known_by_member(society, members)).await?);
    known.extend(tx.all(Sql::known_by_email(society, emails)).await?);
    Ok(known)
}

/// Somebody whose password is to be made of what is known of them.
#[derive(yui_db::Row)]
pub(crate) struct NumbersRow {
    pub(crate) account_id: i64,
    pub(crate) birth_date: jiff::civil::Date,
    pub(crate) symbol: String,
    pub(crate) number: String,
}

/// Returns up to `count` accounts that still wait for such a password.
pub(crate) async fn numbers_pending(db: &Db, scope: &impl InSociety, count: i64) -> Result<Vec<NumbersRow>, DbError> {
    db.all(Sql::numbers_pending(scope.society_id(), NO_PASSWORD, count)).await
}

/// Gives the account this password.
pub(crate) async fn numbers_set(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    hash: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::numbers_set(scope.society_id(), account_id, hash, now)).await.map(drop)
}

/// Returns the accounts that a batch brought and nobody has begun to use, and how many of its others there are.
pub(crate) async fn of_batch(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> Result<(Vec<i64>, i64), DbError> {
    let untouched = tx.all(Sql::untouched(scope.society_id(), batch_id)).await.map(ids)?;
    Ok((untouched, tx.one(Sql::touched(scope.society_id(), batch_id)).await?.id))
}

/// Deletes an account that nobody has begun to use; returns false where somebody has.
pub(crate) async fn account_delete(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::account_delete(scope.society_id(), account_id)).await? == 1)
}

/// The counts of one group.
#[derive(yui_db::Row)]
pub(crate) struct GroupRow {
    pub(crate) origin: String,
    pub(crate) accounts: i64,
    pub(crate) mailed: i64,
    pub(crate) begun: i64,
    pub(crate) finished: i64,
    pub(crate) expired: i64,
}

/// Returns the counts of the groups that have anybody.
pub(crate) async fn groups(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<Vec<GroupRow>, DbError> {
    db.all(Sql::progress(scope.society_id(), now)).await
}
