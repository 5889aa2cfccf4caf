//! How far an enrolment is.

use axum::response::{IntoResponse, Redirect, Response};

use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, security},
    features::account::{
        events::{AccountEvent, record_event},
        pending_login::PendingLogin,
        queries::{self, Counting, Wrong},
        steps::EnrolmentProgress,
    },
};

/// Keeps how far enrolment has come, and leads on.
pub(crate) async fn progressed(
    app: &App,
    client: &ClientInfo,
    login: PendingLogin,
    change: impl FnOnce(&mut EnrolmentProgress),
) -> Result<Response, AppError> {
    let mut progress = login.account.enrolment.clone();
    change(&mut progress);
    let mut tx = app.db.begin().await?;
    let advanced = login.take_step(&mut tx, &login.proofs).await?
        && queries::progress_set(&mut tx, &login.scope, &login.account, &progress).await?;
    if !advanced {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    login.commit_and_advance(app, client, tx).await
}

/// Takes the step for a wrong answer to the identity check, and counts it; returns whether the login has to be looked at anew: it
/// was the last answer that the account has, or another one was sent at the same moment, of which only one is looked at.
pub(crate) async fn wrong_identity(app: &App, client: &ClientInfo, login: &PendingLogin) -> Result<bool, AppError> {
    let (scope, id) = (&login.scope, login.account.account_id);
    let mut tx = app.db.begin().await?;
    if !login.take_step(&mut tx, &login.proofs).await? {
        return Ok(true);
    }
    let counting = queries::wrong(&mut tx, scope, Some(id), Wrong::Identity, app.clock.now()).await?;
    if counting == Counting::Locked {
        record_event(app, &mut tx, scope, Some(client), id, AccountEvent::Locked).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    security::refused(scope, "identity", Some(id));
    Ok(counting == Counting::Locked)
}
