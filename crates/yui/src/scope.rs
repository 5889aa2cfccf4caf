//! Who is asking, for which society. A query on a society's rows takes one of these, and nothing but the router's
//! door (for requests) and the command line make one.

use std::sync::Arc;

use anyhow::Context;
use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    app::App,
    error::AppError,
    features::societies::{self, Society},
};

/// A scope: it names the society whose rows a query may touch, and there is no way to name another.
pub trait InSociety {
    /// The society.
    fn society(&self) -> &Arc<Society>;

    /// The society's id, the first part of every key.
    fn society_id(&self) -> i64 {
        self.society().society_id
    }
}

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
    /// When it was last proved that this is them.
    pub proved_at: jiff::Timestamp,
    /// … by a code sent by mail, although they have a factor that a mailbox does not give.
    pub proved_by_mail_alone: bool,
}

/// The command line or a worker, acting for one society.
#[derive(Clone, Debug)]
pub struct SystemScope {
    society: Arc<Society>,
    /// Who acts, for the record.
    pub actor: &'static str,
}

impl PublicScope {
    pub(crate) fn at_the_door(society: Arc<Society>) -> Self {
        Self { society }
    }
}

/// What a live session says of its account.
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
    pub(crate) fn at_the_door(society: Arc<Society>, owner: SessionOwner) -> Self {
        let SessionOwner { account_id, household_id, member_id, name, session, proved_at, proved_by_mail_alone } =
            owner;
        Self { society, account_id, household_id, member_id, name, session, proved_at, proved_by_mail_alone }
    }
}

impl SystemScope {
    /// Returns the scope of the society with this key, for a command.
    ///
    /// # Errors
    /// Where there is no such society.
    pub async fn of_society(app: &App, key: &str) -> anyhow::Result<Self> {
        let societies = societies::society_list(&app.db).await?;
        let society = societies
            .into_iter()
            .find(|society| society.key == key)
            .with_context(|| format!("there is no society {key:?}; `yui society list` shows them"))?;
        Ok(Self { society: Arc::new(society), actor: "command line" })
    }

    /// Returns the scopes of all societies, for a worker.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of_all(app: &App, actor: &'static str) -> Result<Vec<Self>, yui_db::DbError> {
        let societies = societies::society_list(&app.db).await?;
        Ok(societies.into_iter().map(|society| Self { society: Arc::new(society), actor }).collect())
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

in_society!(PublicScope, MemberScope, SystemScope);

impl<S: Sync> FromRequestParts<S> for PublicScope {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::door("PublicScope"))
    }
}

impl<S: Sync> FromRequestParts<S> for MemberScope {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::door("MemberScope"))
    }
}
