//! Societies: the tenants. Each has a host name, insurer numbers and a policy; five presets of the policy ship as data.

pub mod create;
mod directory;
pub mod older_host;
mod policy;
mod queries;
pub mod signing_key;

pub use directory::{Directory, OlderHost, Society};
pub use policy::{
    Complexity, EmailRule, EnrolmentFlow, Factor, ForgottenPassword, ForgottenUserId, IdentityCheck, MaintenanceRule,
    PasswordRule, Policy, Preset, Service, SessionRule, UserIdRule,
};
pub(crate) use queries::{ids_take, society_list};

use crate::{app::App, scope::InSociety};

/// Returns the society's insurer numbers.
///
/// # Errors
/// Where the database does not answer.
pub async fn insurer_numbers(app: &App, scope: &impl InSociety) -> Result<Vec<String>, yui_db::DbError> {
    queries::insurer_list(&app.db, scope).await
}
