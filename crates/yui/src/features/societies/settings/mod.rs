//! 組合の設定: everything that a society's administrators decide themselves.

mod branding;
mod colour;
mod consequences;
mod fields;
mod index;
mod loosen;
mod mail;
mod maintenance;
mod older;
mod policy;
mod postcards;
mod services;
mod signing;

use anyhow::Context;
pub(crate) use loosen::loosen;
use serde_json::Value;
use yui_db::Tx;

use crate::{
    core::{
        app::App,
        audit::{self, Acting, AuditAction, Subject},
        role::Right,
        routes::{
            Permission::{Anybody, Staff, StaffFresh},
            Routes,
        },
        society::{InSociety, Policy},
    },
    features::societies::queries,
};

/// The pages of the settings, and what a society's own colour and sign are fetched by.
pub(crate) fn routes(routes: Routes) -> Routes {
    let (look, manage) = (Staff(Right::Manage), StaffFresh(Right::Manage));
    routes
        .get("/brand/{file}", Anybody, branding::file)
        .get("/console/settings", look, index::show)
        .get("/console/settings/policy", manage, policy::show)
        .post("/console/settings/policy", manage, policy::check)
        .post("/console/settings/policy/keep", manage, policy::keep)
        .get("/console/settings/services", manage, services::show)
        .post("/console/settings/services", manage, services::submit)
        .get("/console/settings/mail", manage, mail::show)
        .post("/console/settings/mail", manage, mail::submit)
        .get("/console/settings/postcards", manage, postcards::show)
        .post("/console/settings/postcards", manage, postcards::submit)
        .get("/console/settings/postcards/sample.pdf", look, postcards::sample)
        .get("/console/settings/branding", manage, branding::show)
        .post("/console/settings/branding", manage, branding::submit)
        .get("/console/settings/maintenance", manage, maintenance::show)
        .post("/console/settings/maintenance", manage, maintenance::submit)
        .post("/console/settings/maintenance/remove", manage, maintenance::remove)
        .get("/console/settings/signing-key", manage, signing::show)
        .post("/console/settings/signing-key", manage, signing::submit)
        .get("/console/settings/older-hosts", manage, older::show)
        .post("/console/settings/older-hosts", manage, older::submit)
        .post("/console/settings/older-hosts/remove", manage, older::remove)
}

audit::acts! {
    /// Values of the policy were changed.
    POLICY_CHANGED = "settings.policy" / "組合の設定を変更";
    /// Name, colour or sign were changed.
    BRANDING_CHANGED = "settings.branding" / "名称・色・ロゴを変更";
    /// A signing key was put in.
    SIGNING_KEY_KEPT = "settings.signing_key" / "電子署名の鍵を登録";
    /// The closing day of an older system was kept.
    OLDER_HOST_KEPT = "settings.older_host" / "以前のシステムの終了日を変更";
    /// A host name of an older system was forgotten.
    OLDER_HOST_DROPPED = "settings.older_host_dropped" / "以前のシステムの案内を終了";
}

const CHANGED_MEANWHILE: &str =
    "ほかの職員が先に設定を変更しました。入力した内容は残っています。確かめて、もう一度変更してください。";

/// Keeps a changed policy, and what changed in the log. Returns false where somebody has changed it since `version`.
async fn policy_keep(
    app: &App,
    scope: &impl Acting,
    (version, policy): (i64, &Policy),
    act: AuditAction,
    detail: &str,
) -> anyhow::Result<bool> {
    let mut tx = app.db.begin().await?;
    let kept = policy_keep_in(app, &mut tx, scope, (version, policy), act, detail).await?;
    tx.commit().await?;
    app.societies.forget();
    Ok(kept)
}

/// As [`policy_keep`], in the caller's transaction: the directory is to be forgotten after it.
async fn policy_keep_in(
    app: &App,
    tx: &mut Tx,
    scope: &impl Acting,
    (version, policy): (i64, &Policy),
    act: AuditAction,
    detail: &str,
) -> anyhow::Result<bool> {
    if !queries::policy_keep(tx, scope, (version, policy), app.clock.now()).await? {
        return Ok(false);
    }
    let subject = Subject::new("policy", version + 1, format!("第{}版", version + 1));
    audit::record(app, tx, scope, act, Some(&subject), detail).await?;
    Ok(true)
}

/// Returns the policy that the society has, as its newest version says: the directory's may be half a minute old.
async fn newest(app: &App, scope: &impl InSociety) -> anyhow::Result<(i64, Policy)> {
    app.societies.forget();
    let society = app.societies.at_host(&app.db, app.clock.now(), &scope.society().host).await?;
    let society = society.context("the society")?;
    Ok((society.policy_version, society.policy.clone()))
}

/// Returns what differs, in words: `仮パスワードの有効期間: 90日 → 30日`.
fn differences(old: &Value, new: &Value) -> Vec<(&'static str, String, String)> {
    fields::all()
        .filter(|field| fields::at(old, field.path) != fields::at(new, field.path))
        .map(|field| {
            let words = |json| field.words(fields::at(json, field.path));
            (field.label, words(old), words(new))
        })
        .collect()
}
