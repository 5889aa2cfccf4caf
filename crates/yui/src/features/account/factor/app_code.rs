//! The code of an authenticator app (RFC 6238).

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::totp::TotpKey;

use super::{AvailableFactors, FactorKind, wrong};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        sealed::{self, SealContext},
        society::InSociety,
    },
    features::account::{
        pending_login::{At, AtFactor},
        queries::{self, FactorRecord},
        steps::{LoginState, SecondFactor},
    },
    ui::PageContext,
};

/// The form for a code of an authenticator app.
#[derive(Deserialize)]
pub(in super::super) struct AppCodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    device: i64,
}

/// Returns the name of the key's row, for its seal.
pub(in super::super) fn row(account_id: i64, factor_id: i64) -> String {
    format!("{account_id}/{factor_id}")
}

/// Returns the 30-second step of the code, if it is one of this device that was not used before.
fn matched(
    app: &App,
    scope: &impl InSociety,
    account_id: i64,
    device: &FactorRecord,
    code: &str,
) -> anyhow::Result<Option<i64>> {
    let Some(sealed) = &device.sealed_key else { return Ok(None) };
    let row = row(account_id, device.factor_id);
    let key = sealed::open(app, scope, SealContext("factors", "sealed_key", &row), sealed)?;
    let Some(key) = TotpKey::from_bytes(&key) else { return Ok(None) };
    Ok(key.matched_step(code, app.clock.now().as_second(), device.last_step))
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtFactor>,
    Form(typed): Form<AppCodeForm>,
) -> Result<Response, AppError> {
    let ways = AvailableFactors::of(&app, &login).await?;
    let way = FactorKind::App(typed.device);
    let Some(device) =
        ways.factors.iter().find(|factor| Some(factor.kind) == way.kind() && factor.factor_id == typed.device)
    else {
        return Ok(Redirect::to("/login/factor").into_response());
    };
    let (id, now) = (login.account.account_id, app.clock.now());
    let Some(step) = matched(&app, &login.scope, id, device, &typed.code)? else {
        return wrong(&app, &context, &client, login, (way, "code"), "ワンタイムパスワードが正しくありません。").await;
    };
    let mut tx = app.db.begin().await?;
    let proofs = LoginState { second: Some(SecondFactor::App), mail_code: None, ..login.proofs.clone() };
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    // The same code in another login at the same moment: the second one has a used code.
    if !queries::factor_step(&mut tx, &login.scope, id, (device.factor_id, step), now).await? {
        drop(tx);
        return wrong(&app, &context, &client, login, (way, "code"), "ワンタイムパスワードが正しくありません。").await;
    }
    login.commit_and_advance(&app, &client, tx).await
}
