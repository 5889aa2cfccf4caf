//! The errors of a handler, and the page that a person sees for each.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use yui_db::DbError;

/// The seconds after which a request that the database did not answer may be tried again.
const DATABASE_AGAIN: u32 = 5;

/// The reason why a request got no page.
#[derive(Clone, Debug)]
pub enum AppError {
    /// There is no such thing for this person.
    NotFound,
    /// The request does not come from our own pages.
    Forbidden,
    /// The role of this member of staff does not allow it.
    NotAllowed,
    /// Too much to do just now; come again in so many seconds.
    Busy(u32),
    /// Something was tried too often; come again in so many seconds.
    TooMany(u32),
    /// The database is down, locked or full: the same may work in a moment.
    Database(Arc<anyhow::Error>),
    /// A part of the installation is missing, as in "no signing key".
    Unavailable(&'static str),
    /// A bug or a broken machine: logged once, and an apology with the log's reference number.
    Bug(Arc<anyhow::Error>),
}

impl AppError {
    /// A handler asks for a scope that its route's permission does not give.
    pub(crate) fn missing_scope(scope: &'static str) -> Self {
        anyhow::anyhow!("the route's permission gives no {scope}").into()
    }
}

impl<E: Into<anyhow::Error>> From<E> for AppError {
    fn from(error: E) -> Self {
        let error = Arc::new(error.into());
        let of_database = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<DbError>().is_some_and(DbError::is_unavailable)
        };
        if error.chain().any(of_database) { Self::Database(error) } else { Self::Bug(error) }
    }
}

impl IntoResponse for AppError {
    /// Returns the bare status; the router's outermost layer draws the page in the client's language.
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) | Self::Database(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Bug(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        let again = match &self {
            Self::Busy(seconds) | Self::TooMany(seconds) => Some(*seconds),
            Self::Database(_) => Some(DATABASE_AGAIN),
            _ => None,
        };
        if let Some(seconds) = again {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}
