//! OTPアプリ: a key for the app as a picture and as text, proved by its first code.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use yui_auth::{
    qr,
    token::Token,
    totp::{KEY_LEN, TotpKey},
};
use yui_db::Tx;
use zeroize::Zeroizing;

use super::owner::{FactorOwner, bare, factor_id, label};
use crate::{
    core::{
        app::App,
        client_info::ClientInfo,
        error::AppError,
        random::hex,
        sealed::{self, SealContext},
        society::{Factor, InSociety, ids_take},
    },
    features::account::{
        queries::{self, NewFactorRow},
        steps::SecondFactor,
    },
    ui::{
        FormState, Page, PageContext,
        cookie::{self, with_cookies},
    },
};

const KIND: &str = "app_register";

/// The life of a key before its first code: longer than it takes to find and install an app, and to log in again.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The cookie of the browser that a key is shown to. Sessions and logins change while somebody installs an app; the browser stays.
const SHOWN_COOKIE: &str = "yui_app_key";

/// The shortest remaining life of a key that is shown again.
const STILL: SignedDuration = SignedDuration::from_mins(5);

#[derive(Template)]
#[template(path = "features/account/add_factor/app.html")]
pub(crate) struct AppPage {
    page: Page,
    form: FormState,
    question: String,
    key: String,
    /// The address that opens an app on the same device.
    uri: String,
    label: String,
    sign_out_everywhere: bool,
    may_wait: bool,
    signed_in: bool,
}

/// The form for adding an authenticator app.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct AddAppForm {
    question: String,
    code: String,
    label: String,
    sign_out_everywhere: Option<String>,
}

const TITLE: &str = "ワンタイムパスワードの設定";

async fn page(
    app: &App,
    context: &PageContext,
    registrant: &FactorOwner,
    form: FormState,
    typed: AddAppForm,
    key: &TotpKey,
) -> Result<Response, AppError> {
    let person = queries::person(&app.db, registrant.scope(), registrant.account_id()).await?;
    let page = AppPage {
        page: if form.has_errors() { context.page_with_errors(TITLE) } else { context.page(TITLE) },
        form,
        question: typed.question,
        key: key.base32_in_groups().to_string(),
        label: typed.label,
        sign_out_everywhere: typed.sign_out_everywhere.is_some(),
        may_wait: registrant.may_wait(),
        signed_in: matches!(registrant, FactorOwner::Member(..)),
        uri: key.uri(&registrant.scope().society().name, &person.user_id).to_string(),
    };
    Ok(page.into_response())
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    headers: HeaderMap,
    registrant: FactorOwner,
) -> Result<Response, AppError> {
    if !registrant.may(Factor::App) {
        return Ok(Redirect::to("/factors?choose=yes").into_response());
    }
    let browser = AppKeyBrowser::of(&app, &headers);
    let pending = match browser {
        Some(browser) => pending(&app, &registrant, browser).await?,
        None => None,
    };
    let (Pending { key, token }, cookie) = match (pending, browser) {
        (Some(pending), _) => (pending, None),
        (None, Some(browser)) => (begin(&app, &registrant, browser).await?, None),
        (None, None) => {
            let fresh = app.random.token()?;
            let cookie = cookie::set(app.config.http.https, SHOWN_COOKIE, &fresh.text(), Some(LIFE.as_secs()));
            (begin(&app, &registrant, AppKeyBrowser(*fresh.hash().as_bytes())).await?, Some(cookie))
        }
    };
    let typed = AddAppForm { question: token, ..AddAppForm::default() };
    let page = page(&app, &context, &registrant, FormState::default(), typed, &key).await?;
    Ok(with_cookies(page, cookie.into_iter().collect()))
}

/// A browser that a key is shown to, by the hash of its token.
#[derive(Clone, Copy, Debug)]
struct AppKeyBrowser([u8; 32]);

impl AppKeyBrowser {
    fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        let token = cookie::get(headers, app.config.http.https, SHOWN_COOKIE).and_then(Token::parse)?;
        Some(Self(*token.hash().as_bytes()))
    }
}

/// A key that waits for its first code, in sealed form.
#[derive(Serialize, Deserialize)]
struct Sealed {
    key: Vec<u8>,
    /// The text of the question's token, so that the page can be shown again.
    token: String,
    /// The browser that it is shown to.
    shown_to: Vec<u8>,
}

/// A key that waits for its first code, opened.
struct Pending {
    key: TotpKey,
    token: String,
}

fn opened(
    app: &App,
    registrant: &FactorOwner,
    browser: AppKeyBrowser,
    (token_hash, sealed): (&[u8], &[u8]),
) -> anyhow::Result<Option<Pending>> {
    let place = hex(token_hash);
    let state = sealed::open(app, registrant.scope(), SealContext("ceremonies", "sealed_state", &place), sealed)?;
    // What an earlier version has sealed is the key alone: the page is shown anew.
    let Ok(Sealed { key, token, shown_to }) = serde_json::from_slice(&state) else { return Ok(None) };
    let key = TotpKey::from_bytes(&key).filter(|_| shown_to == browser.0);
    Ok(key.map(|key| Pending { key, token }))
}

/// Returns the key that this browser was shown and whose first code is still to come: phones discard the page when the
/// user changes to the app, and the picture that was scanned must stay valid.
async fn pending(app: &App, registrant: &FactorOwner, browser: AppKeyBrowser) -> anyhow::Result<Option<Pending>> {
    let until = app.clock.now().checked_add(STILL)?;
    let whose = (KIND, registrant.account_id());
    for row in queries::ceremonies_of(&app.db, registrant.scope(), whose, until).await? {
        if let Some(pending) = opened(app, registrant, browser, (&row.token_hash, &row.sealed_state))? {
            return Ok(Some(pending));
        }
    }
    Ok(None)
}

/// Makes a key and keeps it until its first code.
async fn begin(app: &App, registrant: &FactorOwner, browser: AppKeyBrowser) -> anyhow::Result<Pending> {
    let key = TotpKey::from_random(app.random.bytes::<KEY_LEN>()?);
    let question = app.random.token()?;
    let (hash, token) = (*question.hash().as_bytes(), question.text().to_string());
    let shown_to = browser.0.to_vec();
    let state =
        Zeroizing::new(serde_json::to_vec(&Sealed { key: key.bytes().to_vec(), token: token.clone(), shown_to })?);
    let sealed = sealed::seal(app, registrant.scope(), SealContext("ceremonies", "sealed_state", &hex(&hash)), &state)?;
    let ends_at = app.clock.now().checked_add(LIFE)?;
    let mut tx = app.db.begin().await?;
    let whose = (KIND, Some(registrant.account_id()));
    queries::ceremony_insert(&mut tx, registrant.scope(), &hash, whose, &sealed, ends_at).await?;
    tx.commit().await?;
    Ok(Pending { key, token })
}

/// Returns the key that waits for this registrant in this browser, and the hash of its question.
async fn waiting(
    app: &App,
    registrant: &FactorOwner,
    headers: &HeaderMap,
    question: &str,
) -> anyhow::Result<Option<(TotpKey, [u8; 32])>> {
    let (Some(token), Some(browser)) = (Token::parse(question), AppKeyBrowser::of(app, headers)) else {
        return Ok(None);
    };
    let hash = *token.hash().as_bytes();
    let row = queries::ceremony(&app.db, registrant.scope(), &hash, KIND, app.clock.now()).await?;
    let Some(row) = row.filter(|row| row.account_id == Some(registrant.account_id())) else { return Ok(None) };
    Ok(opened(app, registrant, browser, (&hash, &row.sealed_state))?.map(|pending| (pending.key, hash)))
}

/// Returns the key as a picture, which can be saved for apps that read pictures.
pub(in super::super) async fn qr(
    State(app): State<App>,
    headers: HeaderMap,
    registrant: FactorOwner,
    Path(question): Path<String>,
) -> Result<Response, AppError> {
    let Some((key, _)) = waiting(&app, &registrant, &headers, &question).await? else { return Err(AppError::NotFound) };
    let person = queries::person(&app.db, registrant.scope(), registrant.account_id()).await?;
    let png = qr::qr_png(&key.uri(&registrant.scope().society().name, &person.user_id))?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

pub(in super::super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    client: ClientInfo,
    headers: HeaderMap,
    registrant: FactorOwner,
    Form(typed): Form<AddAppForm>,
) -> Result<Response, AppError> {
    if !registrant.may(Factor::App) {
        return Ok(Redirect::to("/factors?choose=yes").into_response());
    }
    let Some((key, question)) = waiting(&app, &registrant, &headers, &typed.question).await? else {
        return Ok(Redirect::to("/factors/app").into_response());
    };
    let (scope, id, now) = (registrant.scope(), registrant.account_id(), app.clock.now());
    let mut form = FormState::default();
    let step = key.matched_step(&typed.code, now.as_second(), None);
    if step.is_none() {
        form.error(
            "code",
            context.t("ワンタイムパスワードが正しくありません。アプリに新しく表示された数字を入力してください。"),
        );
    }
    let name = label(&typed.label);
    let taken = queries::factors(&app.db, scope, id).await?;
    if name.is_empty() {
        form.error("label", context.t("デバイス名を入力してください。"));
    } else if taken.iter().any(|factor| factor.kind == Factor::App && factor.label == name) {
        form.error("label", context.t("同じデバイス名が登録されています。別の名前を入力してください。"));
    }
    if form.has_errors() {
        return page(&app, &context, &registrant, form, typed, &key).await;
    }
    let Some(mut tx) = registrant.begin(&app, SecondFactor::App).await? else {
        return Ok(Redirect::to("/login/continue").into_response());
    };
    // The second submission of the same page finds the key used.
    if queries::ceremony_take(&mut tx, scope, &question, KIND, now).await?.is_none() {
        return Ok(Redirect::to("/factors/app").into_response());
    }
    let factor_id = factor_id(&mut tx, scope).await?;
    let row = format!("{id}/{factor_id}");
    let sealed = sealed::seal(&app, scope, SealContext("factors", "sealed_key", &row), key.bytes())?;
    let new = NewFactorRow { sealed_key: Some(sealed), last_step: step, ..bare(factor_id, Factor::App, &name) };
    queries::factor_insert(&mut tx, scope, id, new, now).await?;
    let everywhere = typed.sign_out_everywhere.is_some();
    registrant.registered(&app, &client, tx, (Factor::App, name.clone()), everywhere).await
}

/// Registers an app whose key is known already, for an account that begins with it.
pub(in super::super) async fn insert(
    app: &App,
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    key: &TotpKey,
) -> anyhow::Result<()> {
    let factor_id = ids_take(tx, scope, "factor", 1).await?;
    let row = format!("{account_id}/{factor_id}");
    let sealed = sealed::seal(app, scope, SealContext("factors", "sealed_key", &row), key.bytes())?;
    let new = NewFactorRow { sealed_key: Some(sealed), ..bare(factor_id, Factor::App, "スマートフォン") };
    Ok(queries::factor_insert(tx, scope, account_id, new, app.clock.now()).await?)
}

crate::ui::pages! {
    AppPage => |context| {
        let mut form = FormState::default();
        form.error("code", context.t("ワンタイムパスワードが正しくありません。アプリに新しく表示された数字を入力してください。"));
        Self {
            page: context.page_with_errors(TITLE),
            form,
            question: "question".into(),
            key: "JBSW Y3DP EHPK 3PXP".into(),
            uri: "otpauth://totp/x:testtaro01?secret=JBSWY3DPEHPK3PXP".into(),
            label: "phone".into(),
            sign_out_everywhere: false,
            may_wait: true,
            signed_in: false,
        }
    },
}
