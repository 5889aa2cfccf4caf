//! The first page of a society's host.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    error::AppError,
    features::expenses::{YearSoFar, year_so_far},
    scope::{InSociety, MemberScope, PublicScope},
    ui::{Page, Shell, pages},
};

#[derive(Template)]
#[template(path = "features/top/welcome.html")]
struct WelcomePage {
    page: Page,
    years: u8,
}

#[derive(Template)]
#[template(path = "features/top/home.html")]
struct HomePage {
    page: Page,
    year: YearSoFar,
}

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    scope: PublicScope,
    member: Option<Extension<MemberScope>>,
) -> Result<Response, AppError> {
    let Some(Extension(member)) = member else {
        let years = scope.society().policy.expenses_visible_years;
        return Ok(WelcomePage { page: shell.page("トップページ"), years }.into_response());
    };
    let year = year_so_far(&app, &shell, &member).await?;
    Ok(HomePage { page: shell.page("トップページ"), year }.into_response())
}

pages! {
    WelcomePage => |shell| Self { page: shell.page("トップページ"), years: 5 },
    HomePage => |shell| Self { page: shell.page("トップページ"), year: YearSoFar::sample(shell) },
}
