//! The change of the user ID, if the society allows it.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::password::Password;

use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        heavy::{self, busy},
        scope::MemberScope,
        society::InSociety,
    },
    features::account::{
        events::{AccountEvent, record_event},
        names::{self, ChosenName, USER_ID_TAKEN},
        queries, rules,
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/settings/user_id.html")]
pub(crate) struct UserIdPage {
    page: Page,
    form: FormState,
    user_id: String,
    bounds: [String; 2],
}

/// The form for a new user ID.
#[derive(Deserialize)]
pub(in super::super) struct UserIdForm {
    #[serde(default)]
    user_id: String,
}

const TITLE: &str = "ユーザIDの変更";

fn page(context: &PageContext, member: &MemberScope, form: FormState, user_id: String) -> UserIdPage {
    let rule = member.society().policy.user_id;
    let page = if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) };
    UserIdPage { page, form, user_id, bounds: [rule.min.to_string(), rule.max.to_string()] }
}

fn may(member: &MemberScope) -> Result<(), AppError> {
    if member.society().policy.user_id.may_change { Ok(()) } else { Err(AppError::NotFound) }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
) -> Result<UserIdPage, AppError> {
    may(&member)?;
    let person = queries::person(&app.db, &member, member.account_id).await?;
    Ok(page(&context, &member, FormState::default(), person.user_id))
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    client: ClientInfo,
    Form(typed): Form<UserIdForm>,
) -> Result<Response, AppError> {
    may(&member)?;
    let mut form = FormState::default();
    let user_id = match rules::user_id(context.lang, &member.society().policy, &typed.user_id) {
        Ok(user_id) => user_id,
        Err(words) => {
            form.error("user_id", &words);
            return Ok(page(&context, &member, form, typed.user_id).into_response());
        }
    };
    let account = queries::auth_account(&app.db, &member, member.account_id, app.clock.now()).await?;
    let (_, password_hash) = account.ok_or(AppError::NotFound)?;
    let turn = heavy::account(&member, "member", member.account_id);
    let same = app.hasher.verify(turn, Password::new(user_id.clone()), Some(&password_hash)).await.map_err(busy)?;
    if same.matches {
        form.error("user_id", context.t("ユーザIDをパスワードと同じにすることはできません。"));
        return Ok(page(&context, &member, form, typed.user_id).into_response());
    }
    if let Some(words) =
        names::refusal(&app, &member, member.account_id, context.lang, ChosenName::UserId(&user_id)).await?
    {
        form.error("user_id", words);
        return Ok(page(&context, &member, form, typed.user_id).into_response());
    }
    let mut tx = app.db.begin().await?;
    match queries::user_id_set(&mut tx, &member, member.account_id, &user_id).await {
        Err(error) if error.is_taken("accounts_user_id") => {
            form.error("user_id", context.t(USER_ID_TAKEN));
            return Ok(page(&context, &member, form, typed.user_id).into_response());
        }
        set => set?,
    }
    record_event(&app, &mut tx, &member, Some(&client), member.account_id, AccountEvent::UserIdChanged).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/settings?done=user_id").into_response())
}

crate::ui::pages! {
    UserIdPage => |context| {
        let mut form = FormState::default();
        form.error("user_id", context.t(USER_ID_TAKEN));
        let page = context.page_with_errors(TITLE);
        Self { page, form, user_id: "testtaro01".into(), bounds: ["3".into(), "255".into()] }
    },
}
