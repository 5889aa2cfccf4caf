//! One registered factor: another name, or gone. The last one that the society accepts stays.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    core::{app::App, client_info::ClientInfo, error::AppError, scope::MemberScope, society::InSociety},
    features::account::{
        add_factor::{LABEL_MAX, label},
        events::{AccountEvent, record_event},
        queries::{self, FactorRecord},
    },
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/settings/factor_delete.html")]
pub(crate) struct FactorDeletePage {
    page: Page,
    id: i64,
    label: String,
    /// It is the last one: another must take its place first.
    last: bool,
}

#[derive(Template)]
#[template(path = "features/account/settings/factor_rename.html")]
pub(crate) struct FactorRenamePage {
    page: Page,
    form: FormState,
    id: i64,
    label: String,
    most: usize,
}

/// The new name.
#[derive(Deserialize)]
pub(in super::super) struct FactorForm {
    #[serde(default)]
    label: String,
}

const DELETE: &str = "認証方法の削除";
const RENAME: &str = "名前の変更";

/// Returns the factor, and whether it is the last that the society accepts.
async fn factor(app: &App, member: &MemberScope, id: i64) -> Result<(FactorRecord, bool), AppError> {
    let factors = queries::factors(&app.db, member, member.account_id).await?;
    let accepted = &member.society().policy.factors;
    let others = factors.iter().any(|factor| factor.factor_id != id && accepted.contains(&factor.kind));
    let factor = factors.into_iter().find(|factor| factor.factor_id == id);
    Ok((factor.ok_or(AppError::NotFound)?, !others && !accepted.is_empty()))
}

pub(in super::super) async fn delete_show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    Path(id): Path<i64>,
) -> Result<FactorDeletePage, AppError> {
    let (factor, last) = factor(&app, &member, id).await?;
    Ok(FactorDeletePage { page: context.page(DELETE), id, label: factor.label, last })
}

pub(in super::super) async fn delete(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    client: ClientInfo,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let (factor, last) = factor(&app, &member, id).await?;
    if last {
        return Ok(FactorDeletePage { page: context.page(DELETE), id, label: factor.label, last }.into_response());
    }
    let mut tx = app.db.begin().await?;
    // Holds the account: of two deletions at once the second finds what the first has left.
    queries::revision_raise(&mut tx, &member, member.account_id).await?;
    let left = queries::factors_in(&mut tx, &member, member.account_id).await?;
    let accepted = &member.society().policy.factors;
    if !accepted.is_empty() && !left.iter().any(|other| other.factor_id != id && accepted.contains(&other.kind)) {
        return Ok(FactorDeletePage { page: context.page(DELETE), id, label: factor.label, last: true }.into_response());
    }
    queries::factor_delete(&mut tx, &member, member.account_id, id).await?;
    let what = AccountEvent::FactorRemoved(factor.label);
    record_event(&app, &mut tx, &member, Some(&client), member.account_id, what).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/settings/login?done=removed").into_response())
}

fn rename_page(context: &PageContext, form: FormState, id: i64, label: String) -> FactorRenamePage {
    let page = if form.has_errors() { context.page_with_errors(RENAME) } else { context.page(RENAME) };
    FactorRenamePage { page, form, id, label, most: LABEL_MAX }
}

pub(in super::super) async fn rename_show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    Path(id): Path<i64>,
) -> Result<FactorRenamePage, AppError> {
    let (factor, _) = factor(&app, &member, id).await?;
    Ok(rename_page(&context, FormState::default(), id, factor.label))
}

pub(in super::super) async fn rename(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    Path(id): Path<i64>,
    Form(typed): Form<FactorForm>,
) -> Result<Response, AppError> {
    factor(&app, &member, id).await?;
    let mut form = FormState::default();
    let name = label(&typed.label);
    if name.is_empty() {
        form.error("label", context.t("名前を入力してください。"));
        return Ok(rename_page(&context, form, id, typed.label).into_response());
    }
    let mut tx = app.db.begin().await?;
    match queries::factor_label(&mut tx, &member, member.account_id, id, &name).await {
        Err(error) if error.is_taken("factors_account_id_kind_label") => {
            form.error("label", context.t("同じ名前が登録されています。別の名前を入力してください。"));
            return Ok(rename_page(&context, form, id, typed.label).into_response());
        }
        renamed => renamed?,
    };
    tx.commit().await?;
    Ok(Redirect::to("/settings/login?done=renamed").into_response())
}

crate::ui::pages! {
    FactorDeletePage => |context| {
        Self { page: context.page(DELETE), id: 1, label: "iCloud Keychain".into(), last: false }
    },
    FactorRenamePage => |context| rename_page(context, FormState::default(), 1, "iCloud Keychain".into()),
}
