//! `yui society show`.

use jiff::Timestamp;

use crate::{
    core::{
        app::App,
        clock::japan,
        scope::SystemScope,
        society::{InSociety, maintenance},
    },
    features::{
        account, expenses, imports, register,
        societies::{self, signing_key},
    },
    ui::Lang,
};

/// How many maintenance windows are told.
const WINDOWS: usize = 12;

/// Prints what there is to know of a society.
pub(super) async fn show(app: &App, scope: &SystemScope) -> anyhow::Result<()> {
    let (society, now) = (scope.society(), app.clock.now());
    let line = |name: &str, words: &str| say!("{name:<18} {words}");
    line("society", &format!("{} ({})", society.key, society.name));
    line("id", &society.society_id.to_string());
    line("portal", &app.portal_address(society));
    line("insurer numbers", &societies::insurer_numbers(app, scope).await?.join(", "));

    let (households, members) = register::counts(app, scope).await?;
    line("register", &format!("{households} households, {members} members"));
    let accounts = account::staff::counts(app, scope).await?;
    let states: Vec<_> = accounts.iter().map(|of| format!("{} {}", of.accounts, of.state)).collect();
    let locked: i64 = accounts.iter().map(|of| of.locked).sum();
    let states = if states.is_empty() { "none".to_owned() } else { states.join(", ") };
    line("accounts", &format!("{states}; {locked} locked"));
    line("expenses", &format!("{} rows", expenses::count(app, scope).await?));
    let batches = imports::batches(app, scope).await?;
    let newest = batches.last().map(|batch| {
        let (kind, state) = (batch.kind.as_str(), batch.state.as_str());
        format!("batch {}: {kind}, {state}, {} rows, {}", batch.batch_id, batch.accepted, batch.file_name)
    });
    line("newest import", newest.as_deref().unwrap_or("none"));
    line("signing key", &signing_key_words(app, scope, now).await);

    let rules = &society.policy.maintenance;
    for error in rules.iter().filter_map(|rule| rule.check().err()) {
        line("maintenance", &format!("a rule that never comes: {error}"));
    }
    let windows: Vec<_> = maintenance::windows(rules, now).take(WINDOWS).collect();
    if windows.is_empty() {
        line("maintenance", "none");
    }
    for (place, window) in windows.iter().enumerate() {
        let year = window.begins.to_zoned(japan()).year();
        line(if place == 0 { "maintenance" } else { "" }, &format!("{year}, {}", window.words(Lang::En)));
    }
    say!("policy             {}", serde_json::to_string_pretty(&society.policy)?);
    Ok(())
}

/// Says until when tax files can be signed, or why they cannot.
async fn signing_key_words(app: &App, scope: &SystemScope, now: Timestamp) -> String {
    match signing_key::newest(app, scope).await {
        Ok(None) => "none kept: tax files cannot be signed".to_owned(),
        Err(error) => format!("{error:#}"),
        Ok(Some(key)) => {
            let until = key.valid_until();
            let day = until.to_zoned(japan()).date();
            match until.duration_since(now).as_hours() / 24 {
                days if until <= now => format!("expired on {day}, {} days ago", -days),
                days => format!("valid until {day}, {days} days from now"),
            }
        }
    }
}
