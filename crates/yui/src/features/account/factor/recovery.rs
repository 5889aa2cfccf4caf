//! A recovery code instead of a lost factor: each works once.

use axum::{Form, extract::State, response::Response};
use serde::Deserialize;
use yui_auth::code::recovery_code_matches;

use super::{FactorKind, proved, wrong};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        sealed::{self, SealContext},
    },
    features::account::{
        events::{AccountEvent, record_event},
        pending_login::{At, AtFactor},
        queries,
        steps::SecondFactor,
    },
    ui::PageContext,
};

/// The form for a recovery code.
#[derive(Deserialize)]
pub(in super::super) struct RecoveryCodeForm {
    #[serde(default)]
    recovery_code: String,
}

/// Returns the name of the code's row, for its seal.
pub(in super::super) fn row(account_id: i64, place: i32) -> String {
    format!("{account_id}/{place}")
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtFactor>,
    Form(typed): Form<RecoveryCodeForm>,
) -> Result<Response, AppError> {
    let (scope, id, now) = (&login.scope, login.account.account_id, app.clock.now());
    let mut matched = None;
    for unused in queries::recovery_unused(&app.db, scope, id).await? {
        let row = row(id, unused.place);
        let code = sealed::open(&app, scope, SealContext("recovery_codes", "sealed_code", &row), &unused.sealed_code)?;
        if recovery_code_matches(&typed.recovery_code, std::str::from_utf8(&code)?) {
            matched = Some(unused.place);
        }
    }
    let way = (FactorKind::Recovery, "recovery_code");
    let words = "回復コードが正しくありません。";
    let Some(place) = matched else { return wrong(&app, &context, &client, login, way, words).await };
    let mut tx = app.db.begin().await?;
    if !queries::recovery_use(&mut tx, scope, id, place, now).await? {
        drop(tx);
        return wrong(&app, &context, &client, login, way, words).await;
    }
    record_event(&app, &mut tx, scope, Some(&client), id, AccountEvent::RecoveryCodeUsed).await?;
    let answer = proved(&app, &client, login, tx, SecondFactor::Recovery).await;
    app.mail.wake();
    answer
}
