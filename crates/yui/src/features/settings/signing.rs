//! The key that signs tax files: its upload, its test, and the warning before it expires.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::{
    core::{app::App, error::AppError, scope::StaffScope},
    features::societies::signing_key::{self, KeyRefusal},
    ui::{FormState, Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/settings/signing.html")]
pub(crate) struct SigningKeyPage {
    page: Page,
    form: FormState,
    certificate: String,
    /// The end of the present certificate.
    until: Option<String>,
    warning: &'static str,
}

/// The form for a signing key.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SigningKeyForm {
    key: String,
    certificate: String,
}

const TITLE: &str = "電子署名の鍵";

/// The time before its end from which a certificate is warned of.
const WARNED: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Returns the warning about a certificate with this end.
fn warning(now: Timestamp, until: Option<Timestamp>) -> &'static str {
    match until {
        None => "鍵が登録されていないため、医療費控除の申告データ（XML）を作れません。",
        Some(until) if until <= now => "証明書の有効期限が切れています。新しい鍵を登録してください。",
        Some(until) if until.duration_since(now) <= WARNED => {
            "証明書の有効期限が近づいています。新しい鍵を用意してください。"
        }
        Some(_) => "",
    }
}

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    certificate: String,
) -> Result<SigningKeyPage, AppError> {
    let until = signing_key::valid_until(app, staff).await?;
    Ok(SigningKeyPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        certificate,
        until: until.map(format::minute),
        warning: warning(app.clock.now(), until),
    })
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<SigningKeyPage, AppError> {
    page(&app, &context, &staff, FormState::default(), String::new()).await
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<SigningKeyForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    if typed.key.trim().is_empty() {
        form.error("key", "秘密鍵（PEM形式）を貼り付けてください。");
    }
    if typed.certificate.trim().is_empty() {
        form.error("certificate", "証明書（PEM形式）を貼り付けてください。");
    }
    if !form.has_errors() {
        // Trying it is part of reading it: a document is signed and its signature looked at.
        match signing_key::try_out(&typed.key, &typed.certificate, app.clock.now()) {
            Ok(()) => {}
            Err(KeyRefusal::Key) => {
                form.error("key", "秘密鍵を読めません。RSAまたはECDSA（P-256）のPEM形式か、ご確認ください。")
            }
            Err(KeyRefusal::Certificate) => {
                form.error("certificate", "証明書を読めません。PEM形式か、ご確認ください。")
            }
            Err(KeyRefusal::Mismatch) => {
                form.error("certificate", "この証明書は、貼り付けた秘密鍵のものではありません。")
            }
            Err(KeyRefusal::Over) => form.error("certificate", "この証明書は有効期限が切れています。"),
            Err(KeyRefusal::Signature) => form.error("key", "この鍵で試しに署名できませんでした。"),
        }
    }
    if form.has_errors() {
        // The private key does not come back to the page.
        return Ok(page(&app, &context, &staff, form, typed.certificate).await?.into_response());
    }
    let mut tx = app.db.begin().await?;
    signing_key::keep_in(&app, &mut tx, &staff, &typed.key, &typed.certificate).await?;
    tx.commit().await?;
    Ok(Redirect::to("/console/settings/signing-key").into_response())
}

crate::ui::console_pages! {
    SigningKeyPage => |context| {
        let mut form = FormState::default();
        form.error("key", "秘密鍵（PEM形式）を貼り付けてください。");
        Self {
            page: context.console_with_errors(TITLE),
            form,
            certificate: "-----BEGIN CERTIFICATE-----".into(),
            until: Some("2027/01/01 00:00".into()),
            warning: "証明書の有効期限が近づいています。新しい鍵を用意してください。",
        }
    },
}
