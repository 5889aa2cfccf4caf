//! The host names of older systems, and the days on which they close.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    core::{app::App, audit, error::AppError, scope::StaffScope},
    features::societies::{acts::OLDER_HOST_DROPPED, older_host, queries},
    ui::{FormState, Page, PageContext},
};

/// A host name in the list.
pub(crate) struct OlderHostLine {
    host: String,
    closes: String,
}

#[derive(Template)]
#[template(path = "features/settings/older.html")]
pub(crate) struct OlderHostsPage {
    page: Page,
    form: FormState,
    lines: Vec<OlderHostLine>,
    typed: OlderHostForm,
}

/// The form for a host name.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct OlderHostForm {
    host: String,
    closes: String,
}

const TITLE: &str = "以前のシステムの終了";

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    typed: OlderHostForm,
) -> Result<OlderHostsPage, AppError> {
    let rows = queries::older_hosts_of(&app.db, staff).await?;
    let lines = rows.into_iter().map(|row| OlderHostLine { host: row.host, closes: row.closes.to_string() });
    Ok(OlderHostsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        lines: lines.collect(),
        typed,
    })
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<OlderHostsPage, AppError> {
    page(&app, &context, &staff, FormState::default(), OlderHostForm::default()).await
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<OlderHostForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let host = typed.host.trim().to_lowercase();
    let closes = typed.closes.trim().parse::<Date>().ok();
    if closes.is_none() {
        form.error("closes", "終了日を 2027-03-31 のように入力してください。");
    }
    match older_host::refused(&app, &staff, &host).await? {
        Some(older_host::HostRefusal::NoHostName) => {
            form.error("host", "ホスト名を old.example.jp のように入力してください。");
        }
        Some(older_host::HostRefusal::Taken) => form.error("host", "このホスト名は、ほかで使われています。"),
        None => {}
    }
    let Some(closes) = closes.filter(|_| !form.has_errors()) else {
        return Ok(page(&app, &context, &staff, form, typed).await?.into_response());
    };
    older_host::keep_checked(&app, &staff, &host, closes).await?;
    Ok(Redirect::to("/console/settings/older-hosts").into_response())
}

pub(crate) async fn remove(
    State(app): State<App>,
    staff: StaffScope,
    Form(OlderHostForm { host, .. }): Form<OlderHostForm>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    if !queries::older_host_drop(&mut tx, &staff, &host).await? {
        return Err(AppError::NotFound);
    }
    audit::record(&app, &mut tx, &staff, OLDER_HOST_DROPPED, None, &host).await?;
    tx.commit().await?;
    app.societies.forget();
    Ok(Redirect::to("/console/settings/older-hosts").into_response())
}

crate::ui::console_pages! {
    OlderHostsPage => |context| {
        let mut form = FormState::default();
        form.error("closes", "終了日を 2027-03-31 のように入力してください。");
        Self {
            page: context.console_with_errors(TITLE),
            form,
            lines: vec![OlderHostLine { host: "old.minato.example".into(), closes: "2027-03-31".into() }],
            typed: OlderHostForm { host: "older.minato.example".into(), closes: String::new() },
        }
    },
}
