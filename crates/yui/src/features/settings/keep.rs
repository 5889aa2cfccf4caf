//! Keeping a changed policy.

use anyhow::Context;
use serde_json::Value;
use yui_db::Tx;

use crate::{
    core::{
        app::App,
        audit::{self, Acting, AuditAction, Subject},
        society::{InSociety, Policy},
    },
    features::{settings::fields, societies::queries},
};

pub(crate) const CHANGED_MEANWHILE: &str =
    "ほかの職員が先に設定を変更しました。入力した内容は残っています。確かめて、もう一度変更してください。";

/// Keeps a changed policy, and what changed in the log. Returns false where somebody has changed it since `version`.
pub(crate) async fn policy_keep(
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
pub(crate) async fn policy_keep_in(
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
pub(crate) async fn newest(app: &App, scope: &impl InSociety) -> anyhow::Result<(i64, Policy)> {
    app.societies.forget();
    let society = app.societies.at_host(&app.db, app.clock.now(), &scope.society().host).await?;
    let society = society.context("the society")?;
    Ok((society.policy_version, society.policy.clone()))
}

/// Returns what differs, in words: `仮パスワードの有効期間: 90日 → 30日`.
pub(crate) fn differences(old: &Value, new: &Value) -> Vec<(&'static str, String, String)> {
    fields::all()
        .filter(|field| fields::at(old, field.path) != fields::at(new, field.path))
        .map(|field| {
            let words = |json| field.words(fields::at(json, field.path));
            (field.label, words(old), words(new))
        })
        .collect()
}
