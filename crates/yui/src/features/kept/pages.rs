//! The page that leads on with a kept form: it holds the fields, and sends them to where they were going.

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};

use super::keep::{Owner, forgotten, kept, take};
use crate::{
    app::App,
    error::AppError,
    features::account::proving::with_cookies,
    scope::{InSociety, MemberScope, StaffScope},
    ui::{Page, Shell},
};

/// The members' page.
pub(crate) const MEMBERS_PAGE: &str = "/kept";

/// The staff's.
pub(crate) const STAFF_PAGE: &str = "/console/kept";

#[derive(Template)]
#[template(path = "features/kept/kept.html")]
pub(crate) struct KeptPage {
    page: Page,
    fields: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "features/kept/console.html")]
pub(crate) struct StaffKeptPage {
    page: Page,
    fields: Vec<(String, String)>,
}

const TITLE: &str = "入力した内容が残っています";

pub(super) async fn member_show(
    State(app): State<App>,
    shell: Shell,
    member: MemberScope,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let owner = Owner::Member(member.account_id);
    Ok(match kept(&app, &member, owner, &headers).await? {
        Some(kept) => KeptPage { page: shell.page(TITLE), fields: kept.fields }.into_response(),
        None => Redirect::to("/").into_response(),
    })
}

pub(super) async fn staff_show(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let owner = Owner::Staff(staff.staff_id);
    Ok(match kept(&app, &staff, owner, &headers).await? {
        Some(kept) => StaffKeptPage { page: shell.console(TITLE), fields: kept.fields }.into_response(),
        None => Redirect::to("/console").into_response(),
    })
}

/// Has the browser send its fields on to where they were going (RFC 9110 15.4.8), once.
async fn go_on(
    app: &App,
    scope: &impl InSociety,
    owner: Owner,
    headers: &HeaderMap,
    otherwise: &str,
) -> Result<Response, AppError> {
    let onward = match take(app, scope, owner, headers).await? {
        Some(path) => Redirect::temporary(&path),
        None => Redirect::to(otherwise),
    };
    Ok(with_cookies(onward.into_response(), vec![forgotten(app)]))
}

pub(super) async fn member_go_on(
    State(app): State<App>,
    member: MemberScope,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    go_on(&app, &member, Owner::Member(member.account_id), &headers, "/").await
}

pub(super) async fn staff_go_on(
    State(app): State<App>,
    staff: StaffScope,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    go_on(&app, &staff, Owner::Staff(staff.staff_id), &headers, "/console").await
}

async fn discard(
    app: &App,
    scope: &impl InSociety,
    owner: Owner,
    headers: &HeaderMap,
    to: &str,
) -> Result<Response, AppError> {
    take(app, scope, owner, headers).await?;
    Ok(with_cookies(Redirect::to(to).into_response(), vec![forgotten(app)]))
}

pub(super) async fn member_discard(
    State(app): State<App>,
    member: MemberScope,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    discard(&app, &member, Owner::Member(member.account_id), &headers, "/").await
}

pub(super) async fn staff_discard(
    State(app): State<App>,
    staff: StaffScope,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    discard(&app, &staff, Owner::Staff(staff.staff_id), &headers, "/console").await
}

crate::ui::pages! {
    KeptPage => |shell| Self { page: shell.page(TITLE), fields: vec![("email".into(), "testtaro01@example.jp".into())] },
}

crate::ui::console_pages! {
    StaffKeptPage => |shell| Self { page: shell.console(TITLE), fields: vec![("name".into(), "見本 次郎".into())] },
}
