//! パスワードを忘れた方はこちら. Whatever is typed, the answer is the same words after the same work; a mail is sent if there is an
//! account for it.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, civil::Date};
use serde::Deserialize;
use yui_auth::{code, fair::Turn};

use super::ToldPage;
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        even_time::evenly,
        heavy,
        mail::{self, MailFrame, Recipient},
        rate_limit::acquire,
        scope::PublicScope,
        society::{ForgottenPassword, InSociety},
    },
    features::account::{
        letters,
        limits::{RECOVERIES_OF_ADDRESS, RECOVERIES_OF_PERSON},
        password::hashed,
        queries::{self, NewLink},
        rules,
        steps::{AccountState, AuthAccount},
    },
    ui::{FormState, Lang, Page, PageContext},
};

/// The life of the link in the mail.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// The life of a temporary password sent by mail.
const PASSWORD_LIFE: SignedDuration = SignedDuration::from_mins(60);

#[derive(Template)]
#[template(path = "features/account/recovery/forgotten_password.html")]
pub(crate) struct ForgottenPasswordPage {
    page: Page,
    form: FormState,
    typed: ForgottenPasswordForm,
    /// Whether birth date and address are asked for as well, as in classic societies.
    asks_person: bool,
}

/// The form for a forgotten password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ForgottenPasswordForm {
    user_id: String,
    birth_date: String,
    email: String,
}

const TITLE: &str = "パスワードの再設定";

fn asks_person(scope: &PublicScope) -> bool {
    scope.society().policy.forgotten_password == ForgottenPassword::TemporaryPassword
}

fn page(
    context: &PageContext,
    scope: &PublicScope,
    form: FormState,
    typed: ForgottenPasswordForm,
) -> ForgottenPasswordPage {
    let page = if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) };
    ForgottenPasswordPage { page, form, typed, asks_person: asks_person(scope) }
}

pub(in super::super) async fn show(context: PageContext, scope: PublicScope) -> ForgottenPasswordPage {
    page(&context, &scope, FormState::default(), ForgottenPasswordForm::default())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    client: ClientInfo,
    Form(typed): Form<ForgottenPasswordForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let user_id = rules::folded(&typed.user_id);
    if user_id.is_empty() {
        form.error("user_id", context.t("ユーザIDを入力してください。"));
    }
    let birth_date = rules::birth_date(&typed.birth_date);
    if asks_person(&scope) {
        if birth_date.is_none() {
            form.error("birth_date", context.t("生年月日を西暦の8桁の数字で入力してください。例：19790822"));
        }
        if let Err(faults) = rules::email(context.lang, &typed.email) {
            faults.iter().for_each(|words| form.error("email", words));
        }
    }
    if form.has_errors() {
        return Ok(page(&context, &scope, form, typed).into_response());
    }
    if let Some(seconds) = acquire(&app, &scope, &RECOVERIES_OF_ADDRESS.of_network(&client)).await? {
        return Err(AppError::TooMany(seconds));
    }
    evenly(async {
        // Nobody's mailbox is flooded: more than a few are not sent, and not a word is different.
        let in_time = RECOVERIES_OF_PERSON.of(&user_id).take(&app, &scope).await?;
        let now = app.clock.now();
        let account =
            queries::auth_account_by_user_id(&app.db, &scope, &user_id, now).await?.map(|(account, _)| account);
        let usable = account.filter(|account| in_time && account.state == AccountState::Enrolled);
        match scope.society().policy.forgotten_password {
            ForgottenPassword::MailedLink => Ok(mail_link(&app, &scope, usable.as_ref()).await?),
            ForgottenPassword::TemporaryPassword => {
                let turn = heavy::stranger(&scope, &client, &user_id);
                mail_password(&app, &scope, usable.as_ref(), birth_date, &rules::folded(&typed.email), turn).await
            }
        }
    })
    .await?;
    let words = context.t("詳細な手順を記載したメールをすぐに受信してください。").to_owned();
    Ok(ToldPage { page: context.page(TITLE).shown_once(), words }.into_response())
}

/// Mails a link that works once for five minutes.
async fn mail_link(app: &App, scope: &PublicScope, account: Option<&AuthAccount>) -> anyhow::Result<()> {
    let (token, now) = (app.random.token()?, app.clock.now());
    let mut tx = app.db.begin().await?;
    if let Some(account) = account
        && let Some(address) = &account.email
    {
        let person = queries::person_in(&mut tx, scope, account.account_id).await?;
        let ends_at = now.checked_add(LINK_LIFE)?;
        let token_hash = *token.hash().as_bytes();
        let account_id = account.account_id;
        let link = NewLink { token_hash, account_id, purpose: "password", address: None, ends_at };
        queries::link_insert(&mut tx, scope, &link, now).await?;
        let path = format!("/link/password/{}", *token.text());
        let letter = letters::password_reset(&MailFrame::of(app, scope.society(), person.lang), &path).until(ends_at);
        mail::enqueue(&mut tx, app, scope, Recipient { account_id: Some(account_id), address }, &letter, now).await?;
    } else {
        as_much_work(app, &mut tx, scope).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// Mails a temporary password, if birth date and address are the account's. The member's own works until it is used.
async fn mail_password(
    app: &App,
    scope: &PublicScope,
    account: Option<&AuthAccount>,
    birth_date: Option<Date>,
    email: &str,
    turn: Turn,
) -> Result<(), AppError> {
    let now = app.clock.now();
    let password = code::temporary_password(app.random.bytes()?);
    // One hash whether or not there is an account.
    let hash = hashed(app, turn, password.to_string()).await?;
    let mut tx = app.db.begin().await?;
    let person = match account {
        Some(account) => Some((account, queries::person_in(&mut tx, scope, account.account_id).await?)),
        None => None,
    };
    let right = person.filter(|(account, person)| {
        Some(person.birth_date) == birth_date && person.email.as_deref() == Some(email) && account.locked_at.is_none()
    });
    if let Some((account, person)) = right {
        let id = account.account_id;
        let ends_at = now.checked_add(PASSWORD_LIFE).map_err(anyhow::Error::from)?;
        queries::password_mailed(&mut tx, scope, id, (&hash, ends_at)).await?;
        let letter =
            letters::temporary_password(&MailFrame::of(app, scope.society(), person.lang), &password).until(ends_at);
        let to = Recipient { account_id: Some(id), address: email };
        mail::enqueue(&mut tx, app, scope, to, &letter, now).await?;
    } else {
        as_much_work(app, &mut tx, scope).await?;
    }
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// Does the work of a link and its mail without an account: an answer must not come sooner if there is no account.
pub(super) async fn as_much_work(app: &App, tx: &mut yui_db::Tx, scope: &PublicScope) -> anyhow::Result<()> {
    queries::forgetful_in(tx, scope, "").await?;
    queries::links_delete(tx, scope, 0, "password").await?;
    let frame = MailFrame::of(app, scope.society(), Lang::Ja);
    let token = app.random.token()?;
    let letter = letters::password_reset(&frame, &format!("/link/password/{}", *token.text()));
    mail::rehearse(tx, app, scope, &letter).await
}

crate::ui::pages! {
    ForgottenPasswordPage => |context| {
        let mut form = FormState::default();
        form.error("user_id", context.t("ユーザIDを入力してください。"));
        Self { page: context.page_with_errors(TITLE), form, typed: ForgottenPasswordForm::default(), asks_person: true }
    },
}
