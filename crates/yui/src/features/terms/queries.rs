//! The SQL of terms.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::{
    scope::SystemScope,
    society::{InSociety, ids_take},
};

statements! {
    fn terms_current(society_id: i64, now: Timestamp) -> Terms = "
        SELECT version, body FROM terms WHERE society_id = $1 AND valid_from <= $2 ORDER BY version DESC LIMIT 1";
    fn terms_newest(society_id: i64) -> NewestTerms = "
        SELECT version, body, valid_from FROM terms WHERE society_id = $1 ORDER BY version DESC LIMIT 1";
    fn terms_insert(society_id: i64, version: i64, body: &str, valid_from: Timestamp, now: Timestamp) = "
        INSERT INTO terms (society_id, version, body, valid_from, created_at) VALUES ($1, $2, $3, $4, $5)";
    fn agree(society_id: i64, account_id: i64, version: i64, now: Timestamp, from: &str) = "
        INSERT INTO terms_agreements (society_id, account_id, version, agreed_at, address) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (society_id, account_id, version) DO NOTHING";
    fn forget(society_id: i64, account_id: i64) =
        "DELETE FROM terms_agreements WHERE society_id = $1 AND account_id = $2";
    fn versions(society_id: i64) -> TermsVersionRow = "
        SELECT t.version, t.valid_from,
            (SELECT COUNT(*) FROM terms_agreements g
                WHERE g.society_id = t.society_id AND g.version = t.version) AS agreed
        FROM terms t WHERE t.society_id = $1 ORDER BY t.version";
    fn body(society_id: i64, version: i64) -> Terms =
        "SELECT version, body FROM terms WHERE society_id = $1 AND version = $2";
    fn agreements_after(society_id: i64, version: i64, account_id: i64, most: i64) -> Agreement = "
        SELECT g.account_id, a.user_id, m.name, g.agreed_at, g.address
        FROM terms_agreements g
        JOIN accounts a ON a.society_id = g.society_id AND a.account_id = g.account_id
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        WHERE g.society_id = $1 AND g.version = $2 AND g.account_id > $3
        ORDER BY g.account_id LIMIT $4";
    fn enrolled(society_id: i64) -> i64 =
        "SELECT COUNT(*) AS count FROM accounts WHERE society_id = $1 AND state = 'enrolled'";
}

/// The terms that count now.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct Terms {
    pub(crate) version: i64,
    pub(crate) body: String,
}

/// The newest version, in force or not.
#[derive(yui_db::Row)]
pub(super) struct NewestTerms {
    pub(super) version: i64,
    pub(super) body: String,
    pub(super) valid_from: jiff::Timestamp,
}

/// Returns the terms that count now, if the society has any.
pub(crate) async fn current(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<Option<Terms>, DbError> {
    db.optional(Sql::terms_current(scope.society_id(), now)).await
}

/// Records an account's agreement to this version, with time and network address.
pub(crate) async fn agree(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    version: i64,
    from: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::agree(scope.society_id(), account_id, version, now, from)).await.map(drop)
}

/// Returns the newest version.
pub(super) async fn newest(db: &Db, scope: &impl InSociety) -> Result<Option<NewestTerms>, DbError> {
    db.optional(Sql::terms_newest(scope.society_id())).await
}

/// As [`newest`]; a concurrent publication of the society waits until the transaction ends.
pub(super) async fn newest_held(tx: &mut Tx, scope: &SystemScope) -> Result<Option<NewestTerms>, DbError> {
    ids_take(tx, scope, "terms", 1).await?;
    tx.optional(Sql::terms_newest(scope.society_id())).await
}

/// Inserts a version.
pub(super) async fn terms_insert(
    tx: &mut Tx,
    society_id: i64,
    version: i64,
    body: &str,
    (valid_from, now): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    tx.execute(Sql::terms_insert(society_id, version, body, valid_from, now)).await.map(drop)
}

/// Deletes the agreements of an account whose first login was in other hands.
pub(crate) async fn forget(tx: &mut Tx, scope: &SystemScope, account_id: i64) -> Result<(), DbError> {
    tx.execute(Sql::forget(scope.society_id(), account_id)).await.map(drop)
}

/// A version of the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermsVersion {
    /// Its number.
    pub version: i64,
    /// The time from which it counts.
    pub valid_from: Timestamp,
    /// The number of accounts that agreed to it.
    pub agreed: i64,
}

#[derive(yui_db::Row)]
struct TermsVersionRow {
    version: i64,
    valid_from: jiff::Timestamp,
    agreed: i64,
}

/// Returns all versions, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn versions(db: &Db, scope: &impl InSociety) -> Result<Vec<TermsVersion>, DbError> {
    let rows: Vec<TermsVersionRow> = db.all(Sql::versions(scope.society_id())).await?;
    let version = |TermsVersionRow { version, valid_from, agreed }| TermsVersion { version, valid_from, agreed };
    Ok(rows.into_iter().map(version).collect())
}

/// Returns a version with its text.
pub(super) async fn version(db: &Db, scope: &impl InSociety, version: i64) -> Result<Option<Terms>, DbError> {
    db.optional(Sql::body(scope.society_id(), version)).await
}

/// An agreement: the account, the time and the network address.
#[derive(Debug, yui_db::Row)]
pub(super) struct Agreement {
    pub(super) account_id: i64,
    pub(super) user_id: String,
    pub(super) name: String,
    pub(super) agreed_at: jiff::Timestamp,
    pub(super) address: String,
}

/// Returns the next agreements to a version after this account.
pub(super) async fn agreements_after(
    db: &Db,
    scope: &impl InSociety,
    version: i64,
    account_id: i64,
    most: i64,
) -> Result<Vec<Agreement>, DbError> {
    db.all(Sql::agreements_after(scope.society_id(), version, account_id, most)).await
}

/// Returns the number of accounts in use, which will be asked to agree.
pub(super) async fn enrolled(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    db.one(Sql::enrolled(scope.society_id())).await
}
