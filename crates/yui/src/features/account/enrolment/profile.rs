//! ユーザIDの変更・認証方法の設定.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::progress::progressed;
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        society::{Factor, InSociety},
    },
    features::account::{
        names::{self, ChosenName, USER_ID_TAKEN},
        pending_login::{At, AtProfile, PendingLogin},
        rules,
    },
    ui::{FormState, Page, PageContext},
};

/// A factor to choose.
pub(crate) struct FactorChoice {
    pub(crate) word: &'static str,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) recommended: bool,
    pub(crate) chosen: bool,
}

#[derive(Template)]
#[template(path = "features/account/enrolment/profile.html")]
pub(crate) struct NewUserIdPage {
    page: Page,
    form: FormState,
    user_id: String,
    bounds: [String; 2],
    choices: Vec<FactorChoice>,
}

/// The form for the user ID and the factor.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct EnrolmentProfileForm {
    user_id: String,
    factor: String,
}

const TITLE: &str = "ユーザIDの変更・認証方法の設定";

/// Returns the factors that the society allows, with the recommended one marked.
pub(in super::super) fn choices(
    context: &PageContext,
    scope: &impl InSociety,
    chosen: Option<Factor>,
) -> Vec<FactorChoice> {
    let policy = &scope.society().policy;
    let choice = |factor: &Factor| FactorChoice {
        word: factor.as_str(),
        label: context.t(factor.label()).to_owned(),
        hint: context.t(hint(*factor)).to_owned(),
        recommended: policy.recommended_factor == Some(*factor),
        chosen: chosen.or(policy.recommended_factor) == Some(*factor),
    };
    policy.factors.iter().map(choice).collect()
}

fn hint(factor: Factor) -> &'static str {
    match factor {
        Factor::Passkey => {
            "お使いの端末の顔認証・指紋認証・画面ロックで確認します。偽の画面にだまされにくい、最も安全な方法です。"
        }
        Factor::App => "スマートフォンの認証アプリに表示される6桁の数字を入力します。",
        Factor::Email => "ログインのたびにメールで届く6桁の数字を入力します。",
    }
}

fn page(
    context: &PageContext,
    login: &PendingLogin,
    form: FormState,
    user_id: String,
    chosen: Option<Factor>,
) -> NewUserIdPage {
    let rule = login.scope.society().policy.user_id;
    NewUserIdPage {
        page: if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) },
        form,
        user_id,
        bounds: [rule.min.to_string(), rule.max.to_string()],
        choices: choices(context, &login.scope, chosen),
    }
}

pub(in super::super) async fn show(context: PageContext, At { login, .. }: At<AtProfile>) -> NewUserIdPage {
    let user_id = login.account.user_id.clone();
    page(&context, &login, FormState::default(), user_id, None)
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtProfile>,
    Form(typed): Form<EnrolmentProfileForm>,
) -> Result<Response, AppError> {
    let policy = &login.scope.society().policy;
    let mut form = FormState::default();
    let user_id = rules::user_id(context.lang, policy, &typed.user_id).unwrap_or_else(|words| {
        form.error("user_id", &words);
        String::new()
    });
    let id = login.account.account_id;
    if !form.has_errors()
        && let Some(words) = names::refusal(&app, &login.scope, id, context.lang, ChosenName::UserId(&user_id)).await?
    {
        form.error("user_id", words);
    }
    // A method that the society does not offer is none, whatever the form sent.
    let factor = Factor::parse(&typed.factor).filter(|factor| policy.factors.contains(factor));
    if factor.is_none() && !policy.factors.is_empty() {
        form.error("factor", context.t("認証方法を選択してください。"));
    }
    if form.has_errors() {
        return Ok(page(&context, &login, form, typed.user_id, factor).into_response());
    }
    progressed(&app, &client, login, |progress| {
        progress.user_id = Some(user_id);
        progress.factor = factor;
    })
    .await
}

crate::ui::pages! {
    NewUserIdPage => |context| {
        let choice = |factor: Factor| FactorChoice {
            word: factor.as_str(),
            label: context.t(factor.label()).into(),
            hint: context.t(hint(factor)).into(),
            recommended: factor == Factor::Email,
            chosen: factor == Factor::Email,
        };
        let mut form = FormState::default();
        form.error("user_id", context.t(USER_ID_TAKEN));
        Self {
            page: context.page_with_errors(TITLE),
            form,
            user_id: "kari000003".into(),
            bounds: ["3".into(), "255".into()],
            choices: [Factor::Passkey, Factor::App, Factor::Email].map(choice).into(),
        }
    },
}
