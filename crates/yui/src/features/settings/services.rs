//! Which services members see, and in what order.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::keep::{newest, policy_keep};
use crate::{
    core::{
        app::App,
        error::AppError,
        scope::StaffScope,
        society::{Policy, Service},
    },
    features::societies::acts::POLICY_CHANGED,
    ui::{FormState, Page, PageContext},
};

/// A service in the form.
pub(crate) struct ServiceLine {
    word: &'static str,
    label: &'static str,
    on: bool,
    place: usize,
}

#[derive(Template)]
#[template(path = "features/settings/services.html")]
pub(crate) struct ServicesPage {
    page: Page,
    form: FormState,
    version: i64,
    lines: Vec<ServiceLine>,
}

const TITLE: &str = "サービスの公開と順番";

fn lines(services: &[Service]) -> Vec<ServiceLine> {
    let place = |service: &Service| services.iter().position(|one| one == service);
    let mut all: Vec<_> = Service::ALL.iter().collect();
    all.sort_by_key(|service| place(service).unwrap_or(usize::MAX));
    let line = |(at, service): (usize, &&Service)| ServiceLine {
        word: service.as_str(),
        label: service.label(),
        on: services.contains(service),
        place: at + 1,
    };
    all.iter().enumerate().map(line).collect()
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<ServicesPage, AppError> {
    let (version, policy) = newest(&app, &staff).await?;
    let lines = lines(&policy.services);
    Ok(ServicesPage { page: context.console(TITLE), form: FormState::default(), version, lines })
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    axum::Form(typed): axum::Form<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let value = |name: &str| typed.iter().find(|(typed, _)| typed == name).map(|(_, value)| value.trim());
    let mut chosen: Vec<_> = Service::ALL
        .into_iter()
        .filter(|service| value(service.as_str()).is_some())
        .map(|service| (value(&format!("place-{}", service.as_str())).and_then(|place| place.parse().ok()), service))
        .collect();
    let mut form = FormState::default();
    if chosen.iter().any(|(place, _): &(Option<u8>, _)| place.is_none()) {
        form.error("services", "表示の順番は1から9までの数字で入力してください。");
    } else {
        chosen.sort_by_key(|(place, _)| *place);
        let services: Vec<_> = chosen.into_iter().map(|(_, service)| service).collect();
        let words = |services: &[Service]| services.iter().map(|one| one.label()).collect::<Vec<_>>().join("、");
        let (_, old) = newest(&app, &staff).await?;
        let detail = format!("サービス: {} → {}", words(&old.services), words(&services));
        let new = Policy { services, ..old };
        let seen = value("version").and_then(|version| version.parse().ok()).unwrap_or_default();
        if policy_keep(&app, &staff, (seen, &new), POLICY_CHANGED, &detail).await? {
            return Ok(Redirect::to("/console/settings").into_response());
        }
        form.error("services", "ほかの職員が先に設定を変更しました。今の設定を表示しています。");
    }
    let (version, policy) = newest(&app, &staff).await?;
    let lines = lines(&policy.services);
    Ok(ServicesPage { page: context.console_with_errors(TITLE), form, version, lines }.into_response())
}

crate::ui::console_pages! {
    ServicesPage => |context| Self {
        page: context.console(TITLE),
        form: FormState::default(),
        version: 3,
        lines: lines(&[Service::Deduction]),
    },
}
