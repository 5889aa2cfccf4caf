//! ユーザIDを忘れた方はこちら: birth date and address, if the society's policy has it; otherwise the other way to the user ID.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{ToldPage, forgotten_password::as_much_work};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        even_time::evenly,
        mail::{self, MailFrame, Recipient},
        rate_limit::acquire,
        scope::PublicScope,
        society::{ForgottenUserId, InSociety},
    },
    features::account::{
        letters,
        limits::{RECOVERIES_OF_ADDRESS, RECOVERIES_OF_PERSON},
        queries, rules,
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/recovery/forgotten_user_id.html")]
pub(crate) struct ForgottenUserIdPage {
    page: Page,
    form: FormState,
    typed: ForgottenUserIdForm,
    rule: ForgottenUserId,
}

/// The form for a forgotten user ID.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ForgottenUserIdForm {
    birth_date: String,
    email: String,
}

const TITLE: &str = "ユーザIDのお問い合わせ";

fn page(
    context: &PageContext,
    scope: &PublicScope,
    form: FormState,
    typed: ForgottenUserIdForm,
) -> ForgottenUserIdPage {
    let page = if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) };
    ForgottenUserIdPage { page, form, typed, rule: scope.society().policy.forgotten_user_id }
}

pub(in super::super) async fn show(context: PageContext, scope: PublicScope) -> ForgottenUserIdPage {
    page(&context, &scope, FormState::default(), ForgottenUserIdForm::default())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Form(typed): Form<ForgottenUserIdForm>,
) -> Result<Response, AppError> {
    if scope.society().policy.forgotten_user_id != ForgottenUserId::BirthDateAndEmail {
        return Ok(page(&context, &scope, FormState::default(), typed).into_response());
    }
    let mut form = FormState::default();
    let birth_date = rules::birth_date(&typed.birth_date);
    if birth_date.is_none() {
        form.error("birth_date", context.t("生年月日を西暦の8桁の数字で入力してください。例：19790822"));
    }
    let email = rules::email(context.lang, &typed.email);
    if let Err(faults) = &email {
        faults.iter().for_each(|words| form.error("email", words));
    }
    let (Some(birth_date), Ok(email)) = (birth_date, email) else {
        return Ok(page(&context, &scope, form, typed).into_response());
    };
    if let Some(seconds) = acquire(&app, &scope, &RECOVERIES_OF_ADDRESS.of_network(&client)).await? {
        return Err(AppError::TooMany(seconds));
    }
    evenly(async {
        let in_time = RECOVERIES_OF_PERSON.of(&email).take(&app, &scope).await?;
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let found = queries::forgetful_in(&mut tx, &scope, &email).await?;
        match found.filter(|found| in_time && found.birth_date == birth_date) {
            Some(found) => {
                let letter = letters::user_id(&MailFrame::of(&app, scope.society(), found.lang), &found.user_id);
                let to = Recipient { account_id: Some(found.account_id), address: &email };
                mail::enqueue(&mut tx, &app, &scope, to, &letter, now).await?;
            }
            None => as_much_work(&app, &mut tx, &scope).await?,
        }
        tx.commit().await?;
        app.mail.wake();
        Ok::<(), AppError>(())
    })
    .await?;
    let words = context.t("入力された内容が登録と一致した場合は、ユーザIDを書いたメールをお送りしました。").to_owned();
    Ok(ToldPage { page: context.page(TITLE).shown_once(), words }.into_response())
}

crate::ui::pages! {
    ForgottenUserIdPage => |context| {
        let mut form = FormState::default();
        form.error("birth_date", context.t("生年月日を西暦の8桁の数字で入力してください。例：19790822"));
        let page = context.page_with_errors(TITLE);
        Self { page, form, typed: ForgottenUserIdForm::default(), rule: ForgottenUserId::BirthDateAndEmail }
    },
}
