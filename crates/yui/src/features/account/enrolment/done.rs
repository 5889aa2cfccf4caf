//! The end of enrolment, for the classic flow: done, and メニューへ.

use askama::Template;
use axum::extract::State;

use crate::{
    core::{app::App, error::AppError, scope::MemberScope},
    features::account::queries,
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/enrolment/done.html")]
pub(crate) struct DonePage {
    page: Page,
    user_id: String,
    mailed: bool,
}

const TITLE: &str = "登録完了";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: MemberScope,
) -> Result<DonePage, AppError> {
    let person = queries::person(&app.db, &scope, scope.account_id).await?;
    Ok(DonePage { page: context.page(TITLE), user_id: person.user_id, mailed: person.email.is_some() })
}

crate::ui::pages! {
    DonePage => |context| Self { page: context.page(TITLE), user_id: "testtaro01".into(), mailed: true },
}
