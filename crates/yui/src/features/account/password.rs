//! パスワードの更新: the last step of renewed enrolment, an expired password, one that somebody else gave, a forgotten one.

use askama::Template;
use axum::{
    Extension, Form, Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use yui_auth::{
    fair::Turn,
    password::Password,
    strength::{self, Strength},
};

use super::{
    enrolment,
    events::{AccountEvent, record_event},
    pending_login::{At, AtPassword, PendingLogin},
    queries::{self, AccountPerson, NewPassword},
    rules, settings,
    steps::{AccountState, EnrolmentProgress, LoginState, Purpose},
};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        heavy::{self, busy},
        scope::{MemberScope, PublicScope},
        society::{Complexity, InSociety, Policy},
    },
    ui::{FormState, Lang, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/password.html")]
pub(crate) struct PasswordPage {
    page: Page,
    form: FormState,
    why: WhyNew,
    /// The user ID, for password managers.
    user_id: String,
    rule: String,
    sign_out_everywhere: bool,
}

/// The reason for a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhyNew {
    /// Enrolment ends with it.
    Enrolment,
    /// The old one was forgotten.
    Reset,
    /// The old one is too old, or somebody else gave it.
    Due,
}

/// The form for a new password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PasswordForm {
    pub(super) new_password: String,
    pub(super) new_password_again: String,
    pub(super) sign_out_everywhere: Option<String>,
}

const TITLE: &str = "パスワードの更新";

/// Returns the society's rule for passwords in words.
pub(super) fn rule_words(lang: Lang, policy: &Policy) -> String {
    let bounds = [policy.password.min.to_string(), policy.password.max.to_string()];
    match policy.password.complexity {
        Complexity::Free => lang.tf("半角の英字・数字・記号で、{0}文字以上{1}文字以内。長いほど安全です。", bounds),
        Complexity::LetterAndDigit => {
            lang.tf("半角の英字・数字・記号で、{0}文字以上{1}文字以内。英字と数字を1文字以上ずつ使います。", bounds)
        }
    }
}

/// Checks a new password typed twice; returns it as it is kept. `current` is the hash of the one it replaces.
pub(super) async fn checked(
    app: &App,
    turn: Turn,
    (lang, policy): (Lang, &Policy),
    form: &mut FormState,
    typed: &PasswordForm,
    (person, user_id): (&AccountPerson, &str),
    current: &str,
) -> Result<String, AppError> {
    let new = rules::password_as_kept(&typed.new_password);
    // Looking for words that others guess takes a processor some milliseconds.
    let (policy, looked_at, person, user_id) = (policy.clone(), new.clone(), person.clone(), user_id.to_owned());
    let words = app.heavy.run(turn, move || rules::password(lang, &policy, &looked_at, &person, &user_id)).await?;
    if let Some(words) = words {
        form.error("new_password", &words);
    } else if rules::password_as_kept(&typed.new_password_again) != new {
        form.error("new_password_again", lang.t("確認用のパスワードが一致しません。もう一度入力してください。"));
    } else {
        let same = app.hasher.verify(turn, Password::new(new.clone()), Some(current)).await;
        if same.map_err(busy)?.matches {
            form.error("new_password", lang.t("現在のパスワードと同じです。別のパスワードを入力してください。"));
        }
    }
    Ok(new)
}

/// Returns the hash of a new password.
pub(super) async fn hashed(app: &App, turn: Turn, password: String) -> Result<String, AppError> {
    app.hasher.hash(turn, Password::new(password), app.random.bytes()?).await.map_err(busy)
}

fn why(login: &PendingLogin) -> WhyNew {
    match (login.account.state, login.proofs.purpose) {
        (AccountState::Temporary, _) => WhyNew::Enrolment,
        (_, Purpose::Reset) => WhyNew::Reset,
        _ => WhyNew::Due,
    }
}

/// Returns the user ID that the password will be used with.
fn future_user_id(login: &PendingLogin) -> String {
    login.account.enrolment.user_id.clone().unwrap_or_else(|| login.account.user_id.clone())
}

fn page(context: &PageContext, login: &PendingLogin, form: FormState, sign_out_everywhere: bool) -> PasswordPage {
    PasswordPage {
        page: if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) },
        form,
        why: why(login),
        user_id: future_user_id(login),
        rule: rule_words(context.lang, &login.scope.society().policy),
        sign_out_everywhere,
    }
}

pub(super) async fn show(context: PageContext, At { login, .. }: At<AtPassword>) -> PasswordPage {
    page(&context, &login, FormState::default(), why(&login) == WhyNew::Reset)
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtPassword>,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, AppError> {
    let (scope, id, now) = (&login.scope, login.account.account_id, app.clock.now());
    let policy = &scope.society().policy;
    let mut form = FormState::default();
    let (why, user_id) = (why(&login), future_user_id(&login));
    let person = queries::person(&app.db, scope, id).await?;
    let everywhere = typed.sign_out_everywhere.is_some();
    let turn = heavy::account(scope, "member", id);
    let whose = (&person, user_id.as_str());
    let new = checked(&app, turn, (context.lang, policy), &mut form, &typed, whose, &login.password_hash).await?;
    if form.has_errors() {
        return Ok(page(&context, &login, form, everywhere).into_response());
    }
    let hash = hashed(&app, turn, new).await?;
    if why == WhyNew::Enrolment {
        let EnrolmentProgress { factor, .. } = login.account.enrolment.clone();
        let own = enrolment::EnrolmentResult { user_id, password_hash: hash, factor, lang: context.lang };
        return enrolment::finish(&app, &client, login, own).await;
    }
    let proofs = LoginState { password_set: true, password_at: Some(now), ..login.proofs.clone() };
    let mut tx = app.db.begin().await?;
    if !login.take_step(&mut tx, &proofs).await? {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    let new = NewPassword { hash: &hash, set_at: now, ends_at: None, must_change: false };
    queries::password_set(&mut tx, scope, id, &new).await?;
    let what = if why == WhyNew::Reset { AccountEvent::PasswordReset } else { AccountEvent::PasswordChanged };
    record_event(&app, &mut tx, scope, Some(&client), id, what).await?;
    settings::others_end(&mut tx, scope, id, &login.token_hash).await?;
    if everywhere {
        settings::sign_out_everywhere(&mut tx, scope, id, &[0; 32], &login.token_hash).await?;
    }
    let answer = login.commit_and_advance(&app, &client, tx).await;
    app.mail.wake();
    answer
}

/// A password whose strength is asked for.
#[derive(Deserialize)]
pub(super) struct StrengthForm {
    password: String,
}

/// Its strength, 1 to 4, and in words.
#[derive(Serialize)]
pub(super) struct StrengthAnswer {
    level: u8,
    words: String,
}

/// Answers how strong a password is, while it is typed.
pub(super) async fn strength_of(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    member: Option<Extension<MemberScope>>,
    headers: HeaderMap,
    Json(StrengthForm { password }): Json<StrengthForm>,
) -> Result<Json<StrengthAnswer>, AppError> {
    // Only who can set a password is told: who is signed in, or logs in.
    let account_id = match member {
        Some(member) => Some(member.account_id),
        None => PendingLogin::of(&app, &scope, &headers).await?.map(|login| login.account.account_id),
    };
    let account_id = account_id.ok_or(AppError::NotFound)?;
    let looked_at: String = password.chars().take(usize::from(u8::MAX)).collect();
    let turn = heavy::account(&scope, "member", account_id);
    let strength = app.heavy.run(turn, move || strength::strength(&looked_at, &[])).await?;
    let (level, words) = match strength {
        Strength::Weak => (1, "弱い：推測されるおそれがあります"),
        Strength::Fair => (2, "やや弱い：もう少し長くしてください"),
        Strength::Good => (3, "良い"),
        Strength::Strong => (4, "とても良い"),
    };
    Ok(Json(StrengthAnswer { level, words: context.t(words).to_owned() }))
}

crate::ui::pages! {
    PasswordPage => |context| {
        let mut form = FormState::default();
        form.error("new_password", context.t("現在のパスワードと同じです。別のパスワードを入力してください。"));
        Self {
            page: context.page_with_errors(TITLE),
            form,
            why: WhyNew::Due,
            user_id: "testtaro01".into(),
            rule: "8–64".into(),
            sign_out_everywhere: true,
        }
    },
}
