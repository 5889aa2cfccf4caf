//! Taking back what waits, after having said how many that are.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{announce::AnnouncementAct, order::order, queries};
use crate::{
    core::{app::App, error::AppError, scope::StaffScope},
    ui::{Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/migration/announcements/take_back.html")]
pub(crate) struct MigrationTakeBackPage {
    page: Page,
    mails: i64,
    /// Mails are being written just now.
    sending: bool,
}

const TITLE: &str = "案内メールの取消し";

/// Returns how many mails wait, and whether more are being written.
async fn waiting(app: &App, staff: &StaffScope) -> Result<(i64, bool), AppError> {
    let rows = queries::waiting(&app.db, staff, app.clock.now()).await?;
    Ok((rows.iter().map(|row| row.mails).sum(), queries::is_sending(&app.db, staff).await?))
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<Response, AppError> {
    match waiting(&app, &staff).await? {
        (0, false) => Ok(Redirect::to("/console/migration?done=nothing").into_response()),
        (mails, sending) => Ok(MigrationTakeBackPage { page: context.console(TITLE), mails, sending }.into_response()),
    }
}

pub(crate) async fn submit(State(app): State<App>, staff: StaffScope) -> Result<Redirect, AppError> {
    let (mails, sending) = waiting(&app, &staff).await?;
    if mails == 0 && !sending {
        return Ok(Redirect::to("/console/migration?done=nothing"));
    }
    order(&app, &staff.acting(), AnnouncementAct::TakeBack, &format!("{}通", format::yen(mails))).await?;
    Ok(Redirect::to("/console/migration?done=taking-back"))
}

crate::ui::console_pages! {
    MigrationTakeBackPage => |context| Self { page: context.console(TITLE), mails: 1_204, sending: true },
}
