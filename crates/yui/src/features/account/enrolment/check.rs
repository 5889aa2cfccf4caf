//! 入力内容確認 of the classic flow: 実行 or 戻る.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    finish::{EnrolmentResult, finish},
    progressed,
};
use crate::{
    app::App,
    error::AppError,
    features::account::{
        steps::{Details, LoginState},
        under_way::{At, AtCheck},
    },
    ui::{Page, PageContext},
    visitor::ClientInfo,
};

#[derive(Template)]
#[template(path = "features/account/enrolment/check.html")]
pub(crate) struct CheckPage {
    page: Page,
    details: Details,
}

const TITLE: &str = "入力内容確認";

pub(in super::super) async fn show(shell: PageContext, At { login, .. }: At<AtCheck>) -> Response {
    match login.account.enrolment.details {
        Some(details) => CheckPage { page: shell.page(TITLE), details }.into_response(),
        None => Redirect::to("/login/continue").into_response(),
    }
}

/// 実行.
pub(in super::super) async fn submit(
    State(app): State<App>,
    shell: PageContext,
    visitor: ClientInfo,
    At { mut login, .. }: At<AtCheck>,
) -> Result<Response, AppError> {
    let Some(Details { user_id, password_hash, .. }) = login.account.enrolment.details.clone() else {
        return Ok(Redirect::to("/login/continue").into_response());
    };
    login.proofs = LoginState { return_to: "/enrolment/done".into(), ..login.proofs };
    finish(&app, &visitor, login, EnrolmentResult { user_id, password_hash, factor: None, lang: shell.lang }).await
}

/// 戻る.
pub(in super::super) async fn back(
    State(app): State<App>,
    visitor: ClientInfo,
    At { login, .. }: At<AtCheck>,
) -> Result<Response, AppError> {
    progressed(&app, &visitor, login, |progress| {
        progress.pending_email = progress.details.take().and_then(|details| details.email);
    })
    .await
}

crate::ui::pages! {
    CheckPage => |shell| Self {
        page: shell.page(TITLE),
        details: Details {
            user_id: "testtaro01".into(),
            password_hash: String::new(),
            email: Some("taro@mail.example".into()),
            mail_wanted: vec![("expenses".into(), true)],
        },
    },
}
