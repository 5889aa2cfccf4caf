//! 初回登録: from the temporary pair of a postcard to an account of one's own. Two generations: the renewed flow (birth
//! date, terms, address, user ID and factor, password) and the classic one (identity with terms, details, check).

mod birth_date;
mod check;
mod details;
mod done;
mod email;
mod finish;
mod identity;
mod profile;

use axum::response::{IntoResponse, Redirect, Response};
pub(super) use birth_date::{show as birth_date_show, submit as birth_date_submit};
pub(super) use check::{back as check_back, show as check_show, submit as check_submit};
pub(super) use details::{MAIL_KINDS, show as details_show, submit as details_submit};
pub(super) use done::show as done_show;
pub(super) use email::{
    again as email_again, change as email_change, mail_link, mail_or_tell_owner, sent as email_sent,
    show as email_show, status as email_status, submit as email_submit,
};
pub(super) use finish::{EnrolmentResult, finish};
pub(super) use identity::{show as identity_show, submit as identity_submit};
pub(super) use profile::{FactorChoice, choices, show as profile_show, submit as profile_submit};

use super::{
    events::{AccountEvent, record_event},
    pending_login::PendingLogin,
    queries::{self, Counting, Wrong},
    steps::EnrolmentProgress,
};
use crate::core::{app::App, client_info::ClientInfo, error::AppError, security};

/// Keeps how far enrolment has come, and leads on.
async fn progressed(
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
async fn wrong_identity(app: &App, client: &ClientInfo, login: &PendingLogin) -> Result<bool, AppError> {
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
