//! ログイン by a passkey alone: no user ID and no password typed.

use axum::{Json, extract::State, response::Response};

use super::{
    limits::PASSKEYS_OF_ADDRESS,
    passkeys::{
        CeremonyAnswer, CeremonyKind, json_error, json_redirect, relying_party, start_ceremony, take_ceremony, unknown,
        verified_or_none,
    },
    pending_login::advance,
    queries,
    steps::{LoginState, PrimaryFactor, Step, step},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        rate_limit::acquire,
        scope::PublicScope,
        security,
        society::{Factor, InSociety},
    },
    ui::{PageContext, local_path},
};

const REFUSED: &str =
    "生体認証でログインできませんでした。もう一度試すか、ユーザIDとパスワードでログインしてください。";

pub(super) async fn begin(
    State(app): State<App>,
    scope: PublicScope,
    client: ClientInfo,
) -> Result<Response, AppError> {
    if let Some(seconds) = acquire(&app, &scope, &PASSKEYS_OF_ADDRESS.of_network(&client)).await? {
        return Err(AppError::TooMany(seconds));
    }
    if !scope.society().policy.factors.contains(&Factor::Passkey) {
        return Err(AppError::NotFound);
    }
    let ceremony = relying_party(&app, &scope)?.sign_in_begin()?;
    start_ceremony(&app, &scope, (CeremonyKind::SignIn, None), ceremony).await
}

pub(super) async fn finish(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    if !scope.society().policy.factors.contains(&Factor::Passkey) {
        return Err(AppError::NotFound);
    }
    let Some(state) = take_ceremony(&app, &scope, (CeremonyKind::SignIn, None), &answer).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let party = relying_party(&app, &scope)?;
    let response = answer.credential.to_string();
    let Some(claimed) = verified_or_none(party.sign_in_whose(&response))? else {
        return Ok(json_error(&context, REFUSED));
    };
    let owner = queries::account_by_handle(&app.db, &scope, claimed.handle).await?;
    let passkey = queries::passkey(&app.db, &scope, &claimed.credential_id).await?;
    let passkey = passkey.filter(|passkey| Some(passkey.account_id) == owner);
    let Some((passkey, stored)) =
        passkey.and_then(|passkey| passkey.credential.clone().map(|stored| (passkey, stored)))
    else {
        // A member of staff's is not the members', but the browser must not forget it.
        if queries::passkey_is_of_staff(&app.db, &scope, &claimed.credential_id).await? {
            return Ok(json_error(&context, REFUSED));
        }
        return Ok(unknown(&context, &scope, &claimed.credential_id));
    };
    let Some(used) = verified_or_none(party.sign_in_finish(&state, &response, &stored))? else {
        security::refused(&scope, "passkey", Some(passkey.account_id));
        return Ok(json_error(&context, REFUSED));
    };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let id = passkey.account_id;
    queries::factor_used(&mut tx, &scope, id, passkey.factor_id, used.updated.as_deref(), now).await?;
    tx.commit().await?;
    let Some((account, _)) = queries::auth_account(&app.db, &scope, id, now).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let proofs = LoginState {
        first: Some(PrimaryFactor::Passkey),
        remember: answer.remember,
        return_to: local_path(&answer.return_to),
        ..LoginState::default()
    };
    if matches!(step(&account, &proofs, &scope.society().policy, now), Step::Refused(_)) {
        return Ok(json_error(&context, REFUSED));
    }
    Ok(json_redirect(advance(&app, &scope, &client, &account, proofs, None).await?))
}
