//! 続行するには再度認証してください: before a sensitive act, a signed-in member confirms their identity again, by password and factor
//! or by a passkey. Passwords are limited as at a login, and by session: a stranger at a browser left open, or with a
//! copied cookie, is logged out after a few.

use askama::Template;
use axum::{
    Form, Json,
    extract::{Query, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use yui_auth::password::Password;

use super::{
    attempt::Attempt,
    limits::CONFIRMATIONS_OF_ACCOUNT,
    login::{Counted, Mistake, known_device, too_often_words},
    passkeys::{
        CeremonyAnswer, CeremonyKind, json_error, json_redirect, relying_party, start_ceremony, take_ceremony,
        verified_or_none,
    },
    paths::login_path,
    pending_login::advance,
    queries, rules, session,
    steps::{AuthAccount, LoginState, PrimaryFactor, Purpose, Step, step},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        heavy::{self, busy},
        random::hex,
        scope::{MemberScope, PublicScope},
        security,
        society::{Factor, InSociety},
    },
    features::kept::late::{LateFormMessage, with_word},
    ui::{FormState, Page, PageContext, cookie::with_cookies, local_path, page::encoded},
};

/// The age up to which a proof is fresh enough to open a sensitive page.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// The age up to which a proof is fresh enough to send that page's form.
const FRESH_ENOUGH: SignedDuration = SignedDuration::from_mins(10);

#[derive(Template)]
#[template(path = "features/account/confirm.html")]
pub(crate) struct ConfirmPage {
    page: Page,
    form: FormState,
    user_id: String,
    return_to: String,
    /// Whether a passkey is accepted, too.
    passkey: bool,
    /// Whether a form waits for the proof.
    kept: bool,
}

/// The query of the page's address.
#[derive(Deserialize)]
pub(super) struct ConfirmQuery {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    ended: String,
}

/// The form for confirming one's identity by password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmPasswordForm {
    password: String,
    return_to: String,
}

/// Returns whether the member must confirm their identity before this request: the proof is too old, or it was a code
/// by mail although the member has a stronger factor.
pub(crate) fn due(app: &App, member: &MemberScope, method: &Method) -> bool {
    let life = if *method == Method::GET { FRESH } else { FRESH_ENOUGH };
    member.proved_by_mail_alone || app.clock.now().duration_since(member.proved_at) > life
}

/// Returns whether the last proof is too old for pages of a household's health.
pub(crate) fn due_for_health(app: &App, member: &MemberScope) -> bool {
    let hours = member.society().policy.session.health_hours;
    app.clock.now().duration_since(member.proved_at) > SignedDuration::from_hours(i64::from(hours))
}

/// Returns the address of the confirmation page that returns to this path.
pub(super) fn path(return_to: &str) -> String {
    format!("/confirm?return_to={}", encoded(return_to))
}

/// Returns the same, with the message that a form is kept, if one is.
pub(crate) fn path_after(return_to: &str, told: LateFormMessage) -> String {
    let path = path(return_to);
    if told == LateFormMessage::Kept { with_word(path, told) } else { path }
}

/// The number of wrong passwords in a row that end the session.
const WRONG_PASSWORDS: i32 = 5;

const TITLE: &str = "再認証";

async fn page(
    app: &App,
    context: &PageContext,
    member: &MemberScope,
    form: FormState,
    (return_to, kept): (String, bool),
) -> Result<ConfirmPage, AppError> {
    let person = queries::person(&app.db, member, member.account_id).await?;
    let page = if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) };
    let factors = queries::factors(&app.db, member, member.account_id).await?;
    let passkey = factors.iter().any(|factor| factor.kind == Factor::Passkey);
    Ok(ConfirmPage { page, form, user_id: person.user_id, return_to, passkey, kept })
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    Query(ConfirmQuery { return_to, ended }): Query<ConfirmQuery>,
) -> Result<ConfirmPage, AppError> {
    page(&app, &context, &member, FormState::default(), (local_path(&return_to), ended == "kept")).await
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    member: MemberScope,
    client: ClientInfo,
    Form(typed): Form<ConfirmPasswordForm>,
) -> Result<Response, AppError> {
    let (return_to, now) = (local_path(&typed.return_to), app.clock.now());
    let mut form = FormState::default();
    let Some((account, stored)) = queries::auth_account(&app.db, &scope, member.account_id, now).await? else {
        return Ok(Redirect::to("/login").into_response());
    };
    if account.locked_at.is_some() {
        form.error("password", locked_words(&context, &account));
        return Ok(page(&app, &context, &member, form, (return_to, false)).await?.into_response());
    }
    let mut attempt = Attempt::new(&app, &scope);
    let limit = CONFIRMATIONS_OF_ACCOUNT.of(&account.account_id.to_string());
    if let Some(seconds) = attempt.take(&[limit]).await? {
        form.error("password", &too_often_words(&context, seconds));
        let retry = [(header::RETRY_AFTER, seconds.to_string())];
        let page = page(&app, &context, &member, form, (return_to, false)).await?;
        return Ok((StatusCode::TOO_MANY_REQUESTS, retry, page).into_response());
    }
    // Counted before it is looked at: passwords sent side by side are no more than those sent one after the other.
    let wrong = attempt.count_in_session(member.session).await?;
    let known_device = known_device(&app, &scope, &client, Some(&account)).await?;
    let counted = Counted::before(&mut attempt, &scope, &client, Some(&account).filter(|_| known_device)).await?;
    let (Some(wrong), Some(counted)) = (wrong.filter(|wrong| *wrong <= WRONG_PASSWORDS), counted) else {
        attempt.wrong();
        return over(&app, &member, &return_to).await;
    };
    let given = Password::new(rules::password_as_kept(&typed.password));
    let turn = heavy::account(&scope, "member", account.account_id);
    let verified = match app.hasher.verify(turn, given, Some(&stored)).await {
        Ok(verified) => verified,
        // What was not looked at was no try.
        Err(error) => {
            attempt.right().await?;
            return Err(busy(error));
        }
    };
    if !verified.matches {
        attempt.wrong();
        let mistake = Mistake { user_id: &account.user_id, client: &client, counted, networks: &[] };
        mistake.count(&app, &scope, Some(&account)).await?;
        if wrong == WRONG_PASSWORDS {
            return over(&app, &member, &return_to).await;
        }
        form.error("password", context.t("パスワードが正しくありません。"));
        return Ok(page(&app, &context, &member, form, (return_to, false)).await?.into_response());
    }
    attempt.right().await?;
    let Some((account, _)) = queries::auth_account(&app.db, &scope, member.account_id, now).await? else {
        return Ok(Redirect::to("/login").into_response());
    };
    let proofs = LoginState {
        purpose: Purpose::Confirm,
        // A lock that fell in between closes this way; a passkey, or a login in a known browser, stays open.
        first: Some(PrimaryFactor::Password { known_device: false }),
        password_at: Some(account.password_set_at),
        session: Some(hex(&member.session)),
        return_to,
        ..LoginState::default()
    };
    if matches!(step(&account, &proofs, &scope.society().policy, now), Step::Refused(_)) {
        return Ok(Redirect::to("/login").into_response());
    }
    advance(&app, &scope, &client, &account, proofs, None).await
}

/// Ends the session in which too many passwords were wrong.
async fn over(app: &App, member: &MemberScope, return_to: &str) -> Result<Response, AppError> {
    let cookie = session::end(app, member).await?;
    let login = login_path(return_to);
    let separator = if login.contains('?') { '&' } else { '?' };
    let answer = Redirect::to(&format!("{login}{separator}password=wrong")).into_response();
    Ok(with_cookies(answer, vec![cookie]))
}

/// Returns the way out while the account is locked, in words.
fn locked_words<'s>(context: &'s PageContext, account: &AuthAccount) -> &'s str {
    if account.factors.contains(&Factor::Passkey) {
        context.t("アカウントがロックされているため、パスワードは使えません。生体認証で確認してください。")
    } else {
        context.t("アカウントがロックされているため、パスワードは使えません。ロックの解除を、健康保険組合へお申し出ください。")
    }
}

const REFUSED: &str = "生体認証を確認できませんでした。もう一度試すか、ほかの方法を選んでください。";

/// Asks for one of the member's passkeys.
pub(super) async fn passkey_begin(State(app): State<App>, member: MemberScope) -> Result<Response, AppError> {
    let factors = queries::factors(&app.db, &member, member.account_id).await?;
    let stored: Vec<_> = factors.into_iter().filter_map(|factor| factor.credential).collect();
    if stored.is_empty() {
        return Err(AppError::NotFound);
    }
    let ceremony = relying_party(&app, &member)?.factor_begin(&stored)?;
    start_ceremony(&app, &member, (CeremonyKind::Confirm, Some(member.account_id)), ceremony).await
}

/// Verifies the passkey and confirms the member: a passkey is both factors.
pub(super) async fn passkey_finish(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    member: MemberScope,
    client: ClientInfo,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    let (id, now) = (member.account_id, app.clock.now());
    let Some(state) = take_ceremony(&app, &scope, (CeremonyKind::Confirm, Some(id)), &answer).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let factors = queries::factors(&app.db, &scope, id).await?;
    let stored: Vec<_> = factors.iter().filter_map(|factor| factor.credential.clone()).collect();
    let party = relying_party(&app, &scope)?;
    let proved = verified_or_none(party.factor_finish(&state, &answer.credential.to_string(), &stored))?;
    let account = queries::auth_account(&app.db, &scope, id, now).await?;
    let (Some((which, used)), Some((account, _))) = (proved, account) else {
        security::refused(&scope, "passkey", Some(id));
        return Ok(json_error(&context, REFUSED));
    };
    // The authenticator's counter counts on here, too: a copy of the passkey shows wherever it is used.
    let passkeys: Vec<_> = factors.iter().filter(|factor| factor.credential.is_some()).collect();
    let Some(passkey) = passkeys.get(which) else { return Ok(json_error(&context, REFUSED)) };
    let mut tx = app.db.begin().await?;
    queries::factor_used(&mut tx, &scope, id, passkey.factor_id, used.updated.as_deref(), now).await?;
    tx.commit().await?;
    let proofs = LoginState {
        purpose: Purpose::Confirm,
        first: Some(PrimaryFactor::Passkey),
        session: Some(hex(&member.session)),
        return_to: local_path(&answer.return_to),
        ..LoginState::default()
    };
    if matches!(step(&account, &proofs, &scope.society().policy, now), Step::Refused(_)) {
        return Ok(json_error(&context, REFUSED));
    }
    Ok(json_redirect(advance(&app, &scope, &client, &account, proofs, None).await?))
}

crate::ui::pages! {
    ConfirmPage => |context| {
        let mut form = FormState::default();
        form.error("password", context.t("パスワードが正しくありません。"));
        let page = context.page_with_errors(TITLE);
        Self {
            page,
            form,
            user_id: "testtaro01".into(),
            return_to: "/settings/login".into(),
            passkey: true,
            kept: true,
        }
    },
}
