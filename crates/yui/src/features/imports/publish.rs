//! Publishing a batch to members, with the month up to which everything has arrived.

use anyhow::Context;
use jiff::{Timestamp, civil::DateTime};
use kenpo_formats::TreatmentMonth;
use yui_db::{DbError, Tx};

use super::{
    Batch, BatchState, ImportRefusal, acting, acts,
    arrival::{self, Through},
    queries,
};
use crate::core::{app::App, audit, clock::japan, scope::SystemScope, society};

/// Publishes the batch to the members it concerns. The months that were stated as arrived with the order count. A
/// worker mails the members who want to be told.
///
/// # Errors
/// [`ImportRefusal`], or where the database does not answer.
pub async fn publish(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let batch = waiting(app, scope, batch_id).await?;
    let mut tx = app.db.begin().await?;
    publish_in(app, &mut tx, scope, &batch).await?;
    tx.commit().await?;
    app.imports.wake();
    Ok(())
}

/// As [`publish`], with the months that have arrived; returns the month up to which they have. For a batch that members
/// see already, only the months change, if one is given.
///
/// # Errors
/// As [`publish`].
pub async fn publish_through(
    app: &App,
    scope: &SystemScope,
    batch_id: i64,
    through: Through,
) -> anyhow::Result<Option<TreatmentMonth>> {
    let batch = queries::batch(&app.db, scope, batch_id).await?.ok_or(ImportRefusal::NoBatch(batch_id))?;
    let said_anew = batch.state == BatchState::Published && !batch.kind.at_once() && through != Through::Suggested;
    let through = match through {
        Through::Suggested => arrival::suggested(app, scope, &batch).await?,
        Through::Is(through) => arrival::over(app, through)?,
    };
    let batch = if said_anew { batch } else { waiting(app, scope, batch_id).await? };
    let mut tx = app.db.begin().await?;
    if said_anew {
        months_set(app, &mut tx, scope, &batch, through).await?;
    } else {
        queries::through_set(&mut tx, scope, batch_id, batch.state, through).await?;
        publish_in(app, &mut tx, scope, &Batch { through, ..batch }).await?;
    }
    tx.commit().await?;
    app.imports.wake();
    Ok(through)
}

async fn publish_in(app: &App, tx: &mut Tx, scope: &SystemScope, batch: &Batch) -> anyhow::Result<()> {
    one_at_a_time(tx, scope).await?;
    let told_through = batch.kind.news().filter(|_| !batch.is_history()).map(|_| 0);
    if !queries::batch_publish(tx, scope, batch.batch_id, told_through, app.clock.now()).await? {
        return Err(ImportRefusal::ChangedMeanwhile(batch.batch_id).into());
    }
    batch.kind.published(tx, scope, batch.batch_id).await?;
    let detail = format!("{} {}件、{}", batch.kind.label(), batch.accepted, arrival::in_words(batch.through));
    audit::record(app, tx, scope, acts::PUBLISHED, Some(&acts::batch(batch)), &detail).await
}

/// Changes the months that were stated as arrived with a batch that members see.
async fn months_set(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch: &Batch,
    through: Option<TreatmentMonth>,
) -> anyhow::Result<()> {
    if !queries::through_set(tx, scope, batch.batch_id, BatchState::Published, through).await? {
        return Err(ImportRefusal::ChangedMeanwhile(batch.batch_id).into());
    }
    let detail = format!("{} → {}", arrival::in_words(batch.through), arrival::in_words(through));
    audit::record(app, tx, scope, acts::MONTHS_SET, Some(&acts::batch(batch)), &detail).await
}

/// The order of a batch's publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The time of publication; none if it is published and only the months change.
    pub at: Option<Timestamp>,
    /// The month up to which everything has arrived with it.
    pub through: Option<TreatmentMonth>,
}

/// The format of the time in [`Publication::words`], before the months.
const AT: &str = "%Y-%m-%d %H:%M に公開";
const MONTHS_ONLY: &str = "そろった月の変更";

impl Publication {
    /// Returns the order in words for people, and for [`publish_approved`].
    pub(super) fn words(self) -> String {
        let at = match self.at {
            Some(at) => at.to_zoned(japan()).strftime(AT).to_string(),
            None => MONTHS_ONLY.to_owned(),
        };
        format!("{at}（{}）", arrival::in_words(self.through))
    }

    /// Returns the time and the months of these words; a request from before months were stated has none.
    fn of_words(words: &str) -> anyhow::Result<(Option<Timestamp>, Through)> {
        let (at, months) = words.strip_suffix('）').and_then(|words| words.split_once('（')).unwrap_or((words, ""));
        let through = match months {
            "" => Through::Suggested,
            months => arrival::of_words(months).context("which months have arrived")?,
        };
        if at == MONTHS_ONLY {
            return Ok((None, through));
        }
        let at = DateTime::strptime(AT, at).context("when to publish")?.to_zoned(japan())?.timestamp();
        Ok((Some(at), through))
    }
}

/// Has a worker publish the batch at the given time, or cancels that; or changes its months.
///
/// # Errors
/// As [`publish`].
pub async fn publish_at(
    app: &App,
    scope: &SystemScope,
    batch_id: i64,
    wanted: Option<Publication>,
) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    match wanted {
        Some(wanted) => carry_out(app, &mut tx, scope, batch_id, wanted).await?,
        None => schedule(app, &mut tx, scope, batch_id, None).await?,
    }
    tx.commit().await?;
    app.imports.wake();
    Ok(())
}

async fn carry_out(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    Publication { at, through }: Publication,
) -> anyhow::Result<()> {
    let through = arrival::over(app, through)?;
    match at {
        Some(at) => schedule(app, tx, scope, batch_id, Some((at, through))).await,
        None => {
            let batch = queries::batch(&app.db, scope, batch_id).await?.ok_or(ImportRefusal::NoBatch(batch_id))?;
            months_set(app, tx, scope, &batch, through).await
        }
    }
}

async fn schedule(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    wanted: Option<(Timestamp, Option<TreatmentMonth>)>,
) -> anyhow::Result<()> {
    let batch = waiting(app, scope, batch_id).await?;
    let kept = wanted.map(|_| acting::kept(scope));
    if !queries::publish_at_set(tx, scope, batch_id, wanted, kept.as_deref()).await? {
        return Err(ImportRefusal::ChangedMeanwhile(batch_id).into());
    }
    let act = if wanted.is_some() { acts::SCHEDULED } else { acts::UNSCHEDULED };
    let detail = wanted.map(|(at, through)| Publication { at: Some(at), through }.words()).unwrap_or_default();
    audit::record(app, tx, scope, act, Some(&acts::batch(&batch)), &detail).await
}

/// Performs an approved order, in the caller's transaction: has a worker, to be woken afterwards, publish the batch
/// when `detail` says, or at once if that time has passed; or changes its months.
///
/// # Errors
/// As [`publish`].
pub(super) async fn publish_approved(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    detail: &str,
) -> anyhow::Result<()> {
    let (at, through) = Publication::of_words(detail)?;
    let through = match through {
        Through::Is(through) => through,
        Through::Suggested => arrival::suggested(app, scope, &waiting(app, scope, batch_id).await?).await?,
    };
    let wanted = Publication { at: at.map(|at| at.max(app.clock.now())), through };
    carry_out(app, tx, scope, batch_id, wanted).await
}

/// Lets the society's publications and withdrawals wait for each other: each depends on the results of the others.
pub(super) async fn one_at_a_time(tx: &mut Tx, scope: &SystemScope) -> Result<(), DbError> {
    society::ids_take(tx, scope, "publication", 1).await.map(drop)
}

async fn waiting(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<Batch> {
    let batch = queries::batch(&app.db, scope, batch_id).await?.ok_or(ImportRefusal::NoBatch(batch_id))?;
    if batch.state != BatchState::Staged {
        return Err(ImportRefusal::NotWaiting(batch_id, batch.file_name.clone(), batch.words()).into());
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_read_back() {
        let at = "2026-12-01T00:00:00Z".parse().ok();
        for (at, through) in [(at, TreatmentMonth::new(2026, 9)), (at, None), (None, TreatmentMonth::new(2026, 9))] {
            let words = Publication { at, through }.words();
            assert_eq!(Publication::of_words(&words).unwrap(), (at, Through::Is(through)), "{words}");
        }
        assert_eq!(Publication::of_words("2026-12-01 09:00 に公開").unwrap(), (at, Through::Suggested));
        assert!(Publication::of_words("2026-12-01 09:00 に公開（いつか）").is_err());
    }
}
