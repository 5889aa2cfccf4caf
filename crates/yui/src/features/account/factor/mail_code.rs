//! A code sent by mail: for one login only, ten minutes, five tries.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use serde::Deserialize;
use yui_auth::code;

use super::{AvailableFactors, FactorKind, proved, wrong};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        mail::{self, MailFrame, Recipient},
        random::hex,
        rate_limit::acquire,
        sealed::{self, SealContext},
        society::{Factor, InSociety},
    },
    features::account::{
        letters,
        limits::MAILS_OF_ACCOUNT,
        pending_login::{At, AtFactor, PendingLogin},
        queries,
        steps::{LoginState, MailCode, SecondFactor},
    },
    ui::{FormState, PageContext},
};

/// ASVS 6.5.5: at most ten minutes.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The pause between two mails.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(30);

/// The form for a mailed code.
#[derive(Deserialize)]
pub(in super::super) struct MailCodeForm {
    #[serde(default)]
    code: String,
}

/// Returns whether a code was mailed for this login that still works.
pub(super) fn lives(app: &App, login: &PendingLogin) -> bool {
    login.proofs.mail_code.as_ref().is_some_and(|code| code.ends_at > app.clock.now())
}

/// Mails a code for this login and shows the form for it.
pub(super) async fn send(
    app: &App,
    context: &PageContext,
    login: PendingLogin,
    ways: &AvailableFactors,
) -> Result<Response, AppError> {
    let (account, scope, now) = (&login.account, &login.scope, app.clock.now());
    let Some(address) = account.email.as_deref() else { return Err(AppError::NotFound) };
    let limit = MAILS_OF_ACCOUNT.of(&account.account_id.to_string());
    if let Some(seconds) = acquire(app, scope, &[limit]).await? {
        let mut form = FormState::default();
        let words =
            "メールの送信が続いたため、しばらくお待ちいただいています。{0}分ほどたってから、もう一度お試しください。";
        form.error("code", &context.lang.tf(words, [(seconds / 60 + 1).to_string()]));
        return Ok(ways.page(context, &login, FactorKind::Email, form, false).into_response());
    }
    let code = code::mail_code(app.random.bytes()?);
    let row = hex(&login.token_hash);
    let sealed = sealed::seal(app, scope, SealContext("logins", "mail_code", &row), code.as_bytes())?;
    let ends_at = now.checked_add(LIFE)?;
    let mail_code = MailCode { sealed: STANDARD.encode(sealed), address: address.to_owned(), sent_at: now, ends_at };
    let proofs = LoginState { mail_code: Some(mail_code), ..login.proofs.clone() };
    let mut tx = app.db.begin().await?;
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    let lang = queries::person_in(&mut tx, scope, account.account_id).await?.lang;
    let letter = letters::mail_code(&MailFrame::of(app, scope.society(), lang), &code).until(ends_at);
    let to = Recipient { account_id: Some(account.account_id), address };
    mail::enqueue(&mut tx, app, scope, to, &letter, now).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(ways.page(context, &login, FactorKind::Email, FormState::default(), true).into_response())
}

/// 再送信.
pub(in super::super) async fn again(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtFactor>,
) -> Result<Response, AppError> {
    let ways = AvailableFactors::of(&app, &login).await?;
    if !ways.factors.iter().any(|factor| factor.kind == Factor::Email) {
        return Ok(Redirect::to("/login/factor").into_response());
    }
    let sent_at = login.proofs.mail_code.as_ref().map(|code| code.sent_at);
    if sent_at.is_some_and(|sent_at| app.clock.now().duration_since(sent_at) < COOL_DOWN) {
        let mut form = FormState::default();
        form.error("code", context.t("メールは送信済みです。届くまで30秒ほどお待ちください。"));
        return Ok(ways.page(&context, &login, FactorKind::Email, form, false).into_response());
    }
    send(&app, &context, login, &ways).await
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtFactor>,
    Form(typed): Form<MailCodeForm>,
) -> Result<Response, AppError> {
    let offered = AvailableFactors::of(&app, &login).await?.factors.iter().any(|factor| factor.kind == Factor::Email);
    let current = |code: &&MailCode| offered && login.account.email.as_deref() == Some(&code.address);
    let Some(mailed) = login.proofs.mail_code.as_ref().filter(current) else {
        return Ok(Redirect::to("/login/factor?way=email").into_response());
    };
    if !lives(&app, &login) {
        let mut form = FormState::default();
        form.error("code", context.t("ワンタイムパスワードの有効時間が過ぎました。再送信を押してください。"));
        let ways = AvailableFactors::of(&app, &login).await?;
        return Ok(ways.page(&context, &login, FactorKind::Email, form, false).into_response());
    }
    let row = hex(&login.token_hash);
    let expected =
        sealed::open(&app, &login.scope, SealContext("logins", "mail_code", &row), &STANDARD.decode(&mailed.sealed)?)?;
    if !code::code_matches(&typed.code, std::str::from_utf8(&expected)?) {
        return wrong(
            &app,
            &context,
            &client,
            login,
            (FactorKind::Email, "code"),
            "ワンタイムパスワードが正しくありません。",
        )
        .await;
    }
    let now = app.clock.now();
    let factors = queries::factors(&app.db, &login.scope, login.account.account_id).await?;
    let mut tx = app.db.begin().await?;
    for factor in factors.iter().filter(|factor| factor.kind == Factor::Email) {
        queries::factor_used(&mut tx, &login.scope, login.account.account_id, factor.factor_id, None, now).await?;
    }
    proved(&app, &client, login, tx, SecondFactor::Email).await
}
