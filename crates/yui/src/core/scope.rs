//! The scopes: on whose behalf a statement runs, and for which society. A query on a society's rows takes one of these,
//! and nothing but the router's authorisation (for requests), a worker and the command line make one.

use std::sync::Arc;

use anyhow::Context;
use axum::{extract::FromRequestParts, http::request::Parts};

use super::{
    app::App,
    audit::Actor,
    error::AppError,
    role::Role,
    society::{self, Society},
};
use crate::core::society::InSociety;

/// Anybody who reached a society's host.
#[derive(Clone, Debug)]
pub struct PublicScope {
    society: Arc<Society>,
}

/// A signed-in insured person, who sees one household.
#[derive(Clone, Debug)]
pub struct MemberScope {
    society: Arc<Society>,
    /// The account.
    pub account_id: i64,
    /// The household whose data it sees.
    pub household_id: i64,
    /// The insured person.
    pub member_id: i64,
    /// The insured person's name, for the corner of the page.
    pub name: String,
    /// The hash of this session's token.
    pub session: [u8; 32],
    /// The time of the last proof of identity.
    pub proved_at: jiff::Timestamp,
    /// Whether that proof was only a code sent by mail, although the account has a stronger factor.
    pub proved_by_mail_alone: bool,
}

/// A signed-in member of the society's staff. The route's permission has checked what they may do.
#[derive(Clone, Debug)]
pub struct StaffScope {
    society: Arc<Society>,
    /// The account.
    pub staff_id: i64,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The hash of this session's token.
    pub session: [u8; 32],
    /// The time of the last proof of the second factor.
    pub proved_at: jiff::Timestamp,
    /// The network address.
    pub address: String,
}

/// The authority to act for one society: the command line, a worker, or a member of its staff.
#[derive(Clone, Debug)]
pub struct SystemScope {
    society: Arc<Society>,
    /// The actor, for the audit log.
    pub actor: Actor,
}

impl PublicScope {
    pub(crate) fn authorize(society: Arc<Society>) -> Self {
        Self { society }
    }
}

/// The owner of a live session.
pub(crate) struct SessionOwner {
    pub(crate) account_id: i64,
    pub(crate) household_id: i64,
    pub(crate) member_id: i64,
    pub(crate) name: String,
    pub(crate) session: [u8; 32],
    pub(crate) proved_at: jiff::Timestamp,
    pub(crate) proved_by_mail_alone: bool,
}

impl MemberScope {
    pub(crate) fn authorize(society: Arc<Society>, owner: SessionOwner) -> Self {
        let SessionOwner { account_id, household_id, member_id, name, session, proved_at, proved_by_mail_alone } =
            owner;
        Self { society, account_id, household_id, member_id, name, session, proved_at, proved_by_mail_alone }
    }
}

/// The member of staff of a live session.
pub(crate) struct SessionStaff {
    pub(crate) staff_id: i64,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) session: [u8; 32],
    pub(crate) proved_at: jiff::Timestamp,
    pub(crate) address: String,
}

impl StaffScope {
    pub(crate) fn authorize(society: Arc<Society>, staff: SessionStaff) -> Self {
        let SessionStaff { staff_id, name, role, session, proved_at, address } = staff;
        Self { society, staff_id, name, role, session, proved_at, address }
    }

    /// Returns the scope for acts in the society's name, recorded as this person's.
    pub fn acting(&self) -> SystemScope {
        let actor = Actor::staff(self.staff_id, &self.name, &self.address);
        SystemScope { society: self.society.clone(), actor }
    }
}

impl SystemScope {
    /// Returns the scope of the society with this key, for a command.
    ///
    /// # Errors
    /// Where there is no such society.
    pub async fn of_society(app: &App, key: &str) -> anyhow::Result<Self> {
        let societies = society::society_list(&app.db).await?;
        let society = societies
            .into_iter()
            .find(|society| society.key == key)
            .with_context(|| format!("there is no society {key:?}; `yui society list` shows them"))?;
        Ok(Self { society: Arc::new(society), actor: Actor::command() })
    }

    /// Returns the scope of a member of staff whose login is pending.
    pub(crate) fn of_staff_logging_in(scope: &PublicScope, staff_id: i64, name: &str, address: &str) -> Self {
        Self { society: scope.society.clone(), actor: Actor::staff(staff_id, name, address) }
    }

    /// Returns the scope for recording a login that identified nobody.
    pub(crate) fn of_stranger(scope: &PublicScope, address: &str) -> Self {
        Self { society: scope.society.clone(), actor: Actor::stranger(address) }
    }

    /// Returns this scope with another actor: for work that they ordered.
    #[must_use]
    pub fn acting_for(&self, actor: Actor) -> Self {
        Self { society: self.society.clone(), actor }
    }

    /// Returns the scopes of all societies, for a worker.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of_all(app: &App, actor: &'static str) -> Result<Vec<Self>, yui_db::DbError> {
        let societies = society::society_list(&app.db).await?;
        let scope = |society| Self { society: Arc::new(society), actor: Actor::worker(actor) };
        Ok(societies.into_iter().map(scope).collect())
    }

    /// Returns the scopes of these societies for a worker; of none without asking.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn of_these(
        app: &App,
        societies: &[i64],
        actor: &'static str,
    ) -> Result<Vec<Self>, yui_db::DbError> {
        if societies.is_empty() {
            return Ok(Vec::new());
        }
        let mut scopes = Self::of_all(app, actor).await?;
        scopes.retain(|scope| societies.contains(&scope.society_id()));
        Ok(scopes)
    }
}

macro_rules! in_society {
    ($($scope:ty),*) => {$(
        impl InSociety for $scope {
            fn society(&self) -> &Arc<Society> {
                &self.society
            }
        }
    )*};
}

in_society!(PublicScope, MemberScope, StaffScope, SystemScope);

impl<S: Sync> FromRequestParts<S> for PublicScope {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::missing_scope("PublicScope"))
    }
}

impl<S: Sync> FromRequestParts<S> for MemberScope {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::missing_scope("MemberScope"))
    }
}

impl<S: Sync> FromRequestParts<S> for StaffScope {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::missing_scope("StaffScope"))
    }
}
