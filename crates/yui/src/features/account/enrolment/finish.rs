//! The end of enrolment: the temporary credentials expire with it.

use axum::response::{IntoResponse, Redirect, Response};

use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, society::Factor},
    features::account::{
        add_factor,
        events::{AccountEvent, record_event},
        pending_login::PendingLogin,
        queries::{self, NewPassword},
        settings,
        steps::{LoginState, PrimaryFactor, SecondFactor},
    },
    ui::Lang,
};

/// The account's data from the end of enrolment on.
#[derive(Debug)]
pub(in super::super) struct EnrolmentResult {
    pub(in super::super) user_id: String,
    pub(in super::super) password_hash: String,
    pub(in super::super) factor: Option<Factor>,
    pub(in super::super) lang: Lang,
}

/// Ends enrolment in one transaction, and leads on: to the factor to register, or into the portal.
pub(in super::super) async fn finish(
    app: &App,
    client: &ClientInfo,
    login: PendingLogin,
    own: EnrolmentResult,
) -> Result<Response, AppError> {
    let (scope, id, now) = (&login.scope, login.account.account_id, app.clock.now());
    // Codes go to a proved address only; else the factor is registered with its first code.
    let mails_codes = own.factor == Some(Factor::Email) && login.account.email_verified;
    let proofs = LoginState {
        first: Some(PrimaryFactor::Password { known_device: false }),
        // The address was proved by its link a moment ago.
        second: mails_codes.then_some(SecondFactor::Email),
        password_at: Some(now),
        enrolled_now: true,
        ..login.proofs.clone()
    };
    let details = login.account.enrolment.details.clone();
    let mut tx = app.db.begin().await?;
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    match queries::enrolled(&mut tx, scope, id, &own.user_id, now).await {
        Ok(true) => {}
        Ok(false) => return Ok(Redirect::to("/login/continue").into_response()),
        // Somebody else took the user ID since it was chosen.
        Err(error) if error.is_taken("accounts_user_id") => {
            drop(tx);
            return taken_meanwhile(app, client, login).await;
        }
        Err(error) => return Err(error.into()),
    }
    let new = NewPassword { hash: &own.password_hash, set_at: now, ends_at: None, must_change: false };
    queries::password_set(&mut tx, scope, id, &new).await?;
    queries::chosen_factor_set(&mut tx, scope, id, own.factor).await?;
    queries::lang_set(&mut tx, scope, id, own.lang).await?;
    if let Some(details) = details {
        match queries::email_set(&mut tx, scope, id, details.email.as_deref(), None).await {
            Err(error) if error.is_taken("accounts_email") => {
                drop(tx);
                return taken_meanwhile(app, client, login).await;
            }
            set => set?,
        }
        for (kind, wanted) in &details.mail_wanted {
            queries::wish_set(&mut tx, scope, id, kind, *wanted).await?;
        }
    }
    if mails_codes {
        add_factor::email_insert(app, &mut tx, scope, id).await?;
    }
    queries::links_delete(&mut tx, scope, id, "first_login").await?;
    settings::others_end(&mut tx, scope, id, &login.token_hash).await?;
    record_event(app, &mut tx, scope, Some(client), id, AccountEvent::Enrolled).await?;
    let answer = login.commit_and_advance(app, client, tx).await?;
    app.mail.wake();
    Ok(answer)
}

/// Redirects back to the choice of user ID and address.
async fn taken_meanwhile(app: &App, client: &ClientInfo, login: PendingLogin) -> Result<Response, AppError> {
    super::progress::progressed(app, client, login, |progress| {
        progress.user_id = None;
        progress.details = None;
    })
    .await
}
