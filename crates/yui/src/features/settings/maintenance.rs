//! The times when the portal is closed to members: rules, and the dates that follow from them.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::keep::{newest, policy_keep};
use crate::{
    core::{
        app::App,
        error::AppError,
        scope::StaffScope,
        society::{
            MaintenanceRule, Policy,
            maintenance::{RuleError, windows},
        },
    },
    features::societies::acts::POLICY_CHANGED,
    ui::{FormState, Lang, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/settings/maintenance.html")]
pub(crate) struct MaintenancePage {
    page: Page,
    form: FormState,
    version: i64,
    rules: Vec<String>,
    coming: Vec<String>,
    typed: MaintenanceForm,
}

/// The form for a rule, or for removing one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct MaintenanceForm {
    version: i64,
    on: String,
    nth: String,
    weekday: String,
    day: String,
    from_hour: String,
    to_hour: String,
    /// The index of the rule to remove, from 0 on.
    place: Option<usize>,
}

const TITLE: &str = "メンテナンスの時間";

/// The number of dates on the page.
const DATES: usize = 12;

/// The most rules a society has.
const RULES: usize = 10;

const WEEKDAYS: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];

impl MaintenanceRule {
    /// Returns the rule in (Japanese) words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Weekday { nth, weekday, from_hour, to_hour } => {
                let name = WEEKDAYS.get(usize::from(*weekday).saturating_sub(1)).copied().unwrap_or_default();
                format!("毎月 第{nth}{name}曜日 {from_hour}:00〜{to_hour}:00")
            }
            Self::DayOfMonth { day, from_hour, to_hour } => {
                format!("毎月 {day}日（休みの日は前の営業日） {from_hour}:00〜{to_hour}:00")
            }
        }
    }
}

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    typed: MaintenanceForm,
) -> Result<MaintenancePage, AppError> {
    let (version, Policy { maintenance, .. }) = newest(app, staff).await?;
    let coming = windows(&maintenance, app.clock.now()).take(DATES).map(|window| window.words(Lang::Ja));
    Ok(MaintenancePage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        version,
        coming: coming.collect(),
        rules: maintenance.iter().map(MaintenanceRule::words).collect(),
        typed,
    })
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<MaintenancePage, AppError> {
    page(&app, &context, &staff, FormState::default(), MaintenanceForm::default()).await
}

/// Reads a rule; adds its mistakes to the form.
fn rule(typed: &MaintenanceForm, form: &mut FormState) -> Option<MaintenanceRule> {
    let number = |text: &str| text.trim().parse::<u8>().ok();
    let hours = (number(&typed.from_hour), number(&typed.to_hour));
    let (Some(from_hour), Some(to_hour)) = hours else {
        form.error("from_hour", "時刻は0から24までの数字で入力してください。");
        return None;
    };
    let rule = match typed.on.as_str() {
        "weekday" => match (number(&typed.nth), number(&typed.weekday)) {
            (Some(nth @ 1..=5), Some(weekday @ 1..=7)) => MaintenanceRule::Weekday { nth, weekday, from_hour, to_hour },
            _ => {
                form.error("nth", "第何の何曜日かを選んでください。");
                return None;
            }
        },
        "day_of_month" => match number(&typed.day) {
            Some(day @ 1..=31) => MaintenanceRule::DayOfMonth { day, from_hour, to_hour },
            _ => {
                form.error("day", "日は1から31までの数字で入力してください。");
                return None;
            }
        },
        _ => {
            form.error("on", "決め方を選んでください。");
            return None;
        }
    };
    match rule.check() {
        Ok(()) => Some(rule),
        Err(RuleError::Hours) => {
            form.error("from_hour", "終わりの時刻は、始まりの時刻より後にしてください。");
            None
        }
        Err(_) => {
            form.error("on", "この決め方に当たる日がありません。");
            None
        }
    }
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<MaintenanceForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let rule = rule(&typed, &mut form);
    let (_, old) = newest(&app, &staff).await?;
    if old.maintenance.len() >= RULES {
        form.error("on", "決まりは10個までです。");
    }
    let Some(rule) = rule.filter(|_| !form.has_errors()) else {
        return Ok(page(&app, &context, &staff, form, typed).await?.into_response());
    };
    let detail = format!("メンテナンスを追加: {}", rule.words());
    let maintenance = old.maintenance.iter().cloned().chain([rule]).collect();
    kept(&app, &context, &staff, (typed, Policy { maintenance, ..old }), &detail).await
}

pub(crate) async fn remove(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<MaintenanceForm>,
) -> Result<Response, AppError> {
    let (_, mut policy) = newest(&app, &staff).await?;
    let place = typed.place.filter(|place| *place < policy.maintenance.len()).ok_or(AppError::NotFound)?;
    let detail = format!("メンテナンスをやめる: {}", policy.maintenance.remove(place).words());
    kept(&app, &context, &staff, (typed, policy), &detail).await
}

async fn kept(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    (typed, policy): (MaintenanceForm, Policy),
    detail: &str,
) -> Result<Response, AppError> {
    if policy_keep(app, staff, (typed.version, &policy), POLICY_CHANGED, detail).await? {
        return Ok(Redirect::to("/console/settings/maintenance").into_response());
    }
    let mut form = FormState::default();
    form.error("on", "ほかの職員が先に設定を変更しました。今の設定を表示しています。");
    Ok(page(app, context, staff, form, typed).await?.into_response())
}

crate::ui::console_pages! {
    MaintenancePage => |context| {
        let mut form = FormState::default();
        form.error("from_hour", "終わりの時刻は、始まりの時刻より後にしてください。");
        let rule = MaintenanceRule::Weekday { nth: 3, weekday: 4, from_hour: 19, to_hour: 22 };
        Self {
            page: context.console_with_errors(TITLE),
            form,
            version: 3,
            rules: vec![rule.words()],
            coming: vec!["12月17日（木）19:00〜22:00".into()],
            typed: MaintenanceForm { on: "weekday".into(), from_hour: "22".into(), to_hour: "19".into(), ..MaintenanceForm::default() },
        }
    },
}
