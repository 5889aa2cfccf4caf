//! The SQL of societies. These are the only queries without a scope: they are where scopes come from.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, params, statements};

use crate::core::society::{
    InSociety, Policy,
    queries::{OlderHostRow, SocietyIdRow},
};

statements! {
    POLICY_KEEP = "
        INSERT INTO society_policies (society_id, version, policy, valid_from)
        SELECT society_id, MAX(version) + 1, $3, $4 FROM society_policies WHERE society_id = $1
        GROUP BY society_id HAVING MAX(version) = $2
        ON CONFLICT (society_id, version) DO NOTHING";
    SOCIETY_NAME = "UPDATE societies SET name = $2 WHERE society_id = $1";
    BRANDING_NEXT = "SELECT COALESCE(MAX(version), 0) + 1 AS id FROM society_branding WHERE society_id = $1";
    BRANDING_KEEP = "
        INSERT INTO society_branding (society_id, version, accent, logo, created_at) VALUES ($1, $2, $3, $4, $5)";
    BRANDING_LOGO = "
        SELECT logo FROM society_branding WHERE society_id = $1 AND version = $2 AND logo IS NOT NULL";
    ENROLLED_WITHOUT = "
        SELECT COUNT(*) AS id FROM accounts a
        WHERE a.society_id = $1 AND a.state = 'enrolled' AND NOT EXISTS (
            SELECT 1 FROM factors f WHERE f.society_id = a.society_id AND f.account_id = a.account_id
                AND (f.kind = $2 OR f.kind = $3 OR f.kind = $4))";
    ENROLLED_PASSWORD_BEFORE = "
        SELECT COUNT(*) AS id FROM accounts WHERE society_id = $1 AND state = 'enrolled' AND password_set_at <= $2";
    WAITING_WITHOUT_EMAIL = "
        SELECT COUNT(*) AS id FROM accounts WHERE society_id = $1 AND state = 'temporary' AND email IS NULL";
    OLDER_HOSTS_OF = "SELECT society_id, host, closes FROM older_hosts WHERE society_id = $1 ORDER BY host";
    OLDER_HOST_DROP = "DELETE FROM older_hosts WHERE society_id = $1 AND host = $2";
    OLDER_HOST_KEEP = "
        INSERT INTO older_hosts (society_id, host, closes) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, host) DO UPDATE SET closes = excluded.closes";
    SOCIETY_NEXT_ID = "SELECT COALESCE(MAX(society_id), 0) + 1 AS id FROM societies";
    SOCIETY_INSERT = "
        INSERT INTO societies (society_id, key, host, name, created_at) VALUES ($1, $2, $3, $4, $5)";
    INSURER_INSERT = "INSERT INTO society_insurers (society_id, insurer_number) VALUES ($1, $2)";
    INSURER_LIST = "
        SELECT insurer_number FROM society_insurers WHERE society_id = $1 ORDER BY insurer_number";
    POLICY_INSERT = "
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
    let SocietyIdRow { id } = tx.one(&SOCIETY_NEXT_ID, params![]).await?;
    tx.execute(&SOCIETY_INSERT, params![id, society.key, society.host, society.name, now]).await?;
    for number in society.insurer_numbers {
        tx.execute(&INSURER_INSERT, params![id, number]).await?;
    }
    let policy = serde_json::to_string(society.policy)?;
    tx.execute(&POLICY_INSERT, params![id, 1_i64, policy, now]).await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct Insurer {
    insurer_number: String,
}

/// Returns the society's insurer numbers.
pub(crate) async fn insurer_list(db: &Db, scope: &impl InSociety) -> Result<Vec<String>, DbError> {
    let rows: Vec<Insurer> = db.all(&INSURER_LIST, params![scope.society_id()]).await?;
    Ok(rows.into_iter().map(|row| row.insurer_number).collect())
}

/// Keeps a host name of an older system and the day from which that is closed.
pub(super) async fn older_host_keep_in(
    tx: &mut Tx,
    scope: &impl InSociety,
    host: &str,
    closes: Date,
) -> Result<(), DbError> {
    tx.execute(&OLDER_HOST_KEEP, params![scope.society_id(), host, closes]).await.map(drop)
}

/// Keeps a policy as the next version after `version`; returns false where somebody kept another meanwhile.
pub(crate) async fn policy_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    (version, policy): (i64, &Policy),
    now: Timestamp,
) -> anyhow::Result<bool> {
    let policy = serde_json::to_string(policy)?;
    Ok(tx.execute(&POLICY_KEEP, params![scope.society_id(), version, policy, now]).await? == 1)
}

/// Gives the society another name.
pub(crate) async fn society_name(tx: &mut Tx, scope: &impl InSociety, name: &str) -> Result<(), DbError> {
    tx.execute(&SOCIETY_NAME, params![scope.society_id(), name]).await.map(drop)
}

/// Keeps colour and sign as the newest.
pub(crate) async fn branding_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    accent: Option<&str>,
    logo: Option<&[u8]>,
    now: Timestamp,
) -> Result<(), DbError> {
    let SocietyIdRow { id } = tx.one(&BRANDING_NEXT, params![scope.society_id()]).await?;
    tx.execute(&BRANDING_KEEP, params![scope.society_id(), id, accent, logo, now]).await.map(drop)
}

/// Returns the logo of a version of the branding.
pub(crate) async fn branding_logo(db: &Db, scope: &impl InSociety, version: i64) -> Result<Option<Vec<u8>>, DbError> {
    #[derive(sqlx::FromRow)]
    struct LogoRow {
        logo: Option<Vec<u8>>,
    }
    let row: Option<LogoRow> = db.optional(&BRANDING_LOGO, params![scope.society_id(), version]).await?;
    Ok(row.and_then(|row| row.logo))
}

/// Returns how many accounts in use have none of these kinds of factor (any number of the three).
pub(crate) async fn enrolled_without(db: &Db, scope: &impl InSociety, kinds: [&str; 3]) -> Result<i64, DbError> {
    let [one, two, three] = kinds;
    let row: SocietyIdRow = db.one(&ENROLLED_WITHOUT, params![scope.society_id(), one, two, three]).await?;
    Ok(row.id)
}

/// Returns how many accounts in use have a password that was set by then.
pub(crate) async fn enrolled_password_before(db: &Db, scope: &impl InSociety, then: Timestamp) -> Result<i64, DbError> {
    let row: SocietyIdRow = db.one(&ENROLLED_PASSWORD_BEFORE, params![scope.society_id(), then]).await?;
    Ok(row.id)
}

/// Returns how many accounts that wait for enrolment have no address.
pub(crate) async fn waiting_without_email(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    let row: SocietyIdRow = db.one(&WAITING_WITHOUT_EMAIL, params![scope.society_id()]).await?;
    Ok(row.id)
}

/// Returns the host names of the society's older systems.
pub(crate) async fn older_hosts_of(db: &Db, scope: &impl InSociety) -> Result<Vec<OlderHostRow>, DbError> {
    db.all(&OLDER_HOSTS_OF, params![scope.society_id()]).await
}

/// Forgets a host name of an older system.
pub(crate) async fn older_host_drop(tx: &mut Tx, scope: &impl InSociety, host: &str) -> Result<bool, DbError> {
    Ok(tx.execute(&OLDER_HOST_DROP, params![scope.society_id(), host]).await? == 1)
}
