//! 仮IDの発行: staff order pairs for many, a worker makes them, and they leave as postcards or as the printing house's list,
//! each once and by somebody with a name. While they are made, that can be given up. On wish, or two weeks later, the passwords
//! are forgotten; a run can be repeated for people who have not enrolled.

mod acts;
mod pages;
mod paper;
mod queries;

pub(crate) use paper::sheet as postcard_sheet;
pub(crate) use queries::LeasedRun;

use jiff::SignedDuration;

use super::issue::{self, Recipients};
use crate::{
    core::{
        app::App,
        audit,
        role::Right,
        routes::{
            Permission::{Staff, StaffFresh},
            Routes,
        },
        scope::SystemScope,
    },
    features::orders::{Order, Statements},
};
use acts::{PAIRS_FORGOTTEN, PAIRS_MADE, subject};

/// The pages of this part.
pub(crate) fn routes(routes: Routes) -> Routes {
    let (look, order) = (Staff(Right::Data), StaffFresh(Right::Data));
    routes
        .get("/console/temporary-ids", look, pages::list)
        .post("/console/temporary-ids", order, pages::order)
        .get("/console/temporary-ids/{run}", look, pages::one)
        .get("/console/temporary-ids/{run}/progress", look, pages::progress)
        .post("/console/temporary-ids/{run}/stop", order, pages::stop)
        .post("/console/temporary-ids/{run}/postcards", order, pages::postcards)
        .post("/console/temporary-ids/{run}/list", order, pages::list_csv)
        .get("/console/temporary-ids/{run}/addresses.csv", look, pages::addresses)
        .post("/console/temporary-ids/{run}/forget", order, pages::forget)
}

/// How long passwords are kept after they were written out: the other file may be wanted as well.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Order for LeasedRun {
    const WHAT: &'static str = "temporary IDs";

    const STATEMENTS: Statements<Self> = Statements {
        societies: queries::Sql::societies,
        take: queries::Sql::take,
        keep: queries::Sql::keep,
        failed: queries::Sql::failed,
    };

    fn taken(&self) -> (i64, i32) {
        (self.run_id, self.tries)
    }

    fn ordered_by(&self) -> (i64, &str) {
        (self.ordered_by, &self.ordered_from)
    }

    /// Makes the run's pairs; those that were made before it was stopped or killed wait for it, or for the next run.
    async fn work(&self, app: &App, scope: &SystemScope) -> anyhow::Result<bool> {
        match (self.whom.as_str(), self.again_of) {
            ("without", _) => drop(issue::make(app, scope, Recipients::WithoutPair).await?),
            ("expired", _) => drop(issue::make(app, scope, Recipients::Expired).await?),
            ("again", Some(run_id)) => drop(issue::make(app, scope, Recipients::Run(run_id)).await?),
            _ => {}
        }
        let mut tx = app.db.begin().await?;
        let Some(pairs) = queries::gather(&mut tx, scope, self, app.clock.now()).await? else { return Ok(false) };
        audit::record(app, &mut tx, scope, PAIRS_MADE, Some(&subject(self.run_id)), &format!("{pairs}件")).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Forgets the passwords of runs of which something was taken two weeks ago, and of those that nobody took until they were worth nothing;
/// returns how many runs.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget_old(app: &App) -> anyhow::Result<usize> {
    let mut forgotten = 0;
    let now = app.clock.now();
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        for run_id in queries::old(&app.db, &scope, (now.checked_sub(KEPT)?, now)).await? {
            let mut tx = app.db.begin().await?;
            // Another process keeps house, too.
            if !queries::forget(&mut tx, &scope, run_id, now).await? {
                continue;
            }
            audit::record(app, &mut tx, &scope, PAIRS_FORGOTTEN, Some(&subject(run_id)), "期間が過ぎたため").await?;
            tx.commit().await?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}
