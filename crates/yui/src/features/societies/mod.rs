//! Societies: the tenants. Each has a host name, insurer numbers and a policy; five presets of the policy ship as data.

mod closed;
pub mod create;
pub mod delete;
mod directory;
pub mod export;
pub mod maintenance;
pub mod older_host;
mod policy;
mod queries;
mod settings;
pub mod signing_key;

pub(crate) use closed::{answer as closed_answer, closed};
pub use directory::{Branding, Directory, OlderHost, Society};
pub use policy::{
    Complexity, EmailRule, EnrolmentFlow, Factor, ForgottenPassword, ForgottenUserId, Guarded, IdentityCheck,
    MaintenanceRule, PasswordRule, Policy, PostcardLines, Preset, Senders, Service, SessionRule, UserIdRule,
};
pub(crate) use queries::{ids_take, ids_taken, society_list};

pub(crate) use settings::{loosen, routes as settings_routes};

use crate::{app::App, scope::InSociety};

/// Returns the society's insurer numbers.
///
/// # Errors
/// Where the database does not answer.
pub async fn insurer_numbers(app: &App, scope: &impl InSociety) -> Result<Vec<String>, yui_db::DbError> {
    queries::insurer_list(&app.db, scope).await
}
