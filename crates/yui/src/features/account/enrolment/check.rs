//! 入力内容確認 of the classic flow: 実行 or 戻る.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    finish::{EnrolmentResult, finish},
    progress::progressed,
};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError},
    features::account::{
        pending_login::{At, AtCheck},
        steps::{Details, LoginState},
    },
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/enrolment/check.html")]
pub(crate) struct CheckPage {
    page: Page,
    details: Details,
}

const TITLE: &str = "入力内容確認";

pub(in super::super) async fn show(context: PageContext, At { login, .. }: At<AtCheck>) -> Response {
    match login.account.enrolment.details {
        Some(details) => CheckPage { page: context.page(TITLE), details }.into_response(),
        None => Redirect::to("/login/continue").into_response(),
    }
}

/// 実行.
pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { mut login, .. }: At<AtCheck>,
) -> Result<Response, AppError> {
    let Some(Details { user_id, password_hash, .. }) = login.account.enrolment.details.clone() else {
        return Ok(Redirect::to("/login/continue").into_response());
    };
    login.proofs = LoginState { return_to: "/enrolment/done".into(), ..login.proofs };
    finish(&app, &client, login, EnrolmentResult { user_id, password_hash, factor: None, lang: context.lang }).await
}

/// 戻る.
pub(in super::super) async fn back(
    State(app): State<App>,
    client: ClientInfo,
    At { login, .. }: At<AtCheck>,
) -> Result<Response, AppError> {
    progressed(&app, &client, login, |progress| {
        progress.pending_email = progress.details.take().and_then(|details| details.email);
    })
    .await
}

crate::ui::pages! {
    CheckPage => |context| Self {
        page: context.page(TITLE),
        details: Details {
            user_id: "testtaro01".into(),
            password_hash: String::new(),
            email: Some("taro@mail.example".into()),
            mail_wanted: vec![("expenses".into(), true)],
        },
    },
}
