//! メールアドレスの設定, and the wait for the link in the mail. The page that waits moves on by itself once the link was
//! opened, on whatever device.

use askama::Template;
use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        mail::{self, Letter, MailFrame, Recipient},
        scope::PublicScope,
        society::InSociety,
    },
    features::account::{
        letters,
        limits::MAILS_OF_ACCOUNT,
        pending_login::{At, AtEmail, AtEmailSent, PendingLogin},
        queries::{self, NewLink},
        rules, settings,
        steps::Step,
    },
    ui::{FormState, Page, PageContext},
};

/// The life of the link in the mail.
pub(in super::super) const LINK_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// The number of times in a day that the owner of an address is told that it was typed, by any client.
const TOLD_A_DAY: i64 = 3;

/// The pause between two mails.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(30);

#[derive(Template)]
#[template(path = "features/account/enrolment/email.html")]
pub(crate) struct EmailPage {
    page: Page,
    form: FormState,
    email: String,
    sign_out_everywhere: bool,
}

#[derive(Template)]
#[template(path = "features/account/enrolment/email_sent.html")]
pub(crate) struct EmailSentPage {
    page: Page,
    form: FormState,
    email: String,
    /// The mail was sent once more just now.
    again: bool,
}

/// The form for the e-mail address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct EnrolmentEmailForm {
    email: String,
    sign_out_everywhere: Option<String>,
}

const TITLE: &str = "メールアドレスの設定";
const SENT_TITLE: &str = "メールアドレスの確認";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtEmail>,
) -> Result<Response, AppError> {
    if login.step(&app) == Step::EmailSent {
        return Ok(Redirect::to(Step::EmailSent.path()).into_response());
    }
    let person = queries::person(&app.db, &login.scope, login.account.account_id).await?;
    let email = person.email.or(person.register_email).unwrap_or_default();
    let page = context.page(TITLE);
    Ok(EmailPage { page, form: FormState::default(), email, sign_out_everywhere: false }.into_response())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtEmail>,
    Form(typed): Form<EnrolmentEmailForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let (scope, id) = (&login.scope, login.account.account_id);
    let address = match rules::email(context.lang, &typed.email) {
        Ok(address) => Some(address),
        Err(faults) => {
            faults.iter().for_each(|words| form.error("email", words));
            None
        }
    };
    // The same form sent twice mails one link: a second one would kill the first.
    let newest = queries::link_newest(&app.db, scope, id, "email").await?;
    let just_sent = newest.is_some_and(|sent_at| app.clock.now().duration_since(sent_at) < COOL_DOWN);
    if just_sent && address.is_some() && login.account.enrolment.pending_email == address {
        return Ok(Redirect::to(Step::EmailSent.path()).into_response());
    }
    let limit = MAILS_OF_ACCOUNT.of(&id.to_string());
    if !form.has_errors() && !limit.take(&app, scope).await? {
        form.error("email", context.t(TOO_MANY));
    }
    let sign_out_everywhere = typed.sign_out_everywhere.is_some();
    let (Some(address), false) = (address, form.has_errors()) else {
        let page = context.page_with_errors(TITLE);
        return Ok(EmailPage { page, form, email: typed.email, sign_out_everywhere }.into_response());
    };
    send(&app, login, &address, sign_out_everywhere).await
}

const TOO_MANY: &str =
    "メールの送信が続いたため、しばらくお待ちいただいています。5分ほどたってから、もう一度お試しください。";

/// Mails the link to the address, and leads to the wait for it.
async fn send(app: &App, login: PendingLogin, address: &str, sign_out_everywhere: bool) -> Result<Response, AppError> {
    let (scope, account) = (&login.scope, &login.account);
    let mut progress = account.enrolment.clone();
    progress.pending_email = Some(address.to_owned());
    let mut tx = app.db.begin().await?;
    let advanced = login.take_step(&mut tx, &login.proofs).await?
        && queries::progress_set(&mut tx, scope, account, &progress).await?;
    if !advanced {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    if sign_out_everywhere {
        settings::sign_out_everywhere(&mut tx, scope, account.account_id, &[0; 32], &login.token_hash).await?;
    }
    mail_link(app, &mut tx, scope, account.account_id, address).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to(Step::EmailSent.path()).into_response())
}

/// Mails a link that proves the address. If the address belongs to another account, its owner gets a notice instead, and the page is the
/// same, so that it does not tell whether the address has an account.
pub(in super::super) async fn mail_link(
    app: &App,
    tx: &mut yui_db::Tx,
    scope: &impl InSociety,
    account_id: i64,
    address: &str,
) -> anyhow::Result<()> {
    let (token, now) = (app.random.token()?, app.clock.now());
    let token_hash = *token.hash().as_bytes();
    let ends_at = now.checked_add(LINK_LIFE)?;
    let link = NewLink { token_hash, account_id, purpose: "email", address: Some(address), ends_at };
    queries::link_insert(tx, scope, &link, now).await?;
    let path = format!("/link/email/{}", *token.text());
    let letter = |frame: &MailFrame| letters::email_verify(frame, &path).until(ends_at);
    mail_or_tell_owner(app, tx, scope, (account_id, address), letter).await
}

/// Sends the letter to the address of an account; if the address belongs to somebody else, tells its owner that it was
/// typed.
pub(in super::super) async fn mail_or_tell_owner(
    app: &App,
    tx: &mut yui_db::Tx,
    scope: &impl InSociety,
    (account_id, address): (i64, &str),
    letter: impl FnOnce(&MailFrame) -> Letter,
) -> anyhow::Result<()> {
    let owner = queries::email_owner_in(tx, scope, address).await?.unwrap_or(account_id);
    let day_ago = app.clock.now().checked_sub(SignedDuration::from_hours(24))?;
    // Counted in both cases, so that the response time is the same.
    let told = mail::count_of(tx, scope, owner, letters::EMAIL_TAKEN.word, day_ago).await?;
    if owner != account_id && told >= TOLD_A_DAY {
        return Ok(());
    }
    let frame = MailFrame::of(app, scope.society(), queries::person_in(tx, scope, owner).await?.lang);
    let letter = if owner == account_id { letter(&frame) } else { letters::email_taken(&frame) };
    let to = Recipient { account_id: Some(owner), address };
    mail::enqueue(tx, app, scope, to, &letter, app.clock.now()).await?;
    Ok(())
}

fn sent_page(context: &PageContext, login: &PendingLogin, form: FormState, again: bool) -> EmailSentPage {
    let email = login.account.enrolment.pending_email.clone().unwrap_or_default();
    EmailSentPage { page: context.page(SENT_TITLE), form, email, again }
}

pub(in super::super) async fn sent(context: PageContext, At { login, .. }: At<AtEmailSent>) -> EmailSentPage {
    sent_page(&context, &login, FormState::default(), false)
}

/// 再送信.
pub(in super::super) async fn again(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtEmailSent>,
) -> Result<Response, AppError> {
    let (id, now) = (login.account.account_id, app.clock.now());
    let newest = queries::link_newest(&app.db, &login.scope, id, "email").await?;
    let limit = MAILS_OF_ACCOUNT.of(&id.to_string());
    let mut form = FormState::default();
    if newest.is_some_and(|sent_at| now.duration_since(sent_at) < COOL_DOWN) {
        form.error("again", context.t("メールは送信済みです。届くまで30秒ほどお待ちください。"));
    } else if !limit.take(&app, &login.scope).await? {
        form.error("again", context.t(TOO_MANY));
    }
    let address = login.account.enrolment.pending_email.clone().unwrap_or_default();
    if form.has_errors() {
        return Ok(sent_page(&context, &login, form, false).into_response());
    }
    let mut tx = app.db.begin().await?;
    mail_link(&app, &mut tx, &login.scope, id, &address).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(sent_page(&context, &login, FormState::default(), true).into_response())
}

/// Goes back to the choice of another address.
pub(in super::super) async fn change(
    State(app): State<App>,
    client: ClientInfo,
    At { login, .. }: At<AtEmailSent>,
) -> Result<Response, AppError> {
    let id = login.account.account_id;
    let mut tx = app.db.begin().await?;
    queries::links_delete(&mut tx, &login.scope, id, "email").await?;
    tx.commit().await?;
    super::progress::progressed(&app, &client, login, |progress| progress.pending_email = None).await
}

/// Whether the page that waits may move on.
#[derive(Serialize)]
pub(in super::super) struct EnrolmentStatus {
    moved_on: bool,
}

pub(in super::super) async fn status(
    State(app): State<App>,
    scope: PublicScope,
    headers: axum::http::HeaderMap,
) -> Result<Json<EnrolmentStatus>, AppError> {
    let login = PendingLogin::of(&app, &scope, &headers).await?;
    Ok(Json(EnrolmentStatus { moved_on: login.is_none_or(|login| login.step(&app) != Step::EmailSent) }))
}

crate::ui::pages! {
    EmailPage => |context| {
        let mut form = FormState::default();
        form.error("email", context.t("無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。"));
        let page = context.page_with_errors(TITLE);
        Self { page, form, email: "taro?@mail.example".into(), sign_out_everywhere: false }
    },
    EmailSentPage => |context| Self {
        page: context.page(SENT_TITLE),
        form: FormState::default(),
        email: "taro@mail.example".into(),
        again: true,
    },
}
