//! A passkey as second factor.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{AvailableFactors, proved};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, security, society::Factor},
    features::account::{
        passkeys::{
            CeremonyAnswer, CeremonyKind, json_error, json_redirect, relying_party, start_ceremony, take_ceremony,
            verified_or_none,
        },
        pending_login::{At, AtFactor},
        queries,
        steps::SecondFactor,
    },
    ui::PageContext,
};

const REFUSED: &str = "生体認証を確認できませんでした。もう一度試すか、ほかの方法を選んでください。";

pub(in super::super) async fn begin(
    State(app): State<App>,
    At { login, .. }: At<AtFactor>,
) -> Result<Response, AppError> {
    let ways = AvailableFactors::of(&app, &login).await?;
    let stored: Vec<_> = ways.factors.iter().filter_map(|factor| factor.credential.clone()).collect();
    if stored.is_empty() {
        return Err(AppError::NotFound);
    }
    let ceremony = relying_party(&app, &login.scope)?.factor_begin(&stored)?;
    start_ceremony(&app, &login.scope, (CeremonyKind::Factor, Some(login.account.account_id)), ceremony).await
}

pub(in super::super) async fn finish(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtFactor>,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    let id = login.account.account_id;
    let Some(state) = take_ceremony(&app, &login.scope, (CeremonyKind::Factor, Some(id)), &answer).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let factors = queries::factors(&app.db, &login.scope, id).await?;
    let passkeys: Vec<_> = factors.iter().filter(|factor| factor.kind == Factor::Passkey).collect();
    let stored: Vec<_> = passkeys.iter().filter_map(|factor| factor.credential.clone()).collect();
    let party = relying_party(&app, &login.scope)?;
    let Some((which, used)) = verified_or_none(party.factor_finish(&state, &answer.credential.to_string(), &stored))?
    else {
        security::refused(&login.scope, "passkey", Some(id));
        return Ok(json_error(&context, REFUSED));
    };
    let Some(passkey) = passkeys.get(which) else { return Ok(Redirect::to("/login/factor").into_response()) };
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    queries::factor_used(&mut tx, &login.scope, id, passkey.factor_id, used.updated.as_deref(), now).await?;
    Ok(json_redirect(proved(&app, &client, login, tx, SecondFactor::Passkey).await?))
}
