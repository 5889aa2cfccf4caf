//! The kernel under every feature: the running [`app::App`], scopes, societies and their policy, roles, the audit log's
//! entries, the mail outbox, rate limits. Nothing here knows a feature.

pub mod app;
pub mod audit;
pub mod client_info;
pub mod clock;
pub mod config;
pub mod error;
pub mod even_time;
pub mod files;
pub mod heavy;
pub mod mail;
pub mod random;
pub mod rate_limit;
pub mod readiness;
pub mod role;
pub mod routes;
pub mod scope;
pub mod sealed;
pub mod sealed_query;
pub mod security;
pub mod slow_refusal;
pub mod society;
pub mod stopping;
pub mod work_signal;
