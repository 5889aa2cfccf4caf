//! What the log says of refusals (ASVS 5.0 16.3): who was refused what, by ids alone. Its target is `security`.

use super::society::InSociety;

/// Logs that a proof was wrong: `what` is `password`, `code`, `identity` or `passkey`. An account that does not exist has no id.
pub(crate) fn refused(scope: &impl InSociety, what: &str, account_id: Option<i64>) {
    tracing::info!(target: "security", society = scope.society_id(), account = account_id, what, "login failed");
}

/// Logs that a member of staff proved something wrongly.
pub(crate) fn staff_refused(scope: &impl InSociety, what: &str, staff_id: Option<i64>) {
    tracing::info!(target: "security", society = scope.society_id(), staff = staff_id, what, "staff login failed");
}

/// Logs that tries were over: `limit` names them.
pub(crate) fn limited(society: i64, limit: &str) {
    tracing::info!(target: "security", society, limit, "rate limit exceeded");
}

/// Logs that a request was not allowed: another site's, or one that the role or the permission does not cover.
pub(crate) fn not_allowed(society: Option<i64>, why: &str, method: &axum::http::Method, place: &str) {
    tracing::info!(target: "security", society, why, %method, path = place, "request forbidden");
}
