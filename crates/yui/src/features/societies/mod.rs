//! Societies: the tenants. Each has a host name, insurer numbers and a policy; five presets of the policy ship as data.

pub(crate) mod acts;
mod closed;
pub mod create;
pub mod delete;
pub mod export;
pub mod older_host;
pub(crate) mod queries;
pub mod signing_key;

pub(crate) use closed::{answer as closed_answer, closed};

use crate::core::{app::App, society::InSociety};

/// Returns the society's insurer numbers.
///
/// # Errors
/// Where the database does not answer.
pub async fn insurer_numbers(app: &App, scope: &impl InSociety) -> Result<Vec<String>, yui_db::DbError> {
    queries::insurer_list(&app.db, scope).await
}
