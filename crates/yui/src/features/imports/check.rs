//! Saying what a file would change, without changing anything: each chunk is looked at in a transaction that can only read,
//! so nobody who writes waits for it, however large the file.

use std::sync::Arc;

use kenpo_formats::Fault;

use super::{
    Outcome, Report, Source, Watch,
    counts::Counts,
    fault::ChunkFault,
    importer::Importer,
    pace::Pace,
    read::{CHUNK, Chunks},
    run::{counted, is_full_file, there_already, to_confirm},
    totals::FileTotals,
};
use crate::core::{app::App, scope::SystemScope};

/// Returns what staff have to confirm before the file is imported, of which a check says more than the file itself.
///
/// # Errors
/// As [`super::run`].
pub(crate) async fn confirmations<I: Importer>(
    app: &App,
    scope: &SystemScope,
    importer: I,
    source: &Source,
) -> anyhow::Result<Vec<Fault>> {
    let mut found = Confirmations(Vec::new());
    check(app, scope, importer, source, &mut found).await?;
    Ok(found.0)
}

struct Confirmations(Vec<Fault>);

impl Watch for Confirmations {
    fn fault(&mut self, _fault: &ChunkFault) {}

    fn confirm(&mut self, faults: &[Fault]) {
        self.0.extend_from_slice(faults);
    }
}

/// Checks the file. Each fault and notice is told to `watch` and kept nowhere.
///
/// # Errors
/// As [`super::run`].
pub(super) async fn check<I: Importer>(
    app: &App,
    scope: &SystemScope,
    mut importer: I,
    source: &Source,
    watch: &mut dyn Watch,
) -> anyhow::Result<Report> {
    if let Ok(report) = there_already(app, scope, importer.kind(), source, is_full_file(&importer)).await? {
        return Ok(report);
    }
    let pace = Arc::new(Pace::fixed(CHUNK));
    let mut chunks = Chunks::of(&app.db, &importer, source, (&pace, 0));
    let mut total = Counts::default();
    while let Some(chunk) = chunks.next().await? {
        let located = |fault: &Fault| source.located(fault.clone());
        let mut faults = chunk.faults;
        let mut tx = app.db.begin_reading().await?;
        let mut applied = importer.check(&mut tx, chunk.records, chunk.found, &mut faults).await?;
        drop(tx);
        // What the reader found and what the importer found are one list.
        faults.sort_by_key(|fault| fault.fault.line);
        let mut notices: Vec<_> = chunk.notices.into_iter().chain(std::mem::take(&mut applied.notices)).collect();
        notices.sort_by_key(|notice| notice.line);
        faults
            .iter()
            .for_each(|ChunkFault { kind, fault }| watch.fault(&ChunkFault { kind: *kind, fault: located(fault) }));
        notices.iter().for_each(|notice| watch.notice(&located(notice)));
        watch.found(&applied.entries, &applied.asked);
        total.add(&counted(chunk.count, &applied, &faults)?);
        watch.checked(chunk.progress).await?;
    }
    let mut tx = app.db.begin_reading().await?;
    while let Some(applied) = importer.checked(&mut tx, total.rejected + total.unmatched).await? {
        applied.notices.iter().for_each(|notice| watch.notice(notice));
        watch.found(&applied.entries, &applied.asked);
        watch.confirm(&applied.to_confirm);
    }
    drop(tx);
    watch.confirm(&to_confirm::<I>(source).await?);
    let figures: FileTotals = importer.figures();
    Ok(Report { figures, details: importer.details(), ..total.report(Outcome::DryRun, None) })
}
