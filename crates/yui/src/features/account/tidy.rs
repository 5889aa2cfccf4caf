//! Housekeeping: what is over is deleted.

use jiff::SignedDuration;
use yui_db::statements;

use crate::{
    core::{app::App, rate_limit::queries, scope::SystemScope, society::InSociety},
    features::kept,
};

statements! {
    fn logins_over(society_id: i64, day_ago: jiff::Timestamp) =
        "DELETE FROM logins WHERE society_id = $1 AND ends_at <= $2";
    fn ceremonies_over(society_id: i64, now: jiff::Timestamp) =
        "DELETE FROM ceremonies WHERE society_id = $1 AND ends_at <= $2";
    fn sessions_over(society_id: i64, day_ago: jiff::Timestamp) =
        "DELETE FROM sessions WHERE society_id = $1 AND (idle_until <= $2 OR ends_at <= $2)";
    fn links_over(society_id: i64, now: jiff::Timestamp) =
        "DELETE FROM mailed_links WHERE society_id = $1 AND ends_at <= $2";
    fn devices_over(society_id: i64, forgotten: jiff::Timestamp) =
        "DELETE FROM devices WHERE society_id = $1 AND last_seen_at <= $2";
}

/// For how long a browser is known that is not used: as long as browsers keep a cookie at the most.
const DEVICE_LIFE: SignedDuration = SignedDuration::from_hours(400 * 24);

/// How much was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Logins under way that nobody went on with.
    pub logins: u64,
    /// Questions that nobody answered.
    pub ceremonies: u64,
    /// Sessions that were over for a day.
    pub sessions: u64,
    /// Forms that nobody went on with.
    pub forms: u64,
    /// Mailed links.
    pub links: u64,
    /// Known browsers.
    pub devices: u64,
}

/// Deletes, in all societies, questions and mailed links past their end, logins, sessions and kept forms a day after theirs, tries that have all come back,
/// and browsers that were not seen for 400 days.
///
/// # Errors
/// Where the database does not answer.
pub async fn tidy(app: &App) -> anyhow::Result<Tidied> {
    let now = app.clock.now();
    let forgotten = now.checked_sub(DEVICE_LIFE)?;
    let day_ago = now.checked_sub(kept::LIFE)?;
    let mut all = Tidied::default();
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        let mut tx = app.db.begin().await?;
        all.logins += tx.execute(Sql::logins_over(scope.society_id(), day_ago)).await?;
        all.ceremonies += tx.execute(Sql::ceremonies_over(scope.society_id(), now)).await?;
        all.sessions += tx.execute(Sql::sessions_over(scope.society_id(), day_ago)).await?;
        all.forms += kept::tidy(app, &scope, &mut tx).await?;
        all.links += tx.execute(Sql::links_over(scope.society_id(), now)).await?;
        all.devices += tx.execute(Sql::devices_over(scope.society_id(), forgotten)).await?;
        queries::throttles_forget_over(&mut tx, &scope, now).await?;
        tx.commit().await?;
    }
    Ok(all)
}
