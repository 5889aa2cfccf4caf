//! The SQL that finds societies. These are the only queries without a scope: they are where scopes come from.

use yui_db::{Db, DbError, Tx, statements};

use super::directory::{Branding, InSociety, Society};

statements! {
    fn society_list() -> SocietyRow = "
        SELECT s.society_id, s.key, s.host, s.name, p.version, p.policy,
            (SELECT MAX(b.version) FROM society_branding b WHERE b.society_id = s.society_id) AS branding,
            (SELECT b.accent FROM society_branding b WHERE b.society_id = s.society_id ORDER BY b.version DESC LIMIT 1) AS accent,
            (SELECT MAX(b.version) FROM society_branding b WHERE b.society_id = s.society_id AND b.logo IS NOT NULL
                AND b.version = (SELECT MAX(newest.version) FROM society_branding newest WHERE newest.society_id = b.society_id)
            ) AS logo
        FROM societies s
        JOIN society_policies p ON p.society_id = s.society_id
        WHERE p.version = (SELECT MAX(newest.version) FROM society_policies newest WHERE newest.society_id = s.society_id)
        ORDER BY s.society_id";
    fn older_host_list() -> OlderHostRow = "SELECT society_id, host, closes FROM older_hosts ORDER BY host";
    fn counter_take(society_id: i64, name: &str, count: i64) -> SocietyIdRow = "
        INSERT INTO counters (society_id, name, next_id) VALUES ($1, $2, 1 + $3)
        ON CONFLICT (society_id, name) DO UPDATE SET next_id = counters.next_id + $3
        RETURNING next_id - $3 AS id";
    fn counter(society_id: i64, name: &str) -> SocietyIdRow =
        "SELECT next_id AS id FROM counters WHERE society_id = $1 AND name = $2";
}

#[derive(yui_db::Row)]
pub(crate) struct SocietyRow {
    society_id: i64,
    key: String,
    host: String,
    name: String,
    version: i64,
    policy: String,
    branding: Option<i64>,
    accent: Option<String>,
    logo: Option<i64>,
}

/// Returns all societies with their newest policies. One whose policy cannot be read is left out and said so.
pub(crate) async fn society_list(db: &Db) -> Result<Vec<Society>, DbError> {
    let rows: Vec<SocietyRow> = db.all(Sql::society_list()).await?;
    Ok(rows
        .into_iter()
        .filter_map(|SocietyRow { society_id, key, host, name, version, policy, branding, accent, logo }| {
            let policy = serde_json::from_str(&policy)
                .inspect_err(|error| tracing::error!(society_id, "society left out, its policy is broken: {error}"))
                .ok()?;
            let branding = branding.map(|version| Branding { version, accent, has_logo: logo.is_some() });
            Some(Society { society_id, key, host, name, policy, policy_version: version, branding })
        })
        .collect())
}

/// Takes `count` fresh ids of this name; returns the first, the others follow it.
pub(crate) async fn ids_take(tx: &mut Tx, scope: &impl InSociety, name: &str, count: i64) -> Result<i64, DbError> {
    let SocietyIdRow { id } = tx.one(Sql::counter_take(scope.society_id(), name, count)).await?;
    Ok(id)
}

/// Returns how many ids of this name were taken.
pub(crate) async fn ids_taken(tx: &mut Tx, scope: &impl InSociety, name: &str) -> Result<i64, DbError> {
    let next: Option<SocietyIdRow> = tx.optional(Sql::counter(scope.society_id(), name)).await?;
    Ok(next.map_or(0, |next| next.id - 1))
}

/// The host name of a society's older system.
#[derive(yui_db::Row)]
pub(crate) struct OlderHostRow {
    pub(crate) society_id: i64,
    pub(crate) host: String,
    pub(crate) closes: jiff::civil::Date,
}

/// Returns the host names of all older systems.
pub(crate) async fn older_host_list(db: &Db) -> Result<Vec<OlderHostRow>, DbError> {
    db.all(Sql::older_host_list()).await
}

#[derive(yui_db::Row)]
pub(crate) struct SocietyIdRow {
    pub(crate) id: i64,
}
