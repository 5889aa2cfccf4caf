//! 仮IDの発行: staff order pairs for many, a worker makes them, and they leave as postcards or as the printing house's list,
//! each once and by somebody with a name. On wish, or two weeks later, the passwords are forgotten; for whoever has not enrolled
//! a run can be done again.

mod pages;
mod paper;
mod queries;

use anyhow::Context;
use jiff::SignedDuration;

use super::temporary_ids::{self, Whom};
use crate::{
    app::App,
    features::{
        audit::{self, Actor, Subject},
        staff::{self, Right},
    },
    router::{
        Permission::{Staff, StaffFresh},
        Routes,
    },
    scope::{InSociety, SystemScope},
};
pub(crate) use paper::sheet as postcard_sheet;
use queries::Taken;

/// The pages of this part.
pub(super) fn routes(routes: Routes) -> Routes {
    let (look, order) = (Staff(Right::Data), StaffFresh(Right::Data));
    routes
        .get("/console/temporary-ids", look, pages::list)
        .post("/console/temporary-ids", order, pages::order)
        .get("/console/temporary-ids/{run}", look, pages::one)
        .post("/console/temporary-ids/{run}/postcards", order, pages::postcards)
        .post("/console/temporary-ids/{run}/list", order, pages::list_csv)
        .get("/console/temporary-ids/{run}/addresses.csv", look, pages::addresses)
        .post("/console/temporary-ids/{run}/forget", order, pages::forget)
}

audit::acts! {
    /// A run was ordered.
    PAIRS_ORDERED = "temporary_ids.ordered" / "仮ID・仮パスワードの発行を指示";
    /// A run is ready.
    PAIRS_MADE = "temporary_ids.made" / "仮ID・仮パスワードを発行";
    /// The postcards were taken.
    PAIRS_CARDS = "temporary_ids.postcards" / "仮IDのハガキをダウンロード";
    /// The printing house's list was taken.
    PAIRS_LIST = "temporary_ids.list" / "仮IDの印刷会社向け一覧をダウンロード";
    /// The list without passwords was taken.
    PAIRS_ADDRESSES = "temporary_ids.addresses" / "仮IDの宛名一覧をダウンロード";
    /// The passwords were forgotten.
    PAIRS_FORGOTTEN = "temporary_ids.forgotten" / "仮パスワードの控えを消去";
}

/// How long a run is a worker's: longer than the hashes of the largest one take.
const TAKEN_FOR: SignedDuration = SignedDuration::from_mins(30);

/// How long passwords are kept after they were written out: the other file may be wanted as well.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How long a run that failed waits before it is tried again.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Returns a run as the log names it.
fn subject(run_id: i64) -> Subject {
    Subject::new("pair_run", run_id, format!("発行 {run_id}"))
}

/// Makes the pairs of all runs that were ordered; a run whose worker was killed or failed goes on where it stood. Returns
/// how many runs are ready.
///
/// # Errors
/// Where the database does not answer.
pub async fn work_due(app: &App) -> anyhow::Result<usize> {
    let mut ready = 0;
    for scope in SystemScope::of_all(app, "temporary IDs").await? {
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let taken = queries::take(&mut tx, &scope, (now, now.checked_add(TAKEN_FOR)?)).await?;
        tx.commit().await?;
        let Some(taken) = taken else { continue };
        match work(app, &scope, &taken).await {
            Ok(done) => ready += usize::from(done),
            Err(error) => {
                tracing::error!(
                    society = scope.society_id(),
                    run = taken.run_id,
                    "temporary IDs were not made: {error:#}"
                );
                let now = app.clock.now();
                let mut tx = app.db.begin().await?;
                queries::trouble(&mut tx, &scope, taken.run_id, (now, now.checked_add(PAUSE)?)).await?;
                tx.commit().await?;
            }
        }
    }
    Ok(ready)
}

/// Makes the pairs of a run; returns false where another worker was faster.
async fn work(app: &App, scope: &SystemScope, taken: &Taken) -> anyhow::Result<bool> {
    let name = staff::name_of(app, scope, taken.ordered_by).await?.context("who ordered it")?;
    let scope = scope.acting_for(Actor::staff(taken.ordered_by, &name, &taken.ordered_from));
    match (taken.whom.as_str(), taken.again_of) {
        ("without", _) => drop(temporary_ids::make(app, &scope, Whom::WithoutPair).await?),
        ("expired", _) => drop(temporary_ids::make(app, &scope, Whom::Expired).await?),
        ("again", Some(run_id)) => drop(temporary_ids::make(app, &scope, Whom::Run(run_id)).await?),
        _ => {}
    }
    let mut tx = app.db.begin().await?;
    let Some(pairs) = queries::gather(&mut tx, &scope, taken.run_id, app.clock.now()).await? else { return Ok(false) };
    audit::record(app, &mut tx, &scope, PAIRS_MADE, Some(&subject(taken.run_id)), &format!("{pairs}件")).await?;
    tx.commit().await?;
    Ok(true)
}

/// Forgets the passwords of runs of which something was taken two weeks ago; returns how many runs.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget_old(app: &App) -> anyhow::Result<usize> {
    let mut forgotten = 0;
    let now = app.clock.now();
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        for run_id in queries::old(&app.db, &scope, now.checked_sub(KEPT)?).await? {
            let mut tx = app.db.begin().await?;
            queries::forget(&mut tx, &scope, run_id, now).await?;
            audit::record(app, &mut tx, &scope, PAIRS_FORGOTTEN, Some(&subject(run_id)), "14日が過ぎたため").await?;
            tx.commit().await?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}
