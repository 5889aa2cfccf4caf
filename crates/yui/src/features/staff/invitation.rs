//! The answer to an invitation: a password, then the second factor.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::{fair::Turn, password::Password, strength, token::Token};

use super::{
    acts::STAFF_ANSWERED,
    events::{StaffEvent, tell},
    login,
    prove::acting,
    queries::{self, StaffRow},
};
use crate::{
    core::{
        app::App,
        audit,
        client_info::ClientInfo,
        error::AppError,
        heavy::{self, busy},
        scope::PublicScope,
        society::InSociety,
    },
    features::account::credentials::password_as_kept,
    ui::{FormState, Page, PageContext, cookie::with_cookies},
};

/// The fewest and the most characters of a staff password.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

pub(super) const PASSWORD_RULE: &str = "半角の英字・数字・記号で、12文字以上128文字以内。長いほど安全です。";

#[derive(Template)]
#[template(path = "features/staff/invitation.html")]
pub(crate) struct InvitationPage {
    page: Page,
    form: FormState,
    token: String,
    society: String,
    name: String,
    email: String,
    role: &'static str,
    rule: &'static str,
}

#[derive(Template)]
#[template(path = "features/staff/invitation_over.html")]
pub(crate) struct InvitationOverPage {
    page: Page,
}

/// The form for a new password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InvitationForm {
    /// The present one, if there is one.
    pub(super) password: String,
    pub(super) new_password: String,
    pub(super) new_password_again: String,
}

const TITLE: &str = "管理画面への招待";

/// Checks a new password typed twice; returns its hash, or nothing if the form has mistakes now.
pub(super) async fn checked(
    app: &App,
    form: &mut FormState,
    typed: &InvitationForm,
    own: &[&str],
    turn: Turn,
) -> Result<Option<String>, AppError> {
    let new = password_as_kept(&typed.new_password);
    if new.is_empty() {
        form.error("new_password", "新しいパスワードを入力してください。");
    } else if !LENGTH.contains(&new.chars().count()) {
        form.error("new_password", "パスワードは12文字以上128文字以内で入力してください。");
    } else if !new.chars().all(|c| c.is_ascii_graphic()) {
        form.error("new_password", "パスワードには、半角の英字・数字・記号が使えます。");
    } else if strength::weakness(&new, own).is_some() {
        form.error("new_password", "推測されるおそれのあるパスワードです。別のパスワードを入力してください。");
    } else if typed.new_password != typed.new_password_again {
        form.error("new_password_again", "確認用のパスワードが一致しません。もう一度入力してください。");
    }
    if form.has_errors() {
        return Ok(None);
    }
    Ok(Some(app.hasher.hash(turn, Password::new(new), app.random.bytes()?).await.map_err(busy)?))
}

/// Returns the words that a password of this person must not be made of.
pub(super) fn own_words<'a>(scope: &'a impl InSociety, email: &'a str, name: &'a str) -> Vec<&'a str> {
    let society = scope.society();
    email.split(['@', '.']).chain(name.split_whitespace()).chain([society.key.as_str(), email]).collect()
}

async fn invited(app: &App, scope: &PublicScope, token: &str) -> anyhow::Result<Option<(StaffRow, [u8; 32])>> {
    let Some(token) = Token::parse(token) else { return Ok(None) };
    let hash = *token.hash().as_bytes();
    let Some(id) = queries::invitation(&app.db, scope, &hash, app.clock.now()).await? else { return Ok(None) };
    Ok(queries::staff_by_id(&app.db, scope, id).await?.map(|staff| (staff, hash)))
}

fn page(context: &PageContext, scope: &PublicScope, staff: StaffRow, form: FormState, token: String) -> InvitationPage {
    InvitationPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        token,
        society: scope.society().name.clone(),
        role: staff.role().label(),
        name: staff.name,
        email: staff.email,
        rule: PASSWORD_RULE,
    }
}

fn over(context: &PageContext) -> Response {
    InvitationOverPage { page: context.console("招待のリンクが無効です") }.into_response()
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    Ok(match invited(&app, &scope, &token).await? {
        Some((staff, _)) => page(&context, &scope, staff, FormState::default(), token).into_response(),
        None => over(&context),
    })
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Path(token): Path<String>,
    Form(typed): Form<InvitationForm>,
) -> Result<Response, AppError> {
    let Some((staff, hash)) = invited(&app, &scope, &token).await? else { return Ok(over(&context)) };
    let mut form = FormState::default();
    let own = own_words(&scope, &staff.email, &staff.name);
    let turn = heavy::account(&scope, "staff", staff.staff_id);
    let Some(password) = checked(&app, &mut form, &typed, &own, turn).await? else {
        return Ok(page(&context, &scope, staff, form, token).into_response());
    };
    let mut tx = app.db.begin().await?;
    if queries::invitation_take(&mut tx, &scope, &hash, app.clock.now()).await? != Some(staff.staff_id)
        || !queries::password_set(&mut tx, &scope, (staff.staff_id, staff.revision), &password).await?
    {
        return Ok(over(&context));
    }
    let actor = acting(&scope, &staff, &client);
    tell(&app, &mut tx, &actor, staff.staff_id, StaffEvent::PasswordSet).await?;
    audit::record(&app, &mut tx, &actor, STAFF_ANSWERED, None, "").await?;
    tx.commit().await?;
    app.mail.wake();
    // The password counts the account's revision up by one.
    let cookie = login::begin(&app, &scope, (staff.staff_id, staff.revision + 1), "/console").await?;
    Ok(with_cookies(Redirect::to("/console/register").into_response(), vec![cookie]))
}

crate::ui::console_pages! {
    InvitationPage => |context| {
        let mut form = FormState::default();
        form.error("new_password", "パスワードは12文字以上128文字以内で入力してください。");
        Self {
            page: context.console_with_errors(TITLE),
            form,
            token: "token".into(),
            society: "みなと海運健康保険組合".into(),
            name: "試験 花子".into(),
            email: "hanako@minato.example".into(),
            role: "管理者",
            rule: PASSWORD_RULE,
        }
    },
    InvitationOverPage => |context| Self { page: context.console("招待のリンクが無効です") },
}
