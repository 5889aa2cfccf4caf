//! パスワードの更新 of somebody signed in.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    app::App,
    error::AppError,
    features::account::{
        happened::{AccountEvent, happened},
        password::{PasswordForm, checked, hashed, rule_words},
        queries::{self, NewPassword},
    },
    heavy,
    scope::{InSociety, MemberScope},
    ui::{FormState, Page, PageContext},
    visitor::ClientInfo,
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
    shell: &PageContext,
    member: &MemberScope,
    form: FormState,
    user_id: String,
    everywhere: bool,
) -> PasswordChangePage {
    let rule = rule_words(shell.lang, &member.society().policy);
    let page = if form.has_errors() { shell.page_with_errors(TITLE) } else { shell.page(TITLE) };
    PasswordChangePage { page, form, user_id, rule, sign_out_everywhere: everywhere }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    shell: PageContext,
    member: MemberScope,
) -> Result<PasswordChangePage, AppError> {
    let person = queries::person(&app.db, &member, member.account_id).await?;
    Ok(page(&shell, &member, FormState::default(), person.user_id, false))
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    shell: PageContext,
    member: MemberScope,
    visitor: ClientInfo,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, AppError> {
    let (id, now) = (member.account_id, app.clock.now());
    let person = queries::person(&app.db, &member, id).await?;
    let account = queries::standing(&app.db, &member, id, now).await?;
    let (_, current) = account.ok_or(AppError::NotFound)?;
    let mut form = FormState::default();
    let policy = (shell.lang, &member.society().policy);
    let turn = heavy::account(&member, "member", id);
    let new = checked(&app, turn, policy, &mut form, &typed, (&person, &person.user_id), &current).await?;
    let everywhere = typed.sign_out_everywhere.is_some();
    if form.has_errors() {
        return Ok(page(&shell, &member, form, person.user_id, everywhere).into_response());
    }
    let hash = hashed(&app, turn, new).await?;
    let mut tx = app.db.begin().await?;
    let new = NewPassword { hash: &hash, set_at: now, ends_at: None, must_change: false };
    queries::password_set(&mut tx, &member, id, &new).await?;
    happened(&app, &mut tx, &member, Some(&visitor), id, AccountEvent::PasswordChanged).await?;
    super::others_end(&mut tx, &member, id, &[0; 32]).await?;
    if everywhere {
        super::sign_out_everywhere(&mut tx, &member, id, &member.session, &[0; 32]).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/settings/login?done=password").into_response())
}

crate::ui::pages! {
    PasswordChangePage => |shell| Self {
        page: shell.page(TITLE),
        form: FormState::default(),
        user_id: "testtaro01".into(),
        rule: "8–64".into(),
        sign_out_everywhere: false,
    },
}
