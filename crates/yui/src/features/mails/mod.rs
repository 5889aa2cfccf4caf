//! Mail: written in the transaction of what causes it (outbox), delivered by a worker with retries. Never sent for what
//! was rolled back, never lost; one that was being sent when its worker was killed may arrive twice, with one Message-ID.

mod acts;
pub mod admin;
mod failed;
mod queries;
mod retry;
mod rules;
mod smtp;
mod worker;

pub(crate) use failed::count as failed_count;
pub use retry::{RetryRefusal, retry};
pub use worker::{Delivered, deliver_due, run};

use crate::core::{
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
