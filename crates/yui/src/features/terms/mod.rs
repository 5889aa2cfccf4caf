//! 利用規約: versions with the date from which each counts, and who agreed to which. A new version asks everybody again.

mod console;
mod queries;

use anyhow::bail;
use jiff::Timestamp;
pub(crate) use queries::{Terms, agree, current, forget};
pub use queries::{TermsVersion, versions};
use yui_db::Tx;

use crate::core::{
    app::App,
    audit::{self, Subject},
    clock::japan,
    role::Right,
    routes::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
    scope::SystemScope,
    society::InSociety,
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    let (look, manage) = (Staff(Right::Manage), StaffFresh(Right::Manage));
    routes
        .get("/console/terms", look, console::list)
        .get("/console/terms/new", manage, console::new)
        .post("/console/terms/new", manage, console::rewrite)
        .post("/console/terms/check", manage, console::check)
        .post("/console/terms/publish", manage, console::publish)
        .get("/console/terms/{version}", look, console::one)
        .get("/console/terms/{version}/agreements.csv", look, console::agreements)
}

audit::acts! {
    /// A new version was published.
    TERMS_PUBLISHED = "terms.published" / "利用規約の新しい版を公開";
    /// Who agreed was looked at.
    TERMS_AGREEMENTS_VIEWED = "terms.agreements_viewed" / "利用規約に同意した人を表示";
    /// Who agreed was exported.
    TERMS_AGREEMENTS_EXPORTED = "terms.agreements_exported" / "利用規約の同意一覧を書き出し";
}

/// The terms that a new society begins with, for staff to replace by their own.
const FIRST: &str = include_str!("first.txt");

/// Gives a new society its first terms, which count from today's beginning in Japan.
pub(crate) async fn begin(tx: &mut Tx, society_id: i64, now: Timestamp) -> anyhow::Result<()> {
    let today = now.to_zoned(japan()).start_of_day()?.timestamp();
    Ok(queries::terms_insert(tx, society_id, 1, FIRST, (today, now)).await?)
}

/// Publishes a new version that counts from this instant on; returns its number. The text of the newest one again, as by a double
/// click, asks nobody a second time: that one's number is returned.
///
/// # Errors
/// Where the text is empty or the newest version begins later.
pub async fn publish(app: &App, scope: &SystemScope, body: &str, valid_from: Timestamp) -> anyhow::Result<i64> {
    if body.trim().is_empty() {
        bail!("the terms have no text");
    }
    let mut tx = app.db.begin().await?;
    let newest = queries::newest_held(&mut tx, scope).await?;
    if let Some(queries::NewestTerms { version, body: before, valid_from: from }) = &newest {
        if before == body {
            return Ok(*version);
        }
        if from.to_jiff() > valid_from {
            bail!("version {version} counts from {} on, which is later", from.to_jiff());
        }
    }
    let newest = newest.map_or(0, |newest| newest.version);
    let span = (valid_from, app.clock.now());
    queries::terms_insert(&mut tx, scope.society_id(), newest + 1, body, span).await?;
    let subject = Subject::new("terms", newest + 1, format!("第{}版", newest + 1));
    let day = valid_from.to_zoned(japan()).strftime("%Y/%m/%d %H:%M").to_string();
    audit::record(app, &mut tx, scope, TERMS_PUBLISHED, Some(&subject), &format!("{day}から")).await?;
    tx.commit().await?;
    Ok(newest + 1)
}
