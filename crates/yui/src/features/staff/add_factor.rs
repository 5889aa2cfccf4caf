//! Adding a second factor: after the first password, before anything else; and further ones later.

use askama::Template;
use axum::{
    Form, Json,
    extract::{FromRequestParts, Path, State},
    http::{header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use yui_auth::{
    passkey::PasskeyUser,
    qr,
    token::Token,
    totp::{KEY_LEN, TotpKey},
};

use super::{
    acts::STAFF_FACTOR_ADDED,
    confirm,
    events::{StaffEvent, tell},
    login::PendingStaffLogin,
    prove::{self, acting, key_row},
    queries::{self, NewStaffFactor},
};
use crate::{
    core::{
        app::App,
        audit,
        client_info::ClientInfo,
        error::AppError,
        random::hex,
        scope::{PublicScope, StaffScope},
        sealed::{self, SealContext},
        society::{InSociety, ids_take},
    },
    features::account::credentials::{
        CeremonyAnswer, CeremonyKind, ceremony, ceremony_insert, ceremony_take, json_error, json_redirect,
        passkey_is_of_staff, relying_party, start_ceremony, take_ceremony, verified_or_none,
    },
    ui::{FormState, Page, PageContext},
};

const KIND: &str = "staff_app_register";

/// The life of a key before its first code.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

#[derive(Template)]
#[template(path = "features/staff/add_factor.html")]
pub(crate) struct StaffAddFactorPage {
    page: Page,
    form: FormState,
    question: String,
    key: String,
    label: String,
    /// Whether it is the first one, without which nobody can log in.
    first: bool,
}

/// The form for adding an authenticator app.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StaffAppForm {
    question: String,
    code: String,
    label: String,
}

const TITLE: &str = "認証方法の登録";

/// The person who adds a factor: a login with a proved password and no factor yet, or a session with a recent
/// confirmation.
pub(super) enum StaffRegistrant {
    PendingLogin(PendingStaffLogin),
    SignedIn(PublicScope, StaffScope),
}

impl StaffRegistrant {
    fn scope(&self) -> &PublicScope {
        match self {
            Self::PendingLogin(login) => &login.scope,
            Self::SignedIn(scope, _) => scope,
        }
    }

    fn staff_id(&self) -> i64 {
        match self {
            Self::PendingLogin(login) => login.staff.staff_id,
            Self::SignedIn(_, staff) => staff.staff_id,
        }
    }

    fn first(&self) -> bool {
        matches!(self, Self::PendingLogin(_))
    }

    /// Tells the owner of an added factor, commits it and redirects.
    async fn registered(
        self,
        app: &App,
        client: &ClientInfo,
        mut tx: yui_db::Tx,
        label: &str,
    ) -> Result<Response, AppError> {
        let answer = match self {
            Self::PendingLogin(login) => {
                // Two tabs, or a second thief of the password: the first factor is one alone.
                if queries::factors_in(&mut tx, &login.scope, login.staff.staff_id).await?.len() != 1 {
                    return Ok(Redirect::to("/console/login").into_response());
                }
                let actor = acting(&login.scope, &login.staff, client);
                tell(app, &mut tx, &actor, login.staff.staff_id, StaffEvent::FactorAdded(label)).await?;
                prove::arrive_with(app, client, login, tx, Some((&actor, label))).await?
            }
            Self::SignedIn(_, staff) => {
                tell(app, &mut tx, &staff, staff.staff_id, StaffEvent::FactorAdded(label)).await?;
                audit::record(app, &mut tx, &staff, STAFF_FACTOR_ADDED, None, label).await?;
                tx.commit().await?;
                Redirect::to("/console/me?done=factor").into_response()
            }
        };
        app.mail.wake();
        Ok(answer)
    }
}

impl FromRequestParts<App> for StaffRegistrant {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let bug = |error: AppError| error.into_response();
        let scope = PublicScope::from_request_parts(parts, app).await.map_err(bug)?;
        let client = ClientInfo::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
        let staff = super::resolve(app, &scope, &parts.headers, &client).await.map_err(|e| bug(e.into()))?;
        if let Some(staff) = staff {
            if confirm::due(app, &staff, &parts.method) {
                return Err(Redirect::to(&confirm::path("/console/register")).into_response());
            }
            return Ok(Self::SignedIn(scope, staff));
        }
        let login = PendingStaffLogin::from_request_parts(parts, app).await?;
        let factors = queries::factors(&app.db, &scope, login.staff.staff_id).await;
        if !factors.map_err(|error| bug(error.into()))?.is_empty() {
            return Err(Redirect::to("/console/login/factor").into_response());
        }
        Ok(Self::PendingLogin(login))
    }
}

fn page(
    context: &PageContext,
    registrant: &StaffRegistrant,
    form: FormState,
    typed: StaffAppForm,
    key: &TotpKey,
) -> StaffAddFactorPage {
    StaffAddFactorPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        question: typed.question,
        key: key.base32_in_groups().to_string(),
        label: typed.label,
        first: registrant.first(),
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    registrant: StaffRegistrant,
) -> Result<Response, AppError> {
    let key = TotpKey::from_random(app.random.bytes::<KEY_LEN>()?);
    let token = app.random.token()?;
    let hash = *token.hash().as_bytes();
    let place = hex(&hash);
    let sealed =
        sealed::seal(&app, registrant.scope(), SealContext("ceremonies", "sealed_state", &place), key.bytes())?;
    let ends_at = app.clock.now().checked_add(LIFE)?;
    let mut tx = app.db.begin().await?;
    let whose = (KIND, Some(registrant.staff_id()));
    ceremony_insert(&mut tx, registrant.scope(), &hash, whose, &sealed, ends_at).await?;
    tx.commit().await?;
    let typed = StaffAppForm { question: token.text().to_string(), ..StaffAppForm::default() };
    Ok(page(&context, &registrant, FormState::default(), typed, &key).into_response())
}

/// Returns the key that waits for this registrant, and the hash of its question.
async fn waiting(
    app: &App,
    registrant: &StaffRegistrant,
    question: &str,
) -> anyhow::Result<Option<(TotpKey, [u8; 32])>> {
    let Some(token) = Token::parse(question) else { return Ok(None) };
    let hash = *token.hash().as_bytes();
    let row = ceremony(&app.db, registrant.scope(), &hash, KIND, app.clock.now()).await?;
    let Some(row) = row.filter(|row| row.account_id == Some(registrant.staff_id())) else { return Ok(None) };
    let place = hex(&hash);
    let key =
        sealed::open(app, registrant.scope(), SealContext("ceremonies", "sealed_state", &place), &row.sealed_state)?;
    Ok(TotpKey::from_bytes(&key).map(|key| (key, hash)))
}

/// Returns the key as a picture.
pub(super) async fn qr(
    State(app): State<App>,
    registrant: StaffRegistrant,
    Path(question): Path<String>,
) -> Result<Response, AppError> {
    let Some((key, _)) = waiting(&app, &registrant, &question).await? else { return Err(AppError::NotFound) };
    let staff = queries::staff_by_id(&app.db, registrant.scope(), registrant.staff_id()).await?;
    let email = staff.map(|staff| staff.email).unwrap_or_default();
    let issuer = format!("{} 管理画面", registrant.scope().society().name);
    let png = qr::qr_png(&key.uri(&issuer, &email))?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// Returns the label as it is kept.
fn label(typed: &str, otherwise: &str) -> String {
    let label: String = typed.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    if label.is_empty() { otherwise.to_owned() } else { label }
}

pub(super) async fn app_submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    registrant: StaffRegistrant,
    Form(typed): Form<StaffAppForm>,
) -> Result<Response, AppError> {
    let Some((key, question)) = waiting(&app, &registrant, &typed.question).await? else {
        return Ok(Redirect::to("/console/register").into_response());
    };
    let (scope, id, now) = (registrant.scope().clone(), registrant.staff_id(), app.clock.now());
    let Some(step) = key.matched_step(&typed.code, now.as_second(), None) else {
        let mut form = FormState::default();
        form.error("code", prove::WRONG);
        return Ok(page(&context, &registrant, form, typed, &key).into_response());
    };
    let mut tx = app.db.begin().await?;
    if ceremony_take(&mut tx, &scope, &question, KIND, now).await?.is_none() {
        return Ok(Redirect::to("/console/register").into_response());
    }
    queries::staff_hold(&mut tx, &scope, id).await?;
    let factor_id = ids_take(&mut tx, &scope, "staff_factor", 1).await?;
    let row = key_row(id, factor_id);
    let sealed_key = sealed::seal(&app, &scope, SealContext("staff_factors", "sealed_key", &row), key.bytes())?;
    let label = label(&typed.label, "認証アプリ");
    queries::factor_insert(&mut tx, &scope, (id, factor_id, &label), NewStaffFactor::App { sealed_key, step }, now)
        .await?;
    registrant.registered(&app, &client, tx, &label).await
}

pub(super) async fn passkey_begin(State(app): State<App>, registrant: StaffRegistrant) -> Result<Response, AppError> {
    let (scope, id) = (registrant.scope(), registrant.staff_id());
    let staff = queries::staff_by_id(&app.db, scope, id).await?.ok_or(AppError::NotFound)?;
    let factors = queries::factors(&app.db, scope, id).await?;
    let existing: Vec<_> = factors.into_iter().filter_map(|factor| factor.credential).collect();
    let handle = <[u8; 16]>::try_from(staff.handle.as_slice())?;
    let name = format!("{}（管理画面）", staff.email);
    let user = PasskeyUser { handle, name: &name, display_name: &staff.name };
    let ceremony = relying_party(&app, scope)?.register_begin(&user, &existing)?;
    start_ceremony(&app, scope, (CeremonyKind::StaffRegister, Some(id)), ceremony).await
}

const NOT_REGISTERED: &str = "パスキーを登録できませんでした。端末の顔認証・指紋認証・画面ロックが設定されているか確かめて、もう一度試してください。";

pub(super) async fn passkey_finish(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    registrant: StaffRegistrant,
    Json(answer): Json<CeremonyAnswer>,
) -> Result<Response, AppError> {
    let (scope, id) = (registrant.scope().clone(), registrant.staff_id());
    let Some(state) = take_ceremony(&app, &scope, (CeremonyKind::StaffRegister, Some(id)), &answer).await? else {
        return Ok(json_error(&context, NOT_REGISTERED));
    };
    let made = relying_party(&app, &scope)?.register_finish(&state, &answer.credential.to_string());
    let Some(new) = verified_or_none(made)? else { return Ok(json_error(&context, NOT_REGISTERED)) };
    if passkey_is_of_staff(&app.db, &scope, &new.credential_id).await? {
        return Ok(json_error(&context, NOT_REGISTERED));
    }
    let label = label(&answer.label, new.make.unwrap_or("パスキー"));
    let mut tx = app.db.begin().await?;
    queries::staff_hold(&mut tx, &scope, id).await?;
    let factor_id = ids_take(&mut tx, &scope, "staff_factor", 1).await?;
    let passkey = NewStaffFactor::Passkey { credential_id: new.credential_id, credential: new.stored };
    queries::factor_insert(&mut tx, &scope, (id, factor_id, &label), passkey, app.clock.now()).await?;
    Ok(json_redirect(registrant.registered(&app, &client, tx, &label).await?))
}

crate::ui::console_pages! {
    StaffAddFactorPage => |context| {
        let mut form = FormState::default();
        form.error("code", prove::WRONG);
        Self {
            page: context.console_with_errors(TITLE),
            form,
            question: "question".into(),
            key: "JBSW Y3DP EHPK 3PXP".into(),
            label: "自分のスマートフォン".into(),
            first: true,
        }
    },
}
