//! Mail: written in the transaction of what causes it (outbox), delivered by a worker with retries. Never sent for what
//! was rolled back, never lost; one that was being sent when its worker was killed may arrive twice, with one Message-ID.

pub mod admin;
mod failed;
mod retry;
pub(crate) mod rules;
mod smtp;
mod worker;

pub(crate) use failed::count as failed_count;
pub use retry::{RetryRefusal, retry};
pub use worker::{Delivered, deliver_due, run};

use crate::core::{
    audit,
    role::Right,
    routes::{Permission::Staff, Routes},
};

/// The pages of this feature.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/console/mails-failed", Staff(Right::Look), failed::show)
        .post("/console/mails-failed/retry-all", Staff(Right::Help), failed::retry_all)
        .post("/console/mails-failed/{id}/retry", Staff(Right::Help), failed::retry_one)
}

audit::acts! {
    /// The list of mails that were given up was looked at.
    MAILS_FAILED_VIEWED = "mails.failed_viewed" / "届かなかったメールの一覧を表示";
    /// A mail that was given up is tried again.
    MAIL_RETRIED = "mails.retried" / "届かなかったメールを再送";
    /// All that are worth it are.
    MAILS_RETRIED = "mails.all_retried" / "届かなかったメールをまとめて再送";
}
