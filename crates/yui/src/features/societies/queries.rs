//! The SQL of societies. These are the only queries without a scope: they are where scopes come from.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::{
    InSociety, Policy,
    queries::{OlderHostRow, SocietyIdRow},
};

statements! {
    fn policy_keep(society_id: i64, version: i64, policy: &str, now: Timestamp) = "
        INSERT INTO society_policies (society_id, version, policy, valid_from)
        SELECT society_id, MAX(version) + 1, $3, $4 FROM society_policies WHERE society_id = $1
        GROUP BY society_id HAVING MAX(version) = $2
        ON CONFLICT (society_id, version) DO NOTHING";
    fn society_name(society_id: i64, name: &str) = "UPDATE societies SET name = $2 WHERE society_id = $1";
    fn branding_next(society_id: i64) -> SocietyIdRow =
        "SELECT COALESCE(MAX(version), 0) + 1 AS id FROM society_branding WHERE society_id = $1";
    fn branding_keep(society_id: i64, id: i64, accent: Option<&str>, logo: Option<&[u8]>, now: Timestamp) = "
        INSERT INTO society_branding (society_id, version, accent, logo, created_at) VALUES ($1, $2, $3, $4, $5)";
    fn branding_logo(society_id: i64, version: i64) -> Option<Vec<u8>> = "
        SELECT logo FROM society_branding WHERE society_id = $1 AND version = $2 AND logo IS NOT NULL";
    fn enrolled_without(society_id: i64, one: &str, two: &str, three: &str) -> SocietyIdRow = "
        SELECT COUNT(*) AS id FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'enrolled' AND NOT EXISTS (
            SELECT 1 FROM factors f WHERE f.society_id = a.society_id AND f.account_id = a.account_id
                AND (f.kind = $2 OR f.kind = $3 OR f.kind = $4))";
    fn enrolled_password_before(society_id: i64, then: Timestamp) -> SocietyIdRow = "
        SELECT COUNT(*) AS id FROM accounts WHERE society_id = $1 AND state = 'enrolled' AND password_set_at <= $2";
    fn waiting_without_email(society_id: i64) -> SocietyIdRow = "
        SELECT COUNT(*) AS id FROM accounts WHERE society_id = $1 AND state = 'temporary' AND email IS NULL";
    fn older_hosts_of(society_id: i64) -> OlderHostRow =
        "SELECT society_id, host, closes FROM older_hosts WHERE society_id = $1 ORDER BY host";
    fn older_host_drop(society_id: i64, host: &str) = "DELETE FROM older_hosts WHERE society_id = $1 AND host = $2";
    fn older_host_keep(society_id: i64, host: &str, closes: Date) = "
        INSERT INTO older_hosts (society_id, host, closes) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, host) DO UPDATE SET closes = excluded.closes";
    fn society_next_id() -> SocietyIdRow = "SELECT COALESCE(MAX(society_id), 0) + 1 AS id FROM societies";
    fn society_insert(society_id: i64, key: &str, host: &str, name: &str, now: Timestamp) = "
        INSERT INTO societies (society_id, key, host, name, created_at) VALUES ($1, $2, $3, $4, $5)";
    fn insurer_insert(society_id: i64, number: &str) =
        "INSERT INTO society_insurers (society_id, insurer_number) VALUES ($1, $2)";
    fn insurer_list(society_id: i64) -> Insurer = "
        SELECT insurer_number FROM society_insurers WHERE society_id = $1 ORDER BY insurer_number";
    fn policy_insert(society_id: i64, version: i64, policy: &str, now: Timestamp) = "
        INSERT INTO society_policies (society_id, version, policy, valid_from) VALUES ($1, $2, $3, $4)";
}

/// A society that is about to be.
#[derive(Debug)]
pub(crate) struct NewSocietyRow<'a> {
    pub(crate) key: &'a str,
    pub(crate) host: &'a str,
    pub(crate) name: &'a str,
    pub(crate) insurer_numbers: &'a [String],
    pub(crate) policy: &'a Policy,
}

/// Inserts a society with its insurer numbers and first policy; returns its id.
pub(crate) async fn society_insert(tx: &mut Tx, society: &NewSocietyRow<'_>, now: Timestamp) -> anyhow::Result<i64> {
    let SocietyIdRow { id } = tx.one(Sql::society_next_id()).await?;
    tx.execute(Sql::society_insert(id, society.key, society.host, society.name, now)).await?;
    for number in society.insurer_numbers {
        tx.execute(Sql::insurer_insert(id, number)).await?;
    }
    let policy = serde_json::to_string(society.policy)?;
    tx.execute(Sql::policy_insert(id, 1, &policy, now)).await?;
    Ok(id)
}

#[derive(yui_db::Row)]
struct Insurer {
    insurer_number: String,
}

/// Returns the society's insurer numbers.
pub(crate) async fn insurer_list(db: &Db, scope: &impl InSociety) -> Result<Vec<String>, DbError> {
    let rows: Vec<Insurer> = db.all(Sql::insurer_list(scope.society_id())).await?;
    Ok(rows.into_iter().map(|row| row.insurer_number).collect())
}

/// Keeps a host name of an older system and the day from which that is closed.
pub(super) async fn older_host_keep_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    host: &str,
    closes: Date,
) -> Result<(), DbError> {
    tx.execute(Sql::older_host_keep(scope.society_id(), host, closes)).await.map(drop)
}

/// Keeps a policy as the next version after `version`; returns false where somebody kept another meanwhile.
pub(crate) async fn policy_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    (version, policy): (i64, &Policy),
    now: Timestamp,
) -> anyhow::Result<bool> {
    let policy = serde_json::to_string(policy)?;
    Ok(tx.execute(Sql::policy_keep(scope.society_id(), version, &policy, now)).await? == 1)
}

/// Gives the society another name.
pub(crate) async fn society_name(tx: &mut Tx, scope: &impl InSociety, name: &str) -> Result<(), DbError> {
    tx.execute(Sql::society_name(scope.society_id(), name)).await.map(drop)
}

/// Keeps colour and sign as the newest.
pub(crate) async fn branding_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    accent: Option<&str>,
    logo: Option<&[u8]>,
    now: Timestamp,
) -> Result<(), DbError> {
    let SocietyIdRow { id } = tx.one(Sql::branding_next(scope.society_id())).await?;
    tx.execute(Sql::branding_keep(scope.society_id(), id, accent, logo, now)).await.map(drop)
}

/// Returns the logo of a version of the branding.
pub(crate) async fn branding_logo(db: &Db, scope: &impl InSociety, version: i64) -> Result<Option<Vec<u8>>, DbError> {
    let row = db.optional(Sql::branding_logo(scope.society_id(), version)).await?;
    Ok(row.flatten())
}

/// Returns how many accounts in use have none of these kinds of factor (any number of the three).
pub(crate) async fn enrolled_without(db: &Db, scope: &impl InSociety, kinds: [&str; 3]) -> Result<i64, DbError> {
    let [one, two, three] = kinds;
    let row: SocietyIdRow = db.one(Sql::enrolled_without(scope.society_id(), one, two, three)).await?;
    Ok(row.id)
}

/// Returns how many accounts in use have a password that was set by then.
pub(crate) async fn enrolled_password_before(db: &Db, scope: &impl InSociety, then: Timestamp) -> Result<i64, DbError> {
    let row: SocietyIdRow = db.one(Sql::enrolled_password_before(scope.society_id(), then)).await?;
    Ok(row.id)
}

/// Returns how many accounts that wait for enrolment have no address.
pub(crate) async fn waiting_without_email(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    let row: SocietyIdRow = db.one(Sql::waiting_without_email(scope.society_id())).await?;
    Ok(row.id)
}

/// Returns the host names of the society's older systems.
pub(crate) async fn older_hosts_of(db: &Db, scope: &impl InSociety) -> Result<Vec<OlderHostRow>, DbError> {
    db.all(Sql::older_hosts_of(scope.society_id())).await
}

/// Forgets a host name of an older system.
pub(crate) async fn older_host_drop(tx: &mut Tx, scope: &impl InSociety, host: &str) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::older_host_drop(scope.society_id(), host)).await? == 1)
}
