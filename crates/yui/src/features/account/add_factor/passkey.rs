//! 生体認証: a passkey of this device or of a phone, registered by the browser's own ceremony.

use askama::Template;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use yui_auth::passkey::PasskeyUser;

use super::owner::{FactorOwner, bare, factor_id, free_label, label};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, society::Factor},
    features::account::{
        passkeys::{
            CeremonyAnswer, CeremonyKind, json_error, json_redirect, relying_party, start_ceremony, take_ceremony,
            verified_or_none,
        },
        queries::{self, NewFactorRow},
        steps::SecondFactor,
    },
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/add_factor/passkey.html")]
pub(crate) struct PasskeyPage {
    page: Page,
    may_wait: bool,
    signed_in: bool,
}

const TITLE: &str = "生体認証の登録";

const REFUSED: &str = "セキュリティキーの登録が無効です。端末の顔認証・指紋認証・画面ロックが設定されているか確かめて、もう一度試してください。";

pub(in super::super) async fn show(context: PageContext, registrant: FactorOwner) -> Response {
    if !registrant.may(Factor::Passkey) {
        return Redirect::to("/factors?choose=yes").into_response();
    }
    let signed_in = matches!(registrant, FactorOwner::Member(..));
    PasskeyPage { page: context.page(TITLE), may_wait: registrant.may_wait(), signed_in }.into_response()
}

pub(in super::super) async fn begin(State(app): State<App>, registrant: FactorOwner) -> Result<Response, AppError> {
    if !registrant.may(Factor::Passkey) {
        return Err(AppError::NotFound);
    }
    let (scope, id) = (registrant.scope(), registrant.account_id());
    let person = queries::person(&app.db, scope, id).await?;
    let mut tx = app.db.begin().await?;
    let handle = queries::handle(&mut tx, scope, id, app.random.bytes()?).await?;
    tx.commit().await?;
    let factors = queries::factors(&app.db, scope, id).await?;
    let existing: Vec<_> = factors.into_iter().filter_map(|factor| factor.credential).collect();
    let user = PasskeyUser { handle, name: &person.user_id, display_name: &person.name };
    let ceremony = relying_party(&app, scope)?.register_begin(&user, &existing)?;
    start_ceremony(&app, scope, (CeremonyKind::AddFactor, Some(id)), ceremony).await
}

pub(in super::super) async fn finish(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    registrant: FactorOwner,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    if !registrant.may(Factor::Passkey) {
        return Err(AppError::NotFound);
    }
    let (scope, id, now) = (registrant.scope(), registrant.account_id(), app.clock.now());
    let Some(state) = take_ceremony(&app, scope, (CeremonyKind::AddFactor, Some(id)), &answer).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let made = relying_party(&app, scope)?.register_finish(&state, &answer.credential.to_string());
    let Some(new) = verified_or_none(made)? else { return Ok(json_error(&context, REFUSED)) };
    if queries::passkey(&app.db, scope, &new.credential_id).await?.is_some() {
        return Ok(json_error(&context, REFUSED));
    }
    let typed = label(&answer.label);
    let wanted = if typed.is_empty() { new.make.unwrap_or(context.t("パスキー")) } else { &typed };
    let Some(mut tx) = registrant.begin(&app, SecondFactor::Passkey).await? else {
        return Ok(json_redirect(Redirect::to("/login/continue").into_response()));
    };
    let name = free_label(&mut tx, scope, id, Factor::Passkey, wanted).await?;
    let factor_id = factor_id(&mut tx, scope).await?;
    let factor = NewFactorRow {
        credential_id: Some(new.credential_id),
        credential: Some(new.stored),
        synced: Some(new.synced),
        ..bare(factor_id, Factor::Passkey, &name)
    };
    queries::factor_insert(&mut tx, scope, id, factor, now).await?;
    let everywhere = answer.sign_out_everywhere;
    Ok(json_redirect(registrant.registered(&app, &client, tx, (Factor::Passkey, name.clone()), everywhere).await?))
}

crate::ui::pages! {
    PasskeyPage => |context| Self { page: context.page(TITLE), may_wait: true, signed_in: false },
}
