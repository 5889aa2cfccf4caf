//! The second factor of a staff login, and the check of a code or a passkey.

use askama::Template;
use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_auth::totp::TotpKey;

use super::{
    acts::{STAFF_FACTOR_ADDED, STAFF_LOCKED, STAFF_WRONG_CODE},
    events::{StaffEvent, tell},
    login::{PendingStaffLogin, forgotten},
    queries::{self, StaffFactorRow, StaffRow},
    session,
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        client_info::ClientInfo,
        error::AppError,
        scope::{PublicScope, SystemScope},
        sealed::{self, SealContext},
        society::InSociety,
    },
    features::account::credentials::{
        CeremonyAnswer, CeremonyKind, json_error, json_redirect, relying_party, start_ceremony, take_ceremony,
        verified_or_none,
    },
    ui::{FormState, Page, PageContext, cookie::with_cookies},
};

/// The number of wrong codes in a row that lock the account until an administrator unlocks it: a person who types codes
/// knows the password.
const WRONG_CODES: i32 = 10;

pub(super) const REFUSED: &str = "パスキーを確認できませんでした。もう一度試すか、アプリのコードを入力してください。";
pub(super) const WRONG: &str = "確認コードが正しくありません。アプリに新しく表示された数字を入力してください。";

/// The factors that a page for proving identity shows.
pub(crate) struct StaffFactors {
    /// Apps: number and label.
    pub(crate) apps: Vec<(i64, String)>,
    pub(crate) passkey: bool,
}

impl StaffFactors {
    pub(super) fn of(factors: &[StaffFactorRow]) -> Self {
        let apps = factors.iter().filter(|factor| factor.kind == "app");
        Self {
            apps: apps.map(|app| (app.factor_id, app.label.clone())).collect(),
            passkey: factors.iter().any(|factor| factor.credential.is_some()),
        }
    }
}

#[derive(Template)]
#[template(path = "features/staff/prove.html")]
pub(crate) struct StaffFactorPage {
    page: Page,
    form: FormState,
    ways: StaffFactors,
}

/// The form for a code.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TypedCode {
    pub(super) code: String,
    pub(super) device: i64,
    pub(super) return_to: String,
}

const TITLE: &str = "二要素認証";

/// Returns the name of the key's row, for its seal.
pub(super) fn key_row(staff_id: i64, factor_id: i64) -> String {
    format!("{staff_id}/{factor_id}")
}

/// Takes the code of one of the apps, in the transaction. Returns false if it is wrong or was used before.
pub(super) async fn code_taken(
    app: &App,
    tx: &mut yui_db::Tx,
    scope: &impl InSociety,
    staff_id: i64,
    typed: &TypedCode,
) -> anyhow::Result<bool> {
    let factors = queries::factors_in(tx, scope, staff_id).await?;
    let device = factors.into_iter().find(|factor| factor.factor_id == typed.device);
    let Some((device, sealed)) = device.and_then(|device| Some((device.clone(), device.sealed_key?))) else {
        return Ok(false);
    };
    let row = key_row(staff_id, device.factor_id);
    let key = sealed::open(app, scope, SealContext("staff_factors", "sealed_key", &row), &sealed)?;
    let Some(key) = TotpKey::from_bytes(&key) else { return Ok(false) };
    let now = app.clock.now();
    match key.matched_step(&typed.code, now.as_second(), device.last_step) {
        Some(step) => Ok(queries::factor_step(tx, scope, staff_id, (device.factor_id, step), now).await?),
        None => Ok(false),
    }
}

/// Counts a wrong code, and if it locks the account, records that and tells its owner. Returns whether the account is
/// locked.
pub(super) async fn wrong_code(app: &App, scope: &SystemScope, staff: &StaffRow) -> anyhow::Result<bool> {
    let mut tx = app.db.begin().await?;
    let locks = queries::wrong_code(&mut tx, scope, staff.staff_id, (WRONG_CODES, app.clock.now())).await?;
    if locks == Some(true) {
        let subject = Subject::new("staff", staff.staff_id, &staff.name);
        queries::sessions_delete_of(&mut tx, scope, staff.staff_id, &[0; 32]).await?;
        tell(app, &mut tx, scope, staff.staff_id, StaffEvent::Locked).await?;
        audit::record(app, &mut tx, scope, STAFF_LOCKED, Some(&subject), "").await?;
    } else {
        audit::record(app, &mut tx, scope, STAFF_WRONG_CODE, None, "").await?;
    }
    tx.commit().await?;
    if locks == Some(true) {
        app.mail.wake();
    }
    Ok(locks != Some(false))
}

/// Returns the passkey that the answer proves, used in the transaction.
pub(super) async fn passkey_used(
    app: &App,
    tx: &mut yui_db::Tx,
    scope: &impl InSociety,
    staff_id: i64,
    (answer, state): (&CeremonyAnswer, &str),
) -> anyhow::Result<bool> {
    let factors = queries::factors_in(tx, scope, staff_id).await?;
    let passkeys: Vec<_> = factors.iter().filter(|factor| factor.credential.is_some()).collect();
    let stored: Vec<_> = passkeys.iter().filter_map(|factor| factor.credential.clone()).collect();
    let party = relying_party(app, scope)?;
    let Some((which, used)) = verified_or_none(party.factor_finish(state, &answer.credential.to_string(), &stored))?
    else {
        return Ok(false);
    };
    let Some(passkey) = passkeys.get(which) else { return Ok(false) };
    let whose = (staff_id, passkey.factor_id);
    queries::factor_used(tx, scope, whose, used.updated.as_deref(), app.clock.now()).await?;
    Ok(true)
}

fn page(context: &PageContext, form: FormState, ways: StaffFactors) -> StaffFactorPage {
    let page = if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) };
    StaffFactorPage { page, form, ways }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    login: PendingStaffLogin,
) -> Result<Response, AppError> {
    let factors = queries::factors(&app.db, &login.scope, login.staff.staff_id).await?;
    if factors.is_empty() {
        return Ok(Redirect::to("/console/register").into_response());
    }
    Ok(page(&context, FormState::default(), StaffFactors::of(&factors)).into_response())
}

/// Returns the actor of a login that is not a session yet: the command line's and workers' scope names them.
pub(super) fn acting(scope: &PublicScope, staff: &StaffRow, client: &ClientInfo) -> SystemScope {
    SystemScope::of_staff_logging_in(scope, staff.staff_id, &staff.name, &client.address.to_string())
}

pub(super) async fn app_submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    login: PendingStaffLogin,
    Form(typed): Form<TypedCode>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    if !code_taken(&app, &mut tx, &login.scope, login.staff.staff_id, &typed).await? {
        drop(tx);
        if wrong_code(&app, &acting(&login.scope, &login.staff, &client), &login.staff).await? {
            return Ok(with_cookies(Redirect::to("/console/login").into_response(), vec![forgotten(&app)]));
        }
        let mut form = FormState::default();
        form.error("code", WRONG);
        let factors = queries::factors(&app.db, &login.scope, login.staff.staff_id).await?;
        return Ok(page(&context, form, StaffFactors::of(&factors)).into_response());
    }
    advance(&app, &client, login, tx).await
}

pub(super) async fn passkey_begin(State(app): State<App>, login: PendingStaffLogin) -> Result<Response, AppError> {
    begin(&app, &login.scope, (CeremonyKind::StaffFactor, login.staff.staff_id)).await
}

/// Asks for one of the passkeys of a member of staff.
pub(super) async fn begin(
    app: &App,
    scope: &impl InSociety,
    (kind, staff_id): (CeremonyKind, i64),
) -> Result<Response, AppError> {
    let factors = queries::factors(&app.db, scope, staff_id).await?;
    let stored: Vec<_> = factors.into_iter().filter_map(|factor| factor.credential).collect();
    if stored.is_empty() {
        return Err(AppError::NotFound);
    }
    let ceremony = relying_party(app, scope)?.factor_begin(&stored)?;
    start_ceremony(app, scope, (kind, Some(staff_id)), ceremony).await
}

pub(super) async fn passkey_finish(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    login: PendingStaffLogin,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    let whose = (CeremonyKind::StaffFactor, login.staff.staff_id);
    let Some(state) = take_ceremony(&app, &login.scope, (whose.0, Some(whose.1)), &answer).await? else {
        return Ok(json_error(&context, REFUSED));
    };
    let mut tx = app.db.begin().await?;
    if !passkey_used(&app, &mut tx, &login.scope, whose.1, (&answer, &state)).await? {
        return Ok(json_error(&context, REFUSED));
    }
    Ok(json_redirect(advance(&app, &client, login, tx).await?))
}

/// Opens the session after both factors are proved.
pub(super) async fn advance(
    app: &App,
    client: &ClientInfo,
    login: PendingStaffLogin,
    tx: yui_db::Tx,
) -> Result<Response, AppError> {
    arrive_with(app, client, login, tx, None).await
}

/// As [`advance`], by a factor that was registered just now, with this label. The audit entry comes last.
pub(super) async fn arrive_with(
    app: &App,
    client: &ClientInfo,
    login: PendingStaffLogin,
    mut tx: yui_db::Tx,
    registered: Option<(&SystemScope, &str)>,
) -> Result<Response, AppError> {
    let opened =
        session::open(app, &login.scope, client, &login.staff, &login.token_hash, login.device, &mut tx).await?;
    let Some(mut cookies) = opened else {
        return Ok(with_cookies(Redirect::to("/console/login").into_response(), vec![forgotten(app)]));
    };
    if let Some((actor, label)) = registered {
        audit::record(app, &mut tx, actor, STAFF_FACTOR_ADDED, None, label).await?;
    }
    tx.commit().await?;
    cookies.push(forgotten(app));
    Ok(with_cookies(Redirect::to(&login.return_to).into_response(), cookies))
}

crate::ui::console_pages! {
    StaffFactorPage => |context| {
        let mut form = FormState::default();
        form.error("code", WRONG);
        page(context, form, StaffFactors { apps: vec![(1, "スマートフォン".into()), (2, "予備".into())], passkey: true })
    },
}
