//! パスワードの更新 of somebody signed in.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, heavy, scope::MemberScope, society::InSociety},
    features::account::{
        events::{AccountEvent, record_event},
        password::{PasswordForm, checked, hashed, rule_words},
        queries::{self, NewPassword},
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/settings/password.html")]
pub(crate) struct PasswordChangePage {
    page: Page,
    form: FormState,
    user_id: String,
    rule: String,
    sign_out_everywhere: bool,
}

const TITLE: &str = "パスワードの更新";

fn page(
    context: &PageContext,
    member: &MemberScope,
    form: FormState,
    user_id: String,
    everywhere: bool,
) -> PasswordChangePage {
    let rule = rule_words(context.lang, &member.society().policy);
    let page = if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) };
    PasswordChangePage { page, form, user_id, rule, sign_out_everywhere: everywhere }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
) -> Result<PasswordChangePage, AppError> {
    let person = queries::person(&app.db, &member, member.account_id).await?;
    Ok(page(&context, &member, FormState::default(), person.user_id, false))
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    client: ClientInfo,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, AppError> {
    let (id, now) = (member.account_id, app.clock.now());
    let person = queries::person(&app.db, &member, id).await?;
    let account = queries::auth_account(&app.db, &member, id, now).await?;
    let (_, current) = account.ok_or(AppError::NotFound)?;
    let mut form = FormState::default();
    let policy = (context.lang, &member.society().policy);
    let turn = heavy::account(&member, "member", id);
    let new = checked(&app, turn, policy, &mut form, &typed, (&person, &person.user_id), &current).await?;
    let everywhere = typed.sign_out_everywhere.is_some();
    if form.has_errors() {
        return Ok(page(&context, &member, form, person.user_id, everywhere).into_response());
    }
    let hash = hashed(&app, turn, new).await?;
    let mut tx = app.db.begin().await?;
    let new = NewPassword { hash: &hash, set_at: now, ends_at: None, must_change: false };
    queries::password_set(&mut tx, &member, id, &new).await?;
    record_event(&app, &mut tx, &member, Some(&client), id, AccountEvent::PasswordChanged).await?;
    super::others_end(&mut tx, &member, id, &[0; 32]).await?;
    if everywhere {
        super::sign_out_everywhere(&mut tx, &member, id, &member.session, &[0; 32]).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/settings/login?done=password").into_response())
}

crate::ui::pages! {
    PasswordChangePage => |context| Self {
        page: context.page(TITLE),
        form: FormState::default(),
        user_id: "testtaro01".into(),
        rule: "8–64".into(),
        sign_out_everywhere: false,
    },
}
