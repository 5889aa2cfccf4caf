//! The owner of a new factor, and the factor's label.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use yui_db::Tx;

use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        scope::{MemberScope, PublicScope},
        society::{Factor, InSociety, ids_take},
    },
    features::account::{
        confirm,
        events::{AccountEvent, record_event},
        pending_login::{At, AtAddFactor, PendingLogin},
        queries::{self, NewFactorRow},
        settings,
        steps::{LoginState, SecondFactor},
    },
};

/// The person who adds a factor: a login at this step, or a signed-in member with a recent proof of identity.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for a request, and it is not moved about")]
pub(crate) enum FactorOwner {
    /// A pending login.
    Login(PendingLogin, PublicScope),
    /// A signed-in member.
    Member(MemberScope, PublicScope),
}

impl FactorOwner {
    pub(crate) fn scope(&self) -> &PublicScope {
        let (Self::Login(_, scope) | Self::Member(_, scope)) = self;
        scope
    }

    pub(crate) fn account_id(&self) -> i64 {
        match self {
            Self::Login(login, _) => login.account.account_id,
            Self::Member(member, _) => member.account_id,
        }
    }

    /// Returns whether the society offers this factor; a factor that it does not offer is refused, whatever the request
    /// says.
    pub(crate) fn may(&self, factor: Factor) -> bool {
        self.scope().society().policy.factors.contains(&factor)
    }

    /// Returns whether enrolment was finished in this very login: its factor may then wait for the next one.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self, Self::Login(login, _) if login.proofs.enrolled_now)
    }

    /// Commits an added factor, and redirects to the next page.
    pub(crate) async fn registered(
        self,
        app: &App,
        client: &ClientInfo,
        mut tx: Tx,
        (factor, label): (Factor, String),
        sign_out_everywhere: bool,
    ) -> Result<Response, AppError> {
        let (scope, id) = (self.scope().clone(), self.account_id());
        record_event(app, &mut tx, &scope, Some(client), id, AccountEvent::FactorAdded(label)).await?;
        queries::chosen_factor_set(&mut tx, &scope, id, Some(factor)).await?;
        let (session, login) = match &self {
            Self::Login(login, _) => ([0; 32], login.token_hash),
            Self::Member(member, _) => (member.session, [0; 32]),
        };
        if sign_out_everywhere {
            settings::sign_out_everywhere(&mut tx, &scope, id, &session, &login).await?;
        }
        let answer = match self {
            Self::Login(login, _) => login.commit_and_advance(app, client, tx).await?,
            Self::Member(..) => {
                tx.commit().await?;
                Redirect::to("/settings/login?done=added").into_response()
            }
        };
        app.mail.wake();
        Ok(answer)
    }

    /// Begins the transaction of a registration: a login takes its step with it. Returns nothing if it was taken
    /// already.
    pub(crate) async fn begin(&self, app: &App, second: SecondFactor) -> anyhow::Result<Option<Tx>> {
        let mut tx = app.db.begin().await?;
        if let Self::Login(login, _) = self {
            let proofs = LoginState { second: Some(second), ..login.proofs.clone() };
            if !login.take_step(&mut tx, &proofs).await? {
                return Ok(None);
            }
        }
        Ok(Some(tx))
    }
}

impl FromRequestParts<App> for FactorOwner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let scope = PublicScope::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let member = parts.extensions.get::<MemberScope>().cloned();
        let Some(member) = member else {
            let At { login, .. } = At::<AtAddFactor>::from_request_parts(parts, app).await?;
            return Ok(Self::Login(login, scope));
        };
        let back = if parts.method == Method::GET { parts.uri.path() } else { "/settings/login" };
        match confirm::due(app, &member, &parts.method) {
            true => Err(Redirect::to(&confirm::path(back)).into_response()),
            false => Ok(Self::Member(member, scope)),
        }
    }
}

/// A factor with nothing but its name.
pub(crate) fn bare(factor_id: i64, kind: Factor, label: &str) -> NewFactorRow<'_> {
    NewFactorRow {
        factor_id,
        kind,
        label,
        sealed_key: None,
        last_step: None,
        credential_id: None,
        credential: None,
        synced: None,
    }
}

/// Returns the label if no factor of this kind has it, else the label with the first free number. Registrations of one
/// account wait for each other from here on.
pub(crate) async fn free_label(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    kind: Factor,
    label: &str,
) -> Result<String, AppError> {
    queries::revision_raise(tx, scope, account_id).await?;
    let taken = queries::factors_in(tx, scope, account_id).await?;
    let is_taken = |label: &str| taken.iter().any(|factor| factor.kind == kind && factor.label == label);
    let numbered = (2..).map(|number| format!("{label} {number}"));
    let mut candidates = std::iter::once(label.to_owned()).chain(numbered);
    Ok(candidates.find(|candidate| !is_taken(candidate)).unwrap_or_else(|| label.to_owned()))
}

/// Takes the next number for a factor.
pub(crate) async fn factor_id(tx: &mut Tx, scope: &impl InSociety) -> Result<i64, AppError> {
    Ok(ids_take(tx, scope, "factor", 1).await?)
}

/// The most characters of a label.
pub(crate) const LABEL_MAX: usize = 40;

/// Returns the label as it is kept: without surrounding spaces and invisible characters.
pub(crate) fn label(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_control()).collect::<String>().trim().chars().take(LABEL_MAX).collect()
}
