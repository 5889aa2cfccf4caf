//! 個人情報入力 of the classic flow: user ID, password, address and which mails are wanted.

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
        heavy,
        society::{EmailRule, InSociety},
    },
    features::account::{
        mail_wishes::{MAIL_WISHES, MailWishesForm},
        names::{self, ChosenName, USER_ID_TAKEN},
        password::{self, checked, hashed},
        pending_login::{At, AtDetails, PendingLogin},
        queries, rules,
        steps::Details,
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/enrolment/details.html")]
pub(crate) struct DetailsPage {
    page: Page,
    form: FormState,
    typed: EnrolmentForm,
    bounds: [String; 2],
    rule: String,
    email_required: bool,
    fixed_user_id: bool,
}

/// The form for the personal data of the classic flow.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct EnrolmentForm {
    user_id: String,
    new_password: String,
    new_password_again: String,
    email: String,
    #[serde(flatten)]
    wishes: MailWishesForm,
}

const TITLE: &str = "個人情報入力";

fn page(context: &PageContext, login: &PendingLogin, form: FormState, typed: EnrolmentForm) -> DetailsPage {
    let policy = &login.scope.society().policy;
    DetailsPage {
        page: if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) },
        form,
        typed,
        bounds: [policy.user_id.min.to_string(), policy.user_id.max.to_string()],
        rule: password::rule_words(context.lang, policy),
        email_required: policy.email != EmailRule::Optional,
        fixed_user_id: !policy.user_id.may_change,
    }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtDetails>,
) -> Result<DetailsPage, AppError> {
    let person = queries::person(&app.db, &login.scope, login.account.account_id).await?;
    // Where 戻る was pressed, what had been typed is there again.
    let typed = login.account.enrolment.pending_email.clone();
    let email = typed.or(person.email).or(person.register_email).unwrap_or_default();
    let user_id = login.account.enrolment.user_id.clone().unwrap_or_default();
    let typed = EnrolmentForm { email, user_id, ..EnrolmentForm::default() };
    Ok(page(&context, &login, FormState::default(), typed))
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtDetails>,
    Form(typed): Form<EnrolmentForm>,
) -> Result<Response, AppError> {
    let (scope, id) = (&login.scope, login.account.account_id);
    let policy = &scope.society().policy;
    let mut form = FormState::default();
    let user_id = rules::user_id(context.lang, policy, &typed.user_id).unwrap_or_else(|words| {
        form.error("user_id", &words);
        String::new()
    });
    if user_id == login.account.user_id {
        form.error("user_id", context.t("仮ユーザIDとは別のユーザIDを入力してください。"));
    } else if !form.has_errors()
        && let Some(words) = names::refusal(&app, scope, id, context.lang, ChosenName::UserId(&user_id)).await?
    {
        form.error("user_id", words);
    }
    let person = queries::person(&app.db, scope, id).await?;
    let twice = password::PasswordForm {
        new_password: typed.new_password.clone(),
        new_password_again: typed.new_password_again.clone(),
        sign_out_everywhere: None,
    };
    let whose = (&person, user_id.as_str());
    let turn = heavy::account(&login.scope, "member", id);
    let new = checked(&app, turn, (context.lang, policy), &mut form, &twice, whose, &login.password_hash).await?;
    let email = match typed.email.trim() {
        "" if policy.email == EmailRule::Optional => None,
        address => rules::email(context.lang, address)
            .inspect_err(|faults| faults.iter().for_each(|words| form.error("email", words)))
            .ok(),
    };
    if let Some(email) = &email
        && let Some(words) = names::refusal(&app, scope, id, context.lang, ChosenName::Email(email)).await?
    {
        form.error("email", words);
    }
    if form.has_errors() {
        let (new_password, new_password_again) = Default::default();
        return Ok(
            page(&context, &login, form, EnrolmentForm { new_password, new_password_again, ..typed }).into_response()
        );
    }
    let wanted = |kind| typed.wishes.wanted(kind) == Some(true) && email.is_some();
    let mail_wanted = MAIL_WISHES.iter().map(|(kind, _)| ((*kind).to_owned(), wanted(kind))).collect();
    let details =
        Details { user_id: user_id.clone(), password_hash: hashed(&app, turn, new).await?, email, mail_wanted };
    progressed(&app, &client, login, |progress| {
        progress.user_id = Some(user_id);
        progress.details = Some(details);
    })
    .await
}

crate::ui::pages! {
    DetailsPage => |context| {
        let mut form = FormState::default();
        form.error("user_id", context.t(USER_ID_TAKEN));
        Self {
            page: context.page_with_errors(TITLE),
            form,
            typed: EnrolmentForm { user_id: "testtaro01".into(), email: "taro@mail.example".into(), ..EnrolmentForm::default() },
            bounds: ["8".into(), "13".into()],
            rule: "8–20".into(),
            email_required: false,
            fixed_user_id: true,
        }
    },
}
