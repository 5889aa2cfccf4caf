//! 利用規約: asked for at enrolment, and again whenever a new version counts.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    events::{AccountEvent, record_event},
    pending_login::{At, AtTerms},
    steps::AccountState,
};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError},
    features::terms::{self, Terms},
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/terms.html")]
pub(crate) struct TermsPage {
    page: Page,
    terms: Terms,
    /// At enrolment; else they have changed since the member agreed.
    enrolling: bool,
}

/// Which version was agreed to.
#[derive(Deserialize)]
pub(super) struct Agreed {
    #[serde(default)]
    version: i64,
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtTerms>,
) -> Result<Response, AppError> {
    let Some(terms) = terms::current(&app.db, &login.scope, app.clock.now()).await? else {
        return Ok(Redirect::to("/login/continue").into_response());
    };
    let enrolling = login.account.state == AccountState::Temporary;
    Ok(TermsPage { page: context.page("利用規約"), terms, enrolling }.into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    client: ClientInfo,
    At { login, .. }: At<AtTerms>,
    Form(Agreed { version }): Form<Agreed>,
) -> Result<Response, AppError> {
    // Agreed to what was on the page, and to nothing that came after it.
    if login.account.current_terms != Some(version) {
        return Ok(Redirect::to("/login/terms").into_response());
    }
    let (id, now) = (login.account.account_id, app.clock.now());
    let mut tx = app.db.begin().await?;
    if !login.take_step(&mut tx, &login.proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    terms::agree(&mut tx, &login.scope, id, version, &client.address.to_string(), now).await?;
    record_event(&app, &mut tx, &login.scope, Some(&client), id, AccountEvent::TermsAgreed(version)).await?;
    login.commit_and_advance(&app, &client, tx).await
}

crate::ui::pages! {
    TermsPage => |context| Self {
        page: context.page("利用規約"),
        terms: Terms { version: 2, body: "1 / 2 / 3".into() },
        enrolling: false,
    },
}
