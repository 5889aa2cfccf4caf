//! The demo's own pages: the list of societies, and what tests and tools need.

use askama::Template;
use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    accounts::{ACCOUNTS, PASSWORD, STAFF, email, first_factor, totp_key},
    people::households,
    societies::SOCIETIES,
};
use crate::{
    core::{app::App, error::AppError, role::Role},
    features::account::create::FirstFactor,
    ui::{Page, PageContext, pages},
};

#[derive(Template)]
#[template(path = "demo/index.html")]
struct IndexPage {
    page: Page,
    societies: Vec<SocietyEntry>,
}

/// `/demo.json`.
#[derive(Serialize)]
pub(super) struct Everything {
    societies: Vec<SocietyEntry>,
}

#[derive(Serialize)]
struct SocietyEntry {
    key: &'static str,
    name: &'static str,
    host: String,
    url: String,
    #[serde(skip)]
    shows: &'static str,
    accounts: Vec<AccountEntry>,
    staff: Vec<StaffEntry>,
}

#[derive(Serialize)]
struct StaffEntry {
    role: &'static str,
    #[serde(skip)]
    label: &'static str,
    name: &'static str,
    email: String,
    password: &'static str,
    totp_key: String,
}

#[derive(Serialize)]
struct AccountEntry {
    state: &'static str,
    user_id: &'static str,
    password: &'static str,
    name: String,
    birth_date: String,
    insurer_number: &'static str,
    symbol: String,
    number: String,
    branch_number: String,
    email: String,
    totp_key: Option<String>,
}

impl StaffEntry {
    fn of((user, name, role): &(&str, &'static str, Role), society: &str) -> Self {
        Self {
            role: role.as_str(),
            label: role.label(),
            name,
            email: email(user, society),
            password: PASSWORD,
            totp_key: totp_key().base32().to_string(),
        }
    }
}

impl AccountEntry {
    fn state_label(&self) -> &'static str {
        match self.state {
            "temporary" => "（初回登録前）",
            "locked" => "（ロック中）",
            _ => "（登録済み）",
        }
    }
}

fn entries(app: &App) -> Vec<SocietyEntry> {
    let port = app.demo.as_ref().map_or(0, |demo| demo.port);
    let entry = |(demo, seed): (&'static super::societies::DemoSociety, u64)| {
        let key = demo.preset.key();
        let households = households(seed);
        let key_of_app = totp_key();
        let has_app = demo
            .preset
            .policy()
            .is_ok_and(|policy| matches!(first_factor(&policy, &key_of_app), Some(FirstFactor::App(_))));
        let account = |account: &'static super::accounts::DemoAccount| {
            let household = households.get(account.household)?;
            let insured = household.members.first()?;
            Some(AccountEntry {
                state: account.state,
                user_id: account.user_id,
                password: PASSWORD,
                name: insured.name.clone(),
                birth_date: insured.birth_date.strftime("%Y%m%d").to_string(),
                insurer_number: demo.insurer_number,
                symbol: household.symbol.clone(),
                number: household.number.clone(),
                branch_number: insured.branch.clone(),
                email: email(account.user_id, key),
                totp_key: (has_app && account.state != "temporary").then(|| key_of_app.base32().to_string()),
            })
        };
        SocietyEntry {
            key,
            name: demo.name,
            host: format!("{key}.localhost"),
            url: format!("http://{key}.localhost:{port}/"),
            shows: demo.shows,
            accounts: ACCOUNTS.iter().filter_map(account).collect(),
            staff: STAFF.iter().map(|staff| StaffEntry::of(staff, key)).collect(),
        }
    };
    SOCIETIES.iter().zip(1..).map(entry).collect()
}

pub(super) async fn index(State(app): State<App>, context: PageContext) -> Response {
    IndexPage { page: context.page("Yui 結 デモ"), societies: entries(&app) }.into_response()
}

pub(super) async fn json(State(app): State<App>) -> Json<Everything> {
    Json(Everything { societies: entries(&app) })
}

/// How far the portal's clock is moved.
#[derive(Deserialize)]
pub(super) struct Advance {
    advance_seconds: i64,
}

#[derive(Serialize)]
pub(super) struct Now {
    now: String,
}

pub(super) async fn clock(
    State(app): State<App>,
    Form(Advance { advance_seconds }): Form<Advance>,
) -> Result<Json<Now>, AppError> {
    if !app.clock.advance(advance_seconds) {
        return Err(AppError::NotFound);
    }
    app.mail.wake();
    Ok(Json(Now { now: app.clock.now().to_string() }))
}

pages! {
    IndexPage => |context| Self {
        page: context.page("Yui 結 デモ"),
        societies: vec![SocietyEntry {
            key: "minato",
            name: "みなと海運健康保険組合",
            host: "minato.localhost".into(),
            url: "http://minato.localhost:8080/".into(),
            shows: "5年分の医療費をご覧いただけます。",
            accounts: vec![AccountEntry {
                state: "enrolled",
                user_id: "testtaro01",
                password: PASSWORD,
                name: "テスト タロウ".into(),
                birth_date: "19790822".into(),
                insurer_number: "06139018",
                symbol: "800".into(),
                number: "1234".into(),
                branch_number: "00".into(),
                email: "testtaro01@minato.example".into(),
                totp_key: None,
            }],
            staff: STAFF.iter().map(|staff| StaffEntry::of(staff, "minato")).collect(),
        }],
    },
}
