//! Before a dangerous act, staff prove the second factor again.

use askama::Template;
use axum::{
    Form, Json,
    extract::{Query, State},
    http::Method,
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{
    login::console_path,
    prove::{REFUSED, StaffFactors, TypedCode, WRONG, begin, code_taken, passkey_used, wrong_code},
    queries, session,
};
use crate::{
    core::{app::App, error::AppError, scope::StaffScope},
    features::{
        account::credentials::{CeremonyAnswer, CeremonyKind, json_error, json_redirect, take_ceremony},
        kept::late::{LateFormMessage, with_word},
    },
    ui::{FormState, Page, PageContext, cookie::with_cookies, page::encoded},
};

/// How long a proof is fresh enough to open the page of something dangerous.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// … and to do it.
const FRESH_ENOUGH: SignedDuration = SignedDuration::from_mins(20);

#[derive(Template)]
#[template(path = "features/staff/confirm.html")]
pub(crate) struct StaffConfirmPage {
    page: Page,
    form: FormState,
    ways: StaffFactors,
    return_to: String,
    /// Whether a form waits for the proof.
    kept: bool,
}

/// The query of the page's address.
#[derive(Deserialize)]
pub(super) struct StaffConfirmQuery {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    ended: String,
}

/// Returns whether the second factor must be proved again before this request.
pub(crate) fn due(app: &App, staff: &StaffScope, method: &Method) -> bool {
    let life = if *method == Method::GET { FRESH } else { FRESH_ENOUGH };
    app.clock.now().duration_since(staff.proved_at) > life
}

/// Returns the address of the page that proves and leads on to this path.
pub(super) fn path(return_to: &str) -> String {
    format!("/console/confirm?return_to={}", encoded(return_to))
}

/// Returns the same, which says that a form is kept where one is.
pub(crate) fn path_after(return_to: &str, told: LateFormMessage) -> String {
    let path = path(return_to);
    if told == LateFormMessage::Kept { with_word(path, told) } else { path }
}

const TITLE: &str = "本人の再確認";

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    (return_to, kept): (String, bool),
) -> Result<StaffConfirmPage, AppError> {
    let page = if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) };
    let factors = queries::factors(&app.db, staff, staff.staff_id).await?;
    Ok(StaffConfirmPage { page, form, ways: StaffFactors::of(&factors), return_to, kept })
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(StaffConfirmQuery { return_to, ended }): Query<StaffConfirmQuery>,
) -> Result<StaffConfirmPage, AppError> {
    page(&app, &context, &staff, FormState::default(), (console_path(&return_to), ended == "kept")).await
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<TypedCode>,
) -> Result<Response, AppError> {
    let return_to = console_path(&typed.return_to);
    let mut tx = app.db.begin().await?;
    if !code_taken(&app, &mut tx, &staff, staff.staff_id, &typed).await? {
        drop(tx);
        let row = queries::staff_by_id(&app.db, &staff, staff.staff_id).await?;
        if let Some(row) = row
            && wrong_code(&app, &staff.acting(), &row).await?
        {
            return Ok(Redirect::to("/console/login").into_response());
        }
        let mut form = FormState::default();
        form.error("code", WRONG);
        return Ok(page(&app, &context, &staff, form, (return_to, false)).await?.into_response());
    }
    let Some(cookie) = proved(&app, &staff, tx).await? else {
        return Ok(Redirect::to("/console/login").into_response());
    };
    Ok(with_cookies(Redirect::to(&return_to).into_response(), vec![cookie]))
}

/// Keeps the proof; returns the session's new cookie, or nothing where the session is over.
async fn proved(app: &App, staff: &StaffScope, mut tx: yui_db::Tx) -> anyhow::Result<Option<String>> {
    let cookie = session::renew(app, staff, &mut tx).await?;
    if cookie.is_some() {
        queries::proved(&mut tx, staff, staff.staff_id).await?;
        tx.commit().await?;
    }
    Ok(cookie)
}

pub(super) async fn passkey_begin(State(app): State<App>, staff: StaffScope) -> Result<Response, AppError> {
    begin(&app, &staff, (CeremonyKind::StaffConfirm, staff.staff_id)).await
}

pub(super) async fn passkey_finish(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    let whose = (CeremonyKind::StaffConfirm, staff.staff_id);
    let Some(state) = take_ceremony(&app, &staff, (whose.0, Some(whose.1)), &answer).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let mut tx = app.db.begin().await?;
    if !passkey_used(&app, &mut tx, &staff, whose.1, (&answer, &state)).await? {
        return Ok(json_error(&context, REFUSED));
    }
    let response = match proved(&app, &staff, tx).await? {
        Some(cookie) => with_cookies(Redirect::to(&console_path(&answer.return_to)).into_response(), vec![cookie]),
        None => Redirect::to("/console/login").into_response(),
    };
    Ok(json_redirect(response))
}

crate::ui::console_pages! {
    StaffConfirmPage => |context| {
        let mut form = FormState::default();
        form.error("code", WRONG);
        let ways = StaffFactors { apps: vec![(1, "スマートフォン".into())], passkey: true };
        let return_to = "/console/staff/new".to_owned();
        Self { page: context.console_with_errors(TITLE), form, ways, return_to, kept: true }
    },
}
