//! The way of a file into the database.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use anyhow::{Context, bail};
use kenpo_formats::Fault;
use yui_db::{DbError, Tx};

use super::{
    BatchState, FULL_FILE, Kind, Outcome, Report, Source, Watch, acts,
    check::check,
    counts::Counts,
    fault::{ChunkFault, FaultKind},
    importer::{Applied, Importer},
    job::{Job, Options},
    pace::Pace,
    queries,
    read::{CHUNK, Chunks},
};
use crate::core::{
    app::App,
    audit::{self, Subject},
    scope::SystemScope,
    society,
};

/// How much larger an import must have become for the engine to look at its tables again.
const LOOK_AGAIN_AT: i64 = 8;

impl Job<'_> {
    /// Does it with this importer.
    ///
    /// # Errors
    /// As [`super::run`].
    pub async fn run<I: Importer>(self, importer: I) -> anyhow::Result<Report> {
        let Self { app, scope, source, options, watch, .. } = self;
        if options.dry_run {
            check(app, scope, importer, source, watch).await
        } else {
            apply(app, scope, importer, source, options, watch).await
        }
    }
}

/// Imports the file: resumes it where an earlier run was stopped, and does nothing where its content is there already.
/// Each fault is handed to `on_fault` as well as kept with the batch.
///
/// # Errors
/// Where the file as a whole cannot be used ([`super::UnreadableFile`]), a read or the database fails; what was done so far
/// stays and the next run goes on from there.
pub async fn run<I: Importer>(
    app: &App,
    scope: &SystemScope,
    importer: I,
    source: &Source,
    options: Options,
    mut on_fault: impl FnMut(&ChunkFault) + Send,
) -> anyhow::Result<Report> {
    if options.dry_run {
        check(app, scope, importer, source, &mut on_fault).await
    } else {
        apply(app, scope, importer, source, options, &mut on_fault).await
    }
}

/// Returns whether the importer treats its file as a full file (全件).
pub(super) fn is_full_file<I: Importer>(importer: &I) -> bool {
    importer.details().iter().any(|(word, _)| *word == FULL_FILE)
}

/// Returns what there is to say of a file whose content is there already.
pub(super) async fn there_already(
    app: &App,
    scope: &SystemScope,
    kind: Kind,
    source: &Source,
    whole: bool,
) -> anyhow::Result<Result<Report, Option<super::Batch>>> {
    let mut known = queries::batch_by_hash(&app.db, scope, kind, &source.content_hash).await?;
    if kind.comes_again() && known.as_ref().is_some_and(|batch| batch.state == BatchState::Published) {
        let newest = queries::newest_published(&app.db, scope, kind).await?;
        // A full file may be imported again with another choice for the missing members.
        known = known.filter(|known| !whole && newest.is_some_and(|newest| newest.batch_id == known.batch_id));
    }
    Ok(match known {
        Some(batch) if batch.state != BatchState::Reading => {
            Ok(Counts::of(&batch).report(Outcome::AlreadyThere, Some(batch.batch_id)))
        }
        known => Err(known),
    })
}

pub(crate) async fn apply<I: Importer>(
    app: &App,
    scope: &SystemScope,
    mut importer: I,
    source: &Source,
    options: Options,
    watch: &mut dyn Watch,
) -> anyhow::Result<Report> {
    let known = match there_already(app, scope, importer.kind(), source, is_full_file(&importer)).await? {
        Ok(report) => return Ok(report),
        Err(known) => known,
    };
    if !options.confirmed {
        let faults = to_confirm::<I>(source).await?;
        if !faults.is_empty() {
            return Err(Unconfirmed(faults).into());
        }
    }
    let resumed_at = known.as_ref().map_or(0, |batch| batch.position);
    let earlier = known.as_ref().map(|batch| batch.details.clone()).unwrap_or_default();
    if options.all_or_nothing && resumed_at > 0 {
        bail!("this file is half imported (batch {:?}); import it without options to go on", known.map(|b| b.batch_id));
    }
    if resumed_at > 0 && known.as_ref().is_some_and(|batch| batch.is_history() != importer.is_history()) {
        bail!("this file is half imported (batch {:?}) with the other answer to `history`", known.map(|b| b.batch_id));
    }
    let pace = Arc::new(if options.all_or_nothing { Pace::fixed(CHUNK) } else { Pace::of(app.db.engine(), CHUNK) });
    let mut chunks = Chunks::of(&app.db, &importer, source, (&pace, resumed_at));
    let mut next = chunks.next().await?;
    let mut turns = app.db.turns();
    // While nobody waits for it: what an earlier run has written may be long.
    while next.as_ref().is_some_and(|chunk| chunk.count == 0) {
        next = chunks.next().await?;
    }

    let mut tx = app.db.begin().await?;
    let mut begun = Instant::now();
    let batch_id = match &known {
        Some(batch) => batch.batch_id,
        None => {
            let id = society::ids_take(&mut tx, scope, "batch", 1).await?;
            let now = app.clock.now();
            queries::batch_insert(&mut tx, scope, id, importer.kind(), source, importer.is_history(), now).await?;
            id
        }
    };
    let mut looked_at_after = 0;
    let mut total = known.as_ref().map(Counts::of).unwrap_or_default();
    let (mut fault_number, mut notice_number) = queries::fault_next(&mut tx, scope, batch_id).await?;
    // Between two chunks no transaction is open, so that others may write.
    let mut open = Some(tx);
    while let Some(chunk) = next {
        if chunk.count == 0 {
            next = chunks.next().await?;
            continue;
        }
        let mut tx = match open.take() {
            Some(tx) => tx,
            None => {
                let tx = app.db.begin_step().await?;
                begun = Instant::now();
                tx
            }
        };
        one_chunk_at_a_time(&mut tx, scope).await?;
        let mut faults = chunk.faults;
        let applied = importer.apply(&mut tx, batch_id, chunk.records, chunk.found, &mut faults).await;
        let applied = applied.context("writing a chunk")?;
        if !options.confirmed && !applied.to_confirm.is_empty() {
            return Err(Unconfirmed(applied.to_confirm).into());
        }
        let counts = counted(chunk.count, &applied, &faults)?;
        let mut notices: Vec<_> = chunk.notices.into_iter().chain(applied.notices).collect();
        // What the reader found and what the importer found are one list.
        faults.sort_by_key(|fault| fault.fault.line);
        notices.sort_by_key(|notice| notice.line);
        let notices: Vec<_> = notices.into_iter().map(|notice| source.located(notice)).collect();
        let located = |ChunkFault { kind, fault }| (fault.line, ChunkFault { kind, fault: source.located(fault) });
        let faults: Vec<_> = faults.into_iter().map(located).collect();
        faults.iter().for_each(|(_, fault)| watch.fault(fault));
        notices.iter().for_each(|notice| watch.notice(notice));
        queries::notices_insert(&mut tx, scope, batch_id, notice_number, &notices).await?;
        queries::faults_insert(&mut tx, scope, batch_id, fault_number, &faults).await?;
        let details = added(&earlier, &importer.details());
        if !queries::batch_advance(&mut tx, scope, batch_id, total.records, &counts, &details).await? {
            bail!("batch {batch_id} was withdrawn, or another process is importing this file");
        }
        watch.applied(&mut tx, batch_id, chunk.progress).await?;
        fault_number += i64::try_from(faults.len())?;
        notice_number += i64::try_from(notices.len())?;
        total.add(&counts);
        if options.all_or_nothing {
            open = Some(tx);
        } else {
            tx.commit().await?;
            let took = begun.elapsed();
            let others = turns.make_way(took).await?;
            pace.took(usize::try_from(chunk.count)?, took, others);
            if looked_at_after < total.records {
                app.db.analyze_grown(total.records).await?;
                looked_at_after = total.records.saturating_mul(LOOK_AGAIN_AT);
            }
        }
        next = chunks.next().await?;
    }
    let wrong = total.rejected + total.unmatched;
    let mut tx = loop {
        let mut tx = match open.take() {
            Some(tx) => tx,
            None => app.db.begin().await?,
        };
        one_chunk_at_a_time(&mut tx, scope).await?;
        if !importer.finish(&mut tx, batch_id, wrong).await? {
            break tx;
        }
        let details = added(&earlier, &importer.details());
        if !queries::batch_advance(&mut tx, scope, batch_id, total.records, &Counts::default(), &details).await? {
            bail!("batch {batch_id} was withdrawn while it was being read");
        }
        if options.all_or_nothing {
            open = Some(tx);
        } else {
            tx.commit().await?;
        }
    };
    let refused = options.all_or_nothing && wrong > 0;
    let outcome = if refused {
        Outcome::Refused
    } else {
        let state = if importer.kind().at_once() { BatchState::Published } else { BatchState::Staged };
        if !queries::batch_state_set(&mut tx, scope, batch_id, (BatchState::Reading, state), app.clock.now()).await? {
            bail!("batch {batch_id} was withdrawn while it was being read");
        }
        let name = format!("取込{batch_id} {}", source.name);
        let detail = format!("{} {}件、取り込まなかったもの{wrong}件", importer.kind().label(), total.accepted);
        let subject = Subject::new("batch", batch_id, name);
        audit::record(app, &mut tx, scope, acts::DONE, Some(&subject), &detail).await?;
        tx.commit().await?;
        app.db.analyze().await?;
        Outcome::Done
    };
    let report = total.report(outcome, (!refused).then_some(batch_id));
    Ok(Report { resumed_at, details: added(&earlier, &importer.details()), ..report })
}

/// A file has to be confirmed before it is imported.
#[derive(Debug, thiserror::Error)]
#[error("the file has to be confirmed:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Unconfirmed(pub Vec<Fault>);

/// Returns what has to be confirmed about the file.
pub(crate) async fn to_confirm<I: Importer>(source: &Source) -> anyhow::Result<Vec<Fault>> {
    let source = source.clone();
    let found = tokio::task::spawn_blocking(move || anyhow::Ok((I::to_confirm(&source)?, source)));
    let (faults, source) = found.await??;
    Ok(faults.into_iter().map(|fault| source.located(fault)).collect())
}

/// Lets chunks of the society's files that are imported at once wait for each other: each sees what the others brought.
pub(crate) async fn one_chunk_at_a_time(tx: &mut Tx, scope: &SystemScope) -> Result<(), DbError> {
    society::ids_take(tx, scope, "import", 1).await.map(drop)
}

/// Returns what was counted by this run and earlier ones of the same import.
fn added(earlier: &[(String, i64)], now: &[(&'static str, i64)]) -> Vec<(&'static str, i64)> {
    let before = |word: &str| earlier.iter().find(|(known, _)| known == word).map_or(0, |(_, count)| *count);
    now.iter().map(|(word, count)| (*word, count + before(word))).collect()
}

/// Returns a chunk's counts.
pub(super) fn counted(records: i64, applied: &Applied, faults: &[ChunkFault]) -> anyhow::Result<Counts> {
    // A record may have several faults; it counts once, by its line.
    let kinds: BTreeMap<_, _> = faults.iter().map(|fault| (fault.fault.line, fault.kind)).collect();
    let unmatched = kinds.values().filter(|kind| **kind == FaultKind::Unmatched).count();
    Ok(Counts {
        records,
        accepted: applied.accepted,
        rejected: i64::try_from(kinds.len() - unmatched)?,
        unmatched: i64::try_from(unmatched)?,
        corrections: applied.corrections,
        first_month: applied.months.map(|(first, _)| first.number()),
        last_month: applied.months.map(|(_, last)| last.number()),
    })
}
