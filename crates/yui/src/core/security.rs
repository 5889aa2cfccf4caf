//! Log entries on refusals (ASVS 5.0 16.3): the refused account and the reason, by ids alone. Their target is
//! `security`.

use super::society::InSociety;

/// Logs a wrong proof: `what` is `password`, `code`, `identity` or `passkey`. An account that does not exist has no id.
pub(crate) fn refused(scope: &impl InSociety, what: &str, account_id: Option<i64>) {
    tracing::info!(target: "security", society = scope.society_id(), account = account_id, what, "login failed");
}

/// Logs a wrong proof of a member of staff.
pub(crate) fn staff_refused(scope: &impl InSociety, what: &str, staff_id: Option<i64>) {
    tracing::info!(target: "security", society = scope.society_id(), staff = staff_id, what, "staff login failed");
}

/// Logs that a rate limit was reached: `limit` names it.
pub(crate) fn limited(society: i64, limit: &str) {
    tracing::info!(target: "security", society, limit, "rate limit exceeded");
}

/// Logs that a request was not allowed: another site's, or one that the role or the permission does not cover.
pub(crate) fn not_allowed(society: Option<i64>, why: &str, method: &axum::http::Method, place: &str) {
    tracing::info!(target: "security", society, why, %method, path = place, "request forbidden");
}
