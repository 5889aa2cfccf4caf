//! How a society stood on a day.

use jiff::{Timestamp, civil::Date};

use super::queries;
use crate::core::{app::App, scope::SystemScope, society::InSociety};

/// How a society stood on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DailyTotals {
    pub(crate) day: Date,
    pub(crate) taken_at: Timestamp,
    /// People covered.
    pub(crate) members: i64,
    /// Of them, insured persons: who can have an account.
    pub(crate) insured: i64,
    /// Accounts in use.
    pub(crate) enrolled: i64,
    /// Accounts that wait for enrolment.
    pub(crate) waiting: i64,
    pub(crate) stopped: i64,
    pub(crate) locked: i64,
    /// Accounts whose owner never came.
    pub(crate) never_logged_in: i64,
    pub(crate) with_passkey: i64,
    pub(crate) with_app: i64,
    pub(crate) with_email: i64,
}

impl DailyTotals {
    /// Returns how many of a hundred insured persons are enrolled.
    pub(crate) fn enrolled_percent(&self) -> i64 {
        if self.insured == 0 { 0 } else { (self.enrolled * 100 / self.insured).min(100) }
    }
}

/// Counts how the society stands now, and keeps it.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn take(app: &App, scope: &impl InSociety) -> Result<DailyTotals, yui_db::DbError> {
    let figures = queries::count(&app.db, scope, app.clock.today(), app.clock.now()).await?;
    let mut tx = app.db.begin().await?;
    queries::keep(&mut tx, scope, &figures).await?;
    tx.commit().await?;
    Ok(figures)
}

/// Counts how every society stands, for the housekeeping.
///
/// # Errors
/// Where the database does not answer.
pub async fn record_daily_totals(app: &App) -> Result<(), yui_db::DbError> {
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        take(app, &scope).await?;
    }
    Ok(())
}
