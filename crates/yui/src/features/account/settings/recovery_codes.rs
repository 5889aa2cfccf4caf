//! Recovery codes: shown once, to be printed; each works once instead of a lost factor.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use yui_auth::code;

use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        scope::MemberScope,
        sealed::{self, SealContext},
        society::InSociety,
    },
    features::account::{
        events::{AccountEvent, record_event},
        queries,
    },
    ui::{Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/account/settings/recovery_codes.html")]
pub(crate) struct RecoveryCodesPage {
    page: Page,
    /// The fresh codes; none before they are made.
    codes: Vec<String>,
    unused: usize,
}

const TITLE: &str = "回復コード";

fn may(member: &MemberScope) -> Result<(), AppError> {
    if member.society().policy.recovery_codes { Ok(()) } else { Err(AppError::NotFound) }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
) -> Result<RecoveryCodesPage, AppError> {
    may(&member)?;
    let unused = queries::recovery_unused(&app.db, &member, member.account_id).await?.len();
    Ok(RecoveryCodesPage { page: context.page(TITLE), codes: Vec::new(), unused })
}

pub(in super::super) async fn make(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    client: ClientInfo,
) -> Result<Response, AppError> {
    may(&member)?;
    let id = member.account_id;
    let codes = code::recovery_codes(app.random.bytes()?);
    let mut sealed = Vec::with_capacity(codes.len());
    for (place, code) in (1..).zip(&codes) {
        let row = format!("{id}/{place}");
        let plain = code.text();
        sealed.push(sealed::seal(&app, &member, SealContext("recovery_codes", "sealed_code", &row), plain.as_bytes())?);
    }
    let mut tx = app.db.begin().await?;
    queries::recovery_replace(&mut tx, &member, id, sealed).await?;
    record_event(&app, &mut tx, &member, Some(&client), id, AccountEvent::RecoveryCodesMade).await?;
    tx.commit().await?;
    app.mail.wake();
    let codes = codes.iter().map(|code| code.text().to_string()).collect::<Vec<_>>();
    let unused = codes.len();
    Ok(RecoveryCodesPage { page: context.page(TITLE).shown_once(), codes, unused }.into_response())
}

crate::ui::pages! {
    RecoveryCodesPage => |context| {
        Self { page: context.page(TITLE).shown_once(), codes: vec!["ABCD-EFGH-JKMN-PQRS".into(); 10], unused: 10 }
    },
}
