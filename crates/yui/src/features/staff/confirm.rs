//! Before a dangerous act, whoever is signed in proves the second factor again.

use askama::Template;
use axum::{
    Form, Json,
    extract::{FromRequest, Query, Request, State},
    http::Method,
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{
    login::console_path,
    prove::{REFUSED, TypedCode, WRONG, Ways, begin, code_taken, passkey_used, wrong_code},
    queries, session,
};
use crate::{
    app::App,
    error::AppError,
    features::account::proving::{Answer, Kind, encoded, leading, saying, taken, with_cookies},
    scope::StaffScope,
    ui::{FormState, Page, Shell},
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
    ways: Ways,
    return_to: String,
    again: Again,
}

#[derive(Template)]
#[template(path = "features/staff/again.html")]
pub(crate) struct StaffAgainPage {
    page: Page,
    return_to: String,
    again: Again,
}

/// What a form had sent when a fresher proof was wanted: it is sent on afterwards, so that nothing typed is lost.
#[derive(Default)]
struct Again {
    fields: Vec<(String, String)>,
    /// The same as JSON, for the form that proves.
    json: String,
}

/// Fields that do not come back to a page.
const SECRET: [&str; 4] = ["password", "new_password", "new_password_again", "key"];

impl Again {
    fn of(fields: Vec<(String, String)>) -> anyhow::Result<Self> {
        if fields.iter().any(|(name, _)| SECRET.contains(&name.as_str())) {
            return Ok(Self::default());
        }
        let json = serde_json::to_string(&fields)?;
        Ok(Self { fields, json })
    }

    /// Returns what the form that proves brought; nothing where it can not be read.
    fn read(json: &str) -> Self {
        let fields = serde_json::from_str(json).ok();
        fields.and_then(|fields| Self::of(fields).ok()).unwrap_or_default()
    }

    fn is_nothing(&self) -> bool {
        self.json.is_empty()
    }
}

/// Answers a form that wants a fresher proof than there is: by the page that proves, which keeps what was sent. What it can not keep, as
/// a file or a password, is typed again on the page it came from.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn before(
    app: &App,
    shell: &Shell,
    staff: &StaffScope,
    request: Request,
    from: &str,
) -> Result<Response, AppError> {
    let to = request.uri().path().to_owned();
    let fields = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let again = fields.map_or_else(|_| Ok(Again::default()), |Form(fields)| Again::of(fields))?;
    if again.is_nothing() {
        return Ok(Redirect::to(&path(from)).into_response());
    }
    Ok(page(app, shell, staff, FormState::default(), to, again).await?.into_response())
}

/// Where to go on afterwards.
#[derive(Deserialize)]
pub(super) struct Whither {
    #[serde(default)]
    return_to: String,
}

/// Returns whether the second factor must be proved again before this request.
pub(crate) fn due(app: &App, staff: &StaffScope, method: &Method) -> bool {
    let life = if *method == Method::GET { FRESH } else { FRESH_ENOUGH };
    app.clock.now().duration_since(staff.proved_at) > life
}

/// Returns the address of the page that proves and leads on to this path.
pub(crate) fn path(return_to: &str) -> String {
    format!("/console/confirm?return_to={}", encoded(return_to))
}

const TITLE: &str = "本人の再確認";
const AGAIN: &str = "本人を確認しました";

async fn page(
    app: &App,
    shell: &Shell,
    staff: &StaffScope,
    form: FormState,
    return_to: String,
    again: Again,
) -> Result<StaffConfirmPage, AppError> {
    let page = if form.has_errors() { shell.console_with_errors(TITLE) } else { shell.console(TITLE) };
    let factors = queries::factors(&app.db, staff, staff.staff_id).await?;
    Ok(StaffConfirmPage { page, form, ways: Ways::of(&factors), return_to, again })
}

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Query(Whither { return_to }): Query<Whither>,
) -> Result<StaffConfirmPage, AppError> {
    page(&app, &shell, &staff, FormState::default(), console_path(&return_to), Again::default()).await
}

pub(super) async fn submit(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Form(typed): Form<TypedCode>,
) -> Result<Response, AppError> {
    let return_to = console_path(&typed.return_to);
    let again = Again::read(&typed.again);
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
        return Ok(page(&app, &shell, &staff, form, return_to, again).await?.into_response());
    }
    let Some(cookie) = proved(&app, &staff, tx).await? else {
        return Ok(Redirect::to("/console/login").into_response());
    };
    let response = if again.is_nothing() {
        Redirect::to(&return_to).into_response()
    } else {
        StaffAgainPage { page: shell.console(AGAIN), return_to, again }.into_response()
    };
    Ok(with_cookies(response, vec![cookie]))
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
    begin(&app, &staff, (Kind::StaffConfirm, staff.staff_id)).await
}

pub(super) async fn passkey_finish(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Json(answer): Json<Answer>,
) -> Result<Response, AppError> {
    let whose = (Kind::StaffConfirm, staff.staff_id);
    let Some(state) = taken(&app, &staff, (whose.0, Some(whose.1)), &answer).await? else {
        return Ok(saying(&shell, REFUSED));
    };
    let mut tx = app.db.begin().await?;
    if !passkey_used(&app, &mut tx, &staff, whose.1, (&answer, &state)).await? {
        return Ok(saying(&shell, REFUSED));
    }
    let response = match proved(&app, &staff, tx).await? {
        Some(cookie) => with_cookies(Redirect::to(&console_path(&answer.return_to)).into_response(), vec![cookie]),
        None => Redirect::to("/console/login").into_response(),
    };
    Ok(leading(response))
}

crate::ui::console_pages! {
    StaffConfirmPage => |shell| {
        let mut form = FormState::default();
        form.error("code", WRONG);
        let ways = Ways { apps: vec![(1, "スマートフォン".into())], passkey: true };
        let again = Again::of(vec![("name".into(), "見本 次郎".into())]).unwrap_or_default();
        Self { page: shell.console_with_errors(TITLE), form, ways, return_to: "/console/staff/new".into(), again }
    },
    StaffAgainPage => |shell| Self {
        page: shell.console(AGAIN),
        return_to: "/console/staff/new".into(),
        again: Again::of(vec![("name".into(), "見本 次郎".into())]).unwrap_or_default(),
    },
}
