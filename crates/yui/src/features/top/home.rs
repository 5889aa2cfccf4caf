//! The first page of a society's host.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};

use crate::{
    core::{
        app::App,
        error::AppError,
        scope::{MemberScope, PublicScope},
        society::InSociety,
    },
    features::{
        account,
        expenses::{LeadingYear, leading_year_of},
    },
    ui::{Page, PageContext, pages},
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
    /// None where it was too long ago that the person was proved.
    year: Option<LeadingYear>,
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: PublicScope,
    member: Option<Extension<MemberScope>>,
) -> Result<Response, AppError> {
    let Some(Extension(member)) = member else {
        let years = scope.society().policy.expenses_visible_years;
        return Ok(WelcomePage { page: context.page("トップページ"), years }.into_response());
    };
    let year = match account::due_for_health(&app, &member) {
        true => None,
        false => Some(leading_year_of(&app, &context, &member).await?),
    };
    Ok(HomePage { page: context.page("トップページ"), year }.into_response())
}

pages! {
    WelcomePage => |context| Self { page: context.page("トップページ"), years: 5 },
    HomePage => |context| Self { page: context.page("トップページ"), year: Some(LeadingYear::sample(context)) },
}
