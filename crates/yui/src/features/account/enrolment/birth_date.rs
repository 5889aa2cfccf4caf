//! 生年月日の入力.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::progress::{progressed, wrong_identity};
use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError},
    features::account::{
        pending_login::{At, AtBirthDate},
        queries, rules,
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/enrolment/birth_date.html")]
pub(crate) struct BirthDatePage {
    page: Page,
    form: FormState,
    birth_date: String,
}

/// The form for the birth date.
#[derive(Deserialize)]
pub(in super::super) struct BirthDateForm {
    #[serde(default)]
    birth_date: String,
}

const TITLE: &str = "生年月日の入力";

pub(in super::super) async fn show(context: PageContext, _: At<AtBirthDate>) -> BirthDatePage {
    BirthDatePage { page: context.page(TITLE), form: FormState::default(), birth_date: String::new() }
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtBirthDate>,
    Form(BirthDateForm { birth_date }): Form<BirthDateForm>,
) -> Result<Response, AppError> {
    let again = |words: &str| {
        let mut form = FormState::default();
        form.error("birth_date", context.t(words));
        let page = context.page_with_errors(TITLE);
        Ok(BirthDatePage { page, form, birth_date: birth_date.clone() }.into_response())
    };
    // What is no date was not tried.
    let Some(typed) = rules::birth_date(&birth_date) else {
        return again("生年月日を西暦の8桁の数字で入力してください。例：19790822");
    };
    let person = queries::person(&app.db, &login.scope, login.account.account_id).await?;
    if person.birth_date != typed {
        if wrong_identity(&app, &client, &login).await? {
            return Ok(Redirect::to("/login/continue").into_response());
        }
        return again(
            "生年月日が登録と一致しません。被保険者ご本人の生年月日をご確認ください。5回誤るとロックされます。",
        );
    }
    progressed(&app, &client, login, |progress| progress.identity_checked = true).await
}

crate::ui::pages! {
    BirthDatePage => |context| Self { page: context.page(TITLE), form: FormState::default(), birth_date: String::new() },
}
