//! An attempt at a proof, counted before it is checked.

use super::queries;
use crate::core::{
    app::App,
    rate_limit::{RateLimitCharge, acquire, refund},
    society::InSociety,
};

/// The tries that an attempt has acquired before its proof is checked. They are refunded if the proof is right, and if
/// nobody waits for the answer any more: the request was aborted, and revealed nothing.
#[derive(Debug)]
pub(crate) struct Attempt<S: InSociety + Clone + Send + Sync + 'static> {
    app: App,
    scope: S,
    taken: PermitGuard,
}

#[derive(Debug, Default)]
struct PermitGuard {
    charges: Vec<RateLimitCharge>,
    device: Option<([u8; 32], i64)>,
    session: Option<[u8; 32]>,
}

impl PermitGuard {
    fn is_empty(&self) -> bool {
        self.charges.is_empty() && self.device.is_none() && self.session.is_none()
    }

    async fn refund(self, app: &App, scope: &impl InSociety) -> anyhow::Result<()> {
        if !self.charges.is_empty() {
            refund(app, scope, &self.charges).await?;
        }
        if let Some((device, account_id)) = self.device {
            queries::device_right(&app.db, scope, &device, account_id).await?;
        }
        if let Some(session) = self.session {
            queries::session_password_right(&app.db, scope, &session).await?;
        }
        Ok(())
    }
}

impl<S: InSociety + Clone + Send + Sync + 'static> Attempt<S> {
    /// Begins an attempt, which has acquired nothing yet.
    pub(crate) fn new(app: &App, scope: &S) -> Self {
        Self { app: app.clone(), scope: scope.clone(), taken: PermitGuard::default() }
    }

    /// Acquires these tries; returns the seconds to wait if there are none left.
    pub(crate) async fn take(&mut self, tries: &[RateLimitCharge]) -> anyhow::Result<Option<u32>> {
        let refused = acquire(&self.app, &self.scope, tries).await?;
        if refused.is_none() {
            self.taken.charges.extend(tries);
        }
        Ok(refused)
    }

    /// Counts the try in a browser known to be the account owner's; returns the wrong ones in a row including it, none
    /// if the browser is no longer known.
    pub(super) async fn count_in_device(
        &mut self,
        device: [u8; 32],
        account_id: i64,
    ) -> Result<Option<i32>, yui_db::DbError> {
        let count = queries::device_try(&self.app.db, &self.scope, &device, account_id).await?;
        self.taken.device = count.map(|_| (device, account_id));
        Ok(count)
    }

    /// Counts the try in a session; returns the wrong ones in a row including it, none if the session is over.
    pub(super) async fn count_in_session(&mut self, session: [u8; 32]) -> Result<Option<i32>, yui_db::DbError> {
        let count = queries::session_password_try(&self.app.db, &self.scope, &session).await?;
        self.taken.session = count.map(|_| session);
        Ok(count)
    }

    /// The proof was wrong: the acquired tries stay spent.
    pub(crate) fn wrong(mut self) {
        self.taken = PermitGuard::default();
    }

    /// The proof was right, or could not be checked: refunds the acquired tries.
    pub(crate) async fn right(mut self) -> anyhow::Result<()> {
        std::mem::take(&mut self.taken).refund(&self.app, &self.scope).await
    }

    /// As [`Attempt::right`], but the limits stay spent.
    pub(super) async fn right_but_spent(mut self) -> anyhow::Result<()> {
        self.taken.charges.clear();
        self.right().await
    }
}

impl<S: InSociety + Clone + Send + Sync + 'static> Drop for Attempt<S> {
    fn drop(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken.is_empty() {
            return;
        }
        let (app, scope) = (self.app.clone(), self.scope.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = taken.refund(&app, &scope).await {
                    tracing::warn!("refund of the rate limit failed for an aborted request: {error:#}");
                }
            });
        }
    }
}
