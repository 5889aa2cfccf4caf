//! The index of the settings, with their present values.

use askama::Template;
use axum::extract::State;

use crate::{
    core::{
        app::App,
        error::AppError,
        scope::StaffScope,
        society::{InSociety, maintenance::windows},
    },
    features::societies::signing_key,
    ui::{Lang, Page, PageContext, format},
};

/// A line of the list.
pub(crate) struct SettingsLink {
    href: &'static str,
    label: &'static str,
    now: String,
}

#[derive(Template)]
#[template(path = "features/settings/index.html")]
pub(crate) struct SettingsPage {
    page: Page,
    entries: Vec<SettingsLink>,
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<SettingsPage, AppError> {
    let society = staff.society();
    let key = match signing_key::valid_until(&app, &staff).await? {
        None => "登録されていません（医療費控除の申告データを作れません）".to_owned(),
        Some(end) => format!("{}まで有効", format::minute(end)),
    };
    let next = windows(&society.policy.maintenance, app.clock.now()).next();
    let next = next.map(|window| format!("次は {}", window.words(Lang::Ja)));
    let entry = |href, label, now: String| SettingsLink { href, label, now };
    let services = society.policy.services.iter().map(|service| service.label()).collect::<Vec<_>>().join("、");
    let senders = &society.policy.senders;
    let sender = society.policy.postcards.sender.first().map(String::as_str);
    Ok(SettingsPage {
        page: context.console("組合の設定"),
        entries: vec![
            entry(
                "/console/settings/policy",
                "登録・ログイン・表示の決まり",
                format!("第{}版", society.policy_version),
            ),
            entry("/console/settings/services", "サービスの公開と順番", services),
            entry("/console/settings/maintenance", "メンテナンスの時間", next.unwrap_or_else(|| "なし".to_owned())),
            entry("/console/settings/branding", "名称・色・ロゴ", society.name.clone()),
            entry("/console/settings/mail", "メールの差出人", format!("{}@ ほか", senders.no_reply)),
            entry(
                "/console/settings/postcards",
                "仮IDのハガキ",
                sender.unwrap_or("差出人の住所がありません").to_owned(),
            ),
            entry("/console/settings/signing-key", "電子署名の鍵", key),
            entry("/console/settings/older-hosts", "以前のシステムの終了", String::new()),
        ],
    })
}

crate::ui::console_pages! {
    SettingsPage => |context| Self {
        page: context.console("組合の設定"),
        entries: vec![SettingsLink {
            href: "/console/settings/policy",
            label: "登録・ログイン・表示の決まり",
            now: "第3版".into(),
        }],
    },
}
