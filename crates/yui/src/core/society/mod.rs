//! Societies: the tenants. Each has a host name and a policy; five presets of the policy ship as data.

pub(crate) mod directory;
pub mod maintenance;
mod policy;
pub(crate) mod queries;

pub use self::{
    directory::{Branding, Directory, InSociety, OlderHost, Society},
    policy::{
        Complexity, EmailRule, EnrolmentFlow, Factor, ForgottenPassword, ForgottenUserId, Guarded, IdentityCheck,
        MaintenanceRule, PasswordRule, Policy, PostcardLines, Preset, Senders, Service, SessionRule, UserIdRule,
    },
};
pub(crate) use queries::{ids_take, ids_taken, society_list};
