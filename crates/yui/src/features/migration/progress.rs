//! The progress of the members' migration.

use jiff::Timestamp;
use yui_db::{Db, DbError};

use super::queries;
use crate::core::society::InSociety;

/// One of the three groups, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MigrationGroup {
    /// `was_active`, `was_idle` or `new`.
    pub origin: &'static str,
    /// Accounts.
    pub accounts: i64,
    /// Accounts to which the announcement was delivered.
    pub mailed: i64,
    /// Accounts in the middle of enrolment.
    pub begun: i64,
    /// Accounts that are enrolled.
    pub finished: i64,
    /// Accounts whose first login expired unused.
    pub expired: i64,
}

impl MigrationGroup {
    /// Returns the group's label.
    pub(crate) fn label(&self) -> &'static str {
        match self.origin {
            "was_active" => "ログインしたことがある人",
            "was_idle" => "ログインしたことがない人",
            _ => "いなかった人（切替え後に加入）",
        }
    }

    /// Returns the percentage that is enrolled.
    pub(crate) fn percent(&self) -> i64 {
        if self.accounts == 0 { 0 } else { self.finished * 100 / self.accounts }
    }

    /// Returns all groups together.
    pub(crate) fn total(groups: &[Self]) -> Self {
        groups.iter().fold(Self::default(), |all, group| Self {
            origin: "",
            accounts: all.accounts + group.accounts,
            mailed: all.mailed + group.mailed,
            begun: all.begun + group.begun,
            finished: all.finished + group.finished,
            expired: all.expired + group.expired,
        })
    }
}

const ORIGINS: [&str; 3] = ["was_active", "was_idle", "new"];

/// Returns the three groups, in this order: had logged in to the older system, never had, came later.
///
/// # Errors
/// Where the database does not answer.
pub async fn progress(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<[MigrationGroup; 3], DbError> {
    let rows = queries::groups(db, scope, now).await?;
    Ok(ORIGINS.map(|origin| match rows.iter().find(|row| row.origin == origin) {
        None => MigrationGroup { origin, ..MigrationGroup::default() },
        Some(row) => MigrationGroup {
            origin,
            accounts: row.accounts,
            mailed: row.mailed,
            begun: row.begun,
            finished: row.finished,
            expired: row.expired,
        },
    }))
}
