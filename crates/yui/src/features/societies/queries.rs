//! The SQL of societies. These are the only queries without a scope: they are where scopes come from.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, params, statements};

use super::{Policy, Society};
use crate::scope::InSociety;

statements! {
    SOCIETY_LIST = "
        SELECT s.society_id, s.key, s.host, s.name, p.policy
        FROM societies s
        JOIN society_policies p ON p.society_id = s.society_id
        WHERE p.version = (SELECT MAX(newest.version) FROM society_policies newest WHERE newest.society_id = s.society_id)
        ORDER BY s.society_id";
    OLDER_HOST_LIST = "SELECT society_id, host, closes FROM older_hosts ORDER BY host";
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
    COUNTER_TAKE = "
        INSERT INTO counters (society_id, name, next_id) VALUES ($1, $2, 1 + $3)
        ON CONFLICT (society_id, name) DO UPDATE SET next_id = counters.next_id + $3
        RETURNING next_id - $3 AS id";
}

#[derive(sqlx::FromRow)]
struct SocietyRow {
    society_id: i64,
    key: String,
    host: String,
    name: String,
    policy: String,
}

#[derive(sqlx::FromRow)]
struct Id {
    id: i64,
}

/// Returns all societies with their newest policies. One whose policy can not be read is left out and said so.
pub(crate) async fn society_list(db: &Db) -> Result<Vec<Society>, DbError> {
    let rows: Vec<SocietyRow> = db.all(&SOCIETY_LIST, params![]).await?;
    Ok(rows
        .into_iter()
        .filter_map(|SocietyRow { society_id, key, host, name, policy }| {
            let policy = serde_json::from_str(&policy)
                .inspect_err(|error| tracing::error!(society_id, "society left out, its policy is broken: {error}"))
                .ok()?;
            Some(Society { society_id, key, host, name, policy })
        })
        .collect())
}

/// A society that is about to be.
#[derive(Debug)]
pub(crate) struct NewSociety<'a> {
    pub(crate) key: &'a str,
    pub(crate) host: &'a str,
    pub(crate) name: &'a str,
    pub(crate) insurer_numbers: &'a [String],
    pub(crate) policy: &'a Policy,
}

/// Inserts a society with its insurer numbers and first policy; returns its id.
pub(crate) async fn society_insert(tx: &mut Tx, society: &NewSociety<'_>, now: Timestamp) -> anyhow::Result<i64> {
    let Id { id } = tx.one(&SOCIETY_NEXT_ID, params![]).await?;
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

/// Takes `count` fresh ids of this name; returns the first, the others follow it.
pub(crate) async fn ids_take(tx: &mut Tx, scope: &impl InSociety, name: &str, count: i64) -> Result<i64, DbError> {
    let Id { id } = tx.one(&COUNTER_TAKE, params![scope.society_id(), name, count]).await?;
    Ok(id)
}

/// The host name of a society's older system.
#[derive(sqlx::FromRow)]
pub(super) struct OlderHostRow {
    pub(super) society_id: i64,
    pub(super) host: String,
    pub(super) closes: yui_db::Date,
}

/// Returns the host names of all older systems.
pub(super) async fn older_host_list(db: &Db) -> Result<Vec<OlderHostRow>, DbError> {
    db.all(&OLDER_HOST_LIST, params![]).await
}

/// Keeps a host name of an older system and the day from which that is closed.
pub(super) async fn older_host_keep(db: &Db, scope: &impl InSociety, host: &str, closes: Date) -> Result<(), DbError> {
    db.execute(&OLDER_HOST_KEEP, params![scope.society_id(), host, closes]).await.map(drop)
}
