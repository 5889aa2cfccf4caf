//! The SQL of accounts that wait for enrolment.

use jiff::Timestamp;
use yui_db::{BulkTable, DbError, Param, Tx, params, statements};

use crate::core::{scope::SystemScope, society::directory::InSociety};

statements! {
    ANNOUNCEMENT = "SELECT announcement_mail_id AS mail_id FROM accounts WHERE society_id = $1 AND account_id = $2";
    ANNOUNCEMENT_SET = "
        UPDATE accounts SET announcement_mail_id = $3 WHERE society_id = $1 AND account_id = $2";
}

/// An account that is about to be, waiting for enrolment.
#[derive(Debug)]
pub(crate) struct NewMigratedAccount<'a> {
    pub(crate) account_id: i64,
    pub(crate) member_id: i64,
    pub(crate) household_id: i64,
    pub(crate) user_id: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) email: Option<&'a str>,
    pub(crate) ends_at: Timestamp,
    pub(crate) origin: &'static str,
    pub(crate) batch_id: Option<i64>,
    /// `pair`, `link` or `numbers`.
    pub(crate) first_way: &'static str,
}

/// Inserts accounts.
pub(crate) async fn accounts_insert(
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

/// Returns the mail that told the account, or will.
pub(crate) async fn announcement(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<Option<i64>, DbError> {
    let row: Option<Announcement> = tx.optional(&ANNOUNCEMENT, params![scope.society_id(), account_id]).await?;
    Ok(row.and_then(|row| row.mail_id))
}

/// Keeps which mail tells the account.
pub(crate) async fn announcement_set(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    mail_id: Option<i64>,
) -> Result<(), DbError> {
    tx.execute(&ANNOUNCEMENT_SET, params![scope.society_id(), account_id, mail_id]).await.map(drop)
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountIdRow {
    pub(crate) id: i64,
}

pub(crate) fn ids(rows: Vec<AccountIdRow>) -> Vec<i64> {
    rows.into_iter().map(|row| row.id).collect()
}

pub(crate) const ACCOUNTS: BulkTable = BulkTable {
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
pub(crate) struct Announcement {
    mail_id: Option<i64>,
}
