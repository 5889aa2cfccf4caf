//! Eメール変更: the new address is verified by a link before it replaces the old one.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        scope::{MemberScope, PublicScope},
    },
    features::account::{
        enrolment::mail_link,
        events::{AccountEvent, record_event},
        limits::MAILS_OF_ACCOUNT,
        queries, rules,
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/settings/email.html")]
pub(crate) struct EmailChangePage {
    page: Page,
    form: FormState,
    current: Option<String>,
    email: String,
}

/// The form for a new e-mail address.
#[derive(Deserialize)]
pub(in super::super) struct EmailForm {
    #[serde(default)]
    email: String,
}

const TITLE: &str = "メールアドレスの変更";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
) -> Result<EmailChangePage, AppError> {
    let person = queries::person(&app.db, &member, member.account_id).await?;
    let page = context.page(TITLE);
    Ok(EmailChangePage { page, form: FormState::default(), current: person.email, email: String::new() })
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    member: MemberScope,
    client: ClientInfo,
    Form(typed): Form<EmailForm>,
) -> Result<Response, AppError> {
    let id = member.account_id;
    let mut form = FormState::default();
    let address = rules::email(context.lang, &typed.email).unwrap_or_else(|faults| {
        faults.iter().for_each(|words| form.error("email", words));
        String::new()
    });
    let person = queries::person(&app.db, &member, id).await?;
    let limit = MAILS_OF_ACCOUNT.of(&id.to_string());
    if !form.has_errors() && !limit.take(&app, &scope).await? {
        let words =
            "メールの送信が続いたため、しばらくお待ちいただいています。5分ほどたってから、もう一度お試しください。";
        form.error("email", context.t(words));
    }
    if form.has_errors() {
        let page = context.page_with_errors(TITLE);
        return Ok(EmailChangePage { page, form, current: person.email, email: typed.email }.into_response());
    }
    let mut tx = app.db.begin().await?;
    mail_link(&app, &mut tx, &scope, id, &address).await?;
    record_event(&app, &mut tx, &scope, Some(&client), id, AccountEvent::EmailChangeAsked).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/settings?done=mailed").into_response())
}

crate::ui::pages! {
    EmailChangePage => |context| {
        let mut form = FormState::default();
        form.error("email", context.t("メールアドレスを入力してください。"));
        let page = context.page_with_errors(TITLE);
        Self { page, form, current: Some("taro@mail.example".into()), email: String::new() }
    },
}
