//! OTPメール: codes to an address that is verified as the member's; an unverified one is verified by a first code.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use yui_auth::{code, token::Token};
use yui_db::Tx;

use super::owner::{FactorOwner, bare};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        mail::MailFrame,
        random::hex,
        sealed::{self, SealContext},
        society::{Factor, InSociety, ids_take},
    },
    features::account::{
        enrolment::mail_or_tell_owner,
        events::{AccountEvent, record_event},
        letters,
        limits::MAILS_OF_ACCOUNT,
        queries::{self, NewFactorRow},
        rules,
        steps::{SecondFactor, WRONG_CODES_PER_LOGIN},
    },
    ui::{FormState, Page, PageContext},
};

const KIND: &str = "email_register";

/// The life of a code: the same as at a login.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

#[derive(Template)]
#[template(path = "features/account/add_factor/email.html")]
pub(crate) struct EmailFactorPage {
    page: Page,
    form: FormState,
    email: String,
    /// The token of the mailed code, sent back with it.
    question: Option<String>,
    may_wait: bool,
    signed_in: bool,
}

/// The form for adding e-mail codes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct AddEmailForm {
    email: String,
    question: String,
    code: String,
    sign_out_everywhere: Option<String>,
}

/// An address that waits for its first code.
#[derive(Serialize, Deserialize)]
struct PendingEmail {
    address: String,
    code: String,
    wrong: u8,
    ends_at: Timestamp,
}

const TITLE: &str = "OTPメールの登録";

fn page(
    context: &PageContext,
    registrant: &FactorOwner,
    form: FormState,
    email: String,
    question: Option<String>,
) -> EmailFactorPage {
    EmailFactorPage {
        page: if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) },
        form,
        email,
        question,
        may_wait: registrant.may_wait(),
        signed_in: matches!(registrant, FactorOwner::Member(..)),
    }
}

/// Adds OTPメール at the account's address.
pub(in super::super) async fn insert(
    app: &App,
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
) -> anyhow::Result<()> {
    let factor_id = ids_take(tx, scope, "factor", 1).await?;
    let new = NewFactorRow { ..bare(factor_id, Factor::Email, "OTPメール") };
    Ok(queries::factor_insert(tx, scope, account_id, new, app.clock.now()).await?)
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    registrant: FactorOwner,
) -> Result<Response, AppError> {
    if !registrant.may(Factor::Email) {
        return Ok(Redirect::to("/factors?choose=yes").into_response());
    }
    let person = queries::person(&app.db, registrant.scope(), registrant.account_id()).await?;
    let email = person.email.or(person.register_email).unwrap_or_default();
    Ok(page(&context, &registrant, FormState::default(), email, None).into_response())
}

/// Mails the first code.
pub(in super::super) async fn send(
    State(app): State<App>,
    context: PageContext,
    registrant: FactorOwner,
    Form(typed): Form<AddEmailForm>,
) -> Result<Response, AppError> {
    if !registrant.may(Factor::Email) {
        return Ok(Redirect::to("/factors?choose=yes").into_response());
    }
    let (scope, id, now) = (registrant.scope(), registrant.account_id(), app.clock.now());
    let mut form = FormState::default();
    let address = rules::email(context.lang, &typed.email).unwrap_or_else(|faults| {
        faults.iter().for_each(|words| form.error("email", words));
        String::new()
    });
    // An address that is set already is changed in the settings, where the old one is told.
    let person = queries::person(&app.db, scope, id).await?;
    let proved =
        queries::auth_account(&app.db, scope, id, now).await?.is_some_and(|(account, _)| account.email_verified);
    if proved && person.email.as_deref() != Some(&address) && !form.has_errors() {
        form.error(
            "email",
            context.t("登録済みのメールアドレスを使います。変更は、プロフィール変更からお願いします。"),
        );
    }
    let limit = MAILS_OF_ACCOUNT.of(&id.to_string());
    if !form.has_errors() && !limit.take(&app, scope).await? {
        let words =
            "メールの送信が続いたため、しばらくお待ちいただいています。5分ほどたってから、もう一度お試しください。";
        form.error("email", context.t(words));
    }
    if form.has_errors() {
        return Ok(page(&context, &registrant, form, typed.email, None).into_response());
    }
    let code = code::mail_code(app.random.bytes()?);
    let ends_at = now.checked_add(LIFE)?;
    let waiting = PendingEmail { address: address.clone(), code: code.clone(), wrong: 0, ends_at };
    let mut tx = app.db.begin().await?;
    let question = keep(&app, &mut tx, &registrant, &waiting).await?;
    let letter = |frame: &MailFrame| letters::mail_code(frame, &code).until(ends_at);
    mail_or_tell_owner(&app, &mut tx, scope, (id, &address), letter).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(page(&context, &registrant, form, address, Some(question)).into_response())
}

async fn keep(app: &App, tx: &mut Tx, registrant: &FactorOwner, waiting: &PendingEmail) -> anyhow::Result<String> {
    let token = app.random.token()?;
    let hash = *token.hash().as_bytes();
    let state = serde_json::to_vec(waiting)?;
    let sealed = sealed::seal(app, registrant.scope(), SealContext("ceremonies", "sealed_state", &hex(&hash)), &state)?;
    let whose = (KIND, Some(registrant.account_id()));
    queries::ceremony_insert(tx, registrant.scope(), &hash, whose, &sealed, waiting.ends_at).await?;
    Ok(token.text().to_string())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    registrant: FactorOwner,
    Form(typed): Form<AddEmailForm>,
) -> Result<Response, AppError> {
    let (scope, id, now) = (registrant.scope(), registrant.account_id(), app.clock.now());
    let again = || Ok(Redirect::to("/factors/email").into_response());
    let Some(token) = Token::parse(&typed.question).filter(|_| registrant.may(Factor::Email)) else { return again() };
    let hash = *token.hash().as_bytes();
    let mut tx = app.db.begin().await?;
    let row = queries::ceremony_take(&mut tx, scope, &hash, KIND, now).await?;
    let Some(row) = row.filter(|row| row.account_id == Some(id)) else { return again() };
    let place = hex(&hash);
    let state = sealed::open(&app, scope, SealContext("ceremonies", "sealed_state", &place), &row.sealed_state)?;
    let mut waiting: PendingEmail = serde_json::from_slice(&state)?;
    if !code::code_matches(&typed.code, &waiting.code) {
        waiting.wrong += 1;
        let question = if waiting.wrong < WRONG_CODES_PER_LOGIN {
            Some(keep(&app, &mut tx, &registrant, &waiting).await?)
        } else {
            None
        };
        tx.commit().await?;
        let mut form = FormState::default();
        let field = if question.is_some() { "code" } else { "email" };
        form.error(field, context.t("ワンタイムパスワードが正しくありません。"));
        return Ok(page(&context, &registrant, form, waiting.address, question).into_response());
    }
    tx.commit().await?;
    let account = queries::auth_account(&app.db, scope, id, now).await?.map(|(account, _)| account);
    let Some(account) = account else { return again() };
    let old = account.email.filter(|old| *old != waiting.address);
    // A proved address is changed in the settings only.
    if account.email_verified && old.is_some() {
        return again();
    }
    let Some(mut tx) = registrant.begin(&app, SecondFactor::Email).await? else {
        return Ok(Redirect::to("/login/continue").into_response());
    };
    match queries::email_set(&mut tx, scope, id, Some(&waiting.address), Some(now)).await {
        Err(error) if error.is_taken("accounts_email") => return again(),
        set => set?,
    }
    queries::factors_delete(&mut tx, scope, id, Some(Factor::Email)).await?;
    insert(&app, &mut tx, scope, id).await?;
    if old.is_some() {
        record_event(&app, &mut tx, scope, Some(&client), id, AccountEvent::EmailChanged(old)).await?;
    }
    let everywhere = typed.sign_out_everywhere.is_some();
    registrant.registered(&app, &client, tx, (Factor::Email, "OTPメール".into()), everywhere).await
}

crate::ui::pages! {
    EmailFactorPage => |context| Self {
        page: context.page(TITLE),
        form: FormState::default(),
        email: "taro@mail.example".into(),
        question: Some("question".into()),
        may_wait: true,
        signed_in: false,
    },
}
