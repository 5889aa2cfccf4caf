//! The SQL of accounts that wait for enrolment.

use jiff::Timestamp;
use yui_db::{BulkTable, DbError, Tx, Values, push, statements};

use crate::core::{scope::SystemScope, society::directory::InSociety};

statements! {
    fn announcement(society_id: i64, account_id: i64) -> Option<i64> =
        "SELECT announcement_mail_id AS mail_id FROM accounts WHERE society_id = $1 AND account_id = $2";
    fn announcement_set(society_id: i64, account_id: i64, announcement_mail_id: Option<i64>) = "
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
    let mut values = Values::default();
    for account in accounts {
        push!(
            &mut values;
            scope.society_id(),
            account.account_id,
            account.member_id,
            account.household_id,
            account.user_id,
            account.password_hash,
            now,
            "temporary",
            account.email,
            0_i32,
            now,
            account.ends_at,
            account.origin,
            account.batch_id,
            account.first_way,
        );
    }
    tx.bulk_insert(&ACCOUNTS, values).await.map(drop)
}

/// Returns the mail that told the account, or will.
pub(crate) async fn announcement(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<Option<i64>, DbError> {
    let row = tx.optional(Sql::announcement(scope.society_id(), account_id)).await?;
    Ok(row.flatten())
}

/// Keeps which mail tells the account.
pub(crate) async fn announcement_set(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    mail_id: Option<i64>,
) -> Result<(), DbError> {
    tx.execute(Sql::announcement_set(scope.society_id(), account_id, mail_id)).await.map(drop)
}

#[derive(yui_db::Row)]
pub(crate) struct AccountIdRow {
    pub(crate) id: i64,
}

pub(crate) fn ids(rows: Vec<AccountIdRow>) -> Vec<i64> {
    rows.into_iter().map(|row| row.id).collect()
}

pub(crate) static ACCOUNTS: BulkTable = BulkTable {
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
