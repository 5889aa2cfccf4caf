//! 本人確認 of the classic flow: insurer number, birth date and the terms on one page.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::progress::wrong_identity;
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        society::{IdentityCheck, InSociety},
    },
    features::{
        account::{
            events::{AccountEvent, record_event},
            pending_login::{At, AtIdentity, PendingLogin},
            queries, rules,
        },
        societies,
        terms::{self, Terms},
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/enrolment/identity.html")]
pub(crate) struct IdentityPage {
    page: Page,
    form: FormState,
    typed: IdentityForm,
    asks_insurer: bool,
    asks_relationship: bool,
    terms: Option<Terms>,
}

/// The form for the identity check of the classic flow.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct IdentityForm {
    insurer_number: String,
    birth_date: String,
    relationship: String,
    version: Option<i64>,
    agreed: String,
}

const TITLE: &str = "本人確認";

async fn page(
    app: &App,
    context: &PageContext,
    login: &PendingLogin,
    form: FormState,
    typed: IdentityForm,
) -> Result<Response, AppError> {
    let policy = &login.scope.society().policy;
    let page = IdentityPage {
        page: if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) },
        form,
        typed,
        asks_insurer: policy.identity_check == IdentityCheck::InsurerNumberAndBirthDate,
        asks_relationship: policy.asks_relationship,
        terms: terms::current(&app.db, &login.scope, app.clock.now()).await?,
    };
    Ok(page.into_response())
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    At { login, .. }: At<AtIdentity>,
) -> Result<Response, AppError> {
    page(&app, &context, &login, FormState::default(), IdentityForm::default()).await
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    At { login, .. }: At<AtIdentity>,
    Form(typed): Form<IdentityForm>,
) -> Result<Response, AppError> {
    let policy = &login.scope.society().policy;
    let asks_insurer = policy.identity_check == IdentityCheck::InsurerNumberAndBirthDate;
    let mut form = FormState::default();
    let insurer = rules::folded(&typed.insurer_number);
    if asks_insurer && (insurer.len() != 8 || !insurer.chars().all(|c| c.is_ascii_digit())) {
        form.error("insurer_number", context.t("保険者番号を8桁の数字で入力してください。"));
    }
    let birth_date = rules::birth_date(&typed.birth_date);
    if birth_date.is_none() {
        form.error("birth_date", context.t("生年月日を西暦の8桁の数字で入力してください。例：19790822"));
    }
    if policy.asks_relationship && !matches!(typed.relationship.as_str(), "insured" | "dependent") {
        form.error("relationship", context.t("被保険者か被扶養者かを選択してください。"));
    }
    if login.account.current_terms.is_some() && typed.agreed != "yes" {
        form.error("agreed", context.t("ご利用には、利用規約への同意が必要です。同意しない場合は、下の「中断してポータルに戻る」を押してください。"));
    }
    if form.has_errors() {
        return page(&app, &context, &login, form, typed).await;
    }
    if login.account.current_terms != typed.version.filter(|_| login.account.current_terms.is_some()) {
        return page(&app, &context, &login, form, IdentityForm { agreed: String::new(), ..typed }).await;
    }

    let (id, now) = (login.account.account_id, app.clock.now());
    let person = queries::person(&app.db, &login.scope, id).await?;
    let numbers = societies::insurer_numbers(&app, &login.scope).await?;
    let right = birth_date == Some(person.birth_date)
        && (!asks_insurer || numbers.contains(&insurer))
        && (!policy.asks_relationship || typed.relationship == "insured");
    if !right {
        if wrong_identity(&app, &client, &login).await? {
            return Ok(Redirect::to("/login/continue").into_response());
        }
        let words = "入力内容が登録と一致しません。被保険者ご本人の情報をご確認ください。5回誤るとロックされます。";
        form.error(if asks_insurer { "insurer_number" } else { "birth_date" }, context.t(words));
        return page(&app, &context, &login, form, typed).await;
    }
    let mut progress = login.account.enrolment.clone();
    progress.identity_checked = true;
    let mut tx = app.db.begin().await?;
    let advanced = login.take_step(&mut tx, &login.proofs).await?
        && queries::progress_set(&mut tx, &login.scope, &login.account, &progress).await?;
    if !advanced {
        return Ok(Redirect::to("/login/continue").into_response());
    }
    if let Some(version) = login.account.current_terms {
        terms::agree(&mut tx, &login.scope, id, version, &client.address.to_string(), now).await?;
        record_event(&app, &mut tx, &login.scope, Some(&client), id, AccountEvent::TermsAgreed(version)).await?;
    }
    login.commit_and_advance(&app, &client, tx).await
}

crate::ui::pages! {
    IdentityPage => |context| {
        let mut form = FormState::default();
        form.error("insurer_number", context.t("保険者番号を8桁の数字で入力してください。"));
        Self {
            page: context.page_with_errors(TITLE),
            form,
            typed: IdentityForm { insurer_number: "0613".into(), birth_date: "19790822".into(), ..IdentityForm::default() },
            asks_insurer: true,
            asks_relationship: true,
            terms: Some(Terms { version: 1, body: "1 / 2 / 3".into() }),
        }
    },
}
