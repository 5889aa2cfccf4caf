//! Which factor to register.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::owner::FactorOwner;
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError},
    features::account::{
        enrolment::{FactorChoice, choices},
        pending_login::{At, AtAddFactor},
        queries,
        steps::LoginState,
    },
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/add_factor/choose.html")]
pub(crate) struct FactorChoosePage {
    page: Page,
    choices: Vec<FactorChoice>,
    may_wait: bool,
    signed_in: bool,
}

/// Whether to choose anew.
#[derive(Deserialize)]
pub(in super::super) struct ChooseQuery {
    choose: Option<String>,
}

const TITLE: &str = "認証方法の登録";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    Query(wanted): Query<ChooseQuery>,
    registrant: FactorOwner,
) -> Result<Response, AppError> {
    let (scope, id, now) = (registrant.scope(), registrant.account_id(), app.clock.now());
    if let FactorOwner::Login(..) = &registrant
        && wanted.choose.is_none()
        && let Some((account, _)) = queries::auth_account(&app.db, scope, id, now).await?
        && let Some(chosen) = account.chosen_factor.filter(|chosen| registrant.may(*chosen))
    {
        return Ok(Redirect::to(&format!("/factors/{}", chosen.as_str())).into_response());
    }
    let choices = choices(&context, scope, None);
    if choices.is_empty() {
        return Err(AppError::NotFound);
    }
    let signed_in = matches!(registrant, FactorOwner::Member(..));
    let page = context.page(TITLE);
    Ok(FactorChoosePage { page, choices, may_wait: registrant.may_wait(), signed_in }.into_response())
}

/// あとで登録する: only right after enrolment; the next login leads here again.
pub(in super::super) async fn later(
    State(app): State<App>,
    client: ClientInfo,
    At { login, .. }: At<AtAddFactor>,
) -> Result<Response, AppError> {
    if !login.proofs.enrolled_now {
        return Ok(Redirect::to("/factors").into_response());
    }
    let proofs = LoginState { factor_postponed: true, ..login.proofs.clone() };
    let mut tx = app.db.begin().await?;
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    login.commit_and_advance(&app, &client, tx).await
}

crate::ui::pages! {
    FactorChoosePage => |context| Self {
        page: context.page(TITLE),
        choices: vec![FactorChoice {
            word: "email",
            label: context.t("ワンタイムパスワード（OTP）メール認証").into(),
            hint: context.t("ログインのたびにメールで届く6桁の数字を入力します。").into(),
            recommended: true,
            chosen: false,
        }],
        may_wait: true,
        signed_in: false,
    },
}
