//! The way of a file into the database.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use kenpo_formats::{Fault, TreatmentMonth};
use tokio::sync::mpsc;
use yui_db::Tx;

use super::{BatchState, Kind, Outcome, Report, Source, queries};
use crate::{app::App, features::societies, scope::SystemScope};

/// A record as it was read, or what is wrong with it: all of its faults.
pub type Read<T> = Result<T, Vec<Fault>>;

/// What a kind of file means.
pub trait Importer: Sized + Send {
    /// One record.
    type Record: Send + 'static;

    /// Returns the kind.
    fn kind(&self) -> Kind;

    /// Opens the file and hands its records to `each`, in order, until that returns false. Runs on a thread of its own.
    ///
    /// # Errors
    /// What makes the whole file unreadable, as a missing column; nothing was handed over then.
    fn read(source: &Source, each: impl FnMut(Read<Self::Record>) -> bool) -> Result<(), Vec<Fault>>;

    /// Writes the records of one chunk; a record that can not be taken becomes a fault.
    fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<Self::Record>,
        faults: &mut Vec<ChunkFault>,
    ) -> impl Future<Output = anyhow::Result<Applied>> + Send;

    /// Takes note of a record that an earlier run of this import has written.
    fn skip(&mut self, _record: &Self::Record) {}

    /// Returns what else the report should tell.
    fn details(&self) -> Vec<(&'static str, i64)> {
        Vec::new()
    }

    /// Returns the state of a batch of which all is read.
    fn state_when_read(&self) -> BatchState;
}

/// What became of a chunk's records.
#[derive(Debug, Default)]
pub struct Applied {
    /// Records taken.
    pub accepted: i64,
    /// Taken records whose claim an earlier batch has too.
    pub corrections: i64,
    /// The first and the last treatment month among them.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
}

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is wrong.
    Rejected,
    /// It means nobody in the register.
    Unmatched,
}

impl FaultKind {
    /// Returns the word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Unmatched => "unmatched",
        }
    }
}

/// A fault and its kind.
#[derive(Clone, Debug)]
pub struct ChunkFault {
    /// Why the record was not taken.
    pub kind: FaultKind,
    /// Where and why.
    pub fault: Fault,
}

/// How an import is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only try: say what would change.
    pub dry_run: bool,
    /// Take nothing if anything is wrong.
    pub all_or_nothing: bool,
}

/// The counts of a chunk, or of all.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) records: i64,
    pub(super) accepted: i64,
    pub(super) rejected: i64,
    pub(super) unmatched: i64,
    pub(super) corrections: i64,
    pub(super) first_month: Option<i32>,
    pub(super) last_month: Option<i32>,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.unmatched += other.unmatched;
        self.corrections += other.corrections;
    }
}

/// How many records are one transaction.
const CHUNK: usize = 16_000;

/// How much larger an import must have become for the engine to look at its tables again.
const LOOK_AGAIN_AT: i64 = 8;

/// Imports the file: resumes it where an earlier run was stopped, and does nothing where its content is there already.
/// Each fault is handed to `on_fault` as well as kept with the batch.
///
/// # Errors
/// Where the file as a whole can not be read (the faults say why), or the database fails; what was done so far stays
/// and the next run goes on from there.
pub async fn run<I: Importer>(
    app: &App,
    scope: &SystemScope,
    mut importer: I,
    source: &Source,
    options: Options,
    mut on_fault: impl FnMut(&ChunkFault) + Send,
) -> anyhow::Result<Report> {
    let known = queries::batch_by_hash(&app.db, scope, importer.kind(), &source.content_hash).await?;
    if let Some(batch) = known.as_ref().filter(|batch| batch.state != BatchState::Reading) {
        return Ok(Report {
            outcome: Outcome::AlreadyThere,
            batch_id: Some(batch.batch_id),
            resumed_at: 0,
            accepted: batch.accepted,
            rejected: batch.rejected,
            unmatched: batch.unmatched,
            corrections: batch.corrections,
            details: Vec::new(),
        });
    }
    let resumed_at = known.as_ref().map_or(0, |batch| batch.position);
    let one_transaction = options.dry_run || options.all_or_nothing;
    if one_transaction && resumed_at > 0 {
        bail!("this file is half imported (batch {:?}); import it without options to go on", known.map(|b| b.batch_id));
    }
    let (sender, mut chunks) = mpsc::channel::<Vec<Read<I::Record>>>(2);
    let reader = tokio::task::spawn_blocking({
        let source = source.clone();
        move || read_in_chunks::<I>(&source, &sender)
    });
    let Some(first) = chunks.recv().await else {
        reader.await?.map_err(unreadable)?;
        bail!("{}: there are no records in this file", source.name);
    };

    let mut tx = app.db.begin().await?;
    let batch_id = match &known {
        Some(batch) => batch.batch_id,
        None => {
            let id = societies::ids_take(&mut tx, scope, "batch", 1).await?;
            let now = app.clock.now();
            queries::batch_insert(&mut tx, scope, id, importer.kind(), source, scope.actor, now).await?;
            id
        }
    };
    let mut looked_at_after = 0;
    let mut total = Counts { records: resumed_at, ..Counts::default() };
    let mut fault_number = queries::fault_next(&mut tx, scope, batch_id).await?;
    // Between two chunks no transaction is open, so that others may write.
    let mut open = Some(tx);
    let mut next = Some(first);
    let mut to_skip = usize::try_from(resumed_at)?;
    while let Some(mut chunk) = next {
        let skipped = to_skip.min(chunk.len());
        to_skip -= skipped;
        chunk.drain(..skipped).flatten().for_each(|record| importer.skip(&record));
        let mut tx = match open.take() {
            Some(tx) => tx,
            None => app.db.begin().await?,
        };
        let mut faults = Vec::new();
        let counts = apply_chunk(&mut importer, &mut tx, batch_id, chunk, &mut faults).await?;
        faults.iter().for_each(&mut on_fault);
        queries::faults_insert(&mut tx, scope, batch_id, fault_number, &faults).await?;
        if !queries::batch_advance(&mut tx, scope, batch_id, total.records, &counts).await? {
            bail!("another process is importing this file (batch {batch_id})");
        }
        fault_number += i64::try_from(faults.len())?;
        total.add(&counts);
        if one_transaction {
            open = Some(tx);
        } else {
            tx.commit().await?;
            if looked_at_after < total.records {
                app.db.analyze().await?;
                looked_at_after = total.records.saturating_mul(LOOK_AGAIN_AT);
            }
        }
        next = chunks.recv().await;
    }
    reader.await?.map_err(unreadable)?;
    let mut tx = match open.take() {
        Some(tx) => tx,
        None => app.db.begin().await?,
    };
    let refused = options.all_or_nothing && total.rejected + total.unmatched > 0;
    let outcome = match (options.dry_run, refused) {
        (true, _) => Outcome::DryRun,
        (false, true) => Outcome::Refused,
        (false, false) => {
            let (now, state) = (app.clock.now(), importer.state_when_read());
            if !queries::batch_state_set(&mut tx, scope, batch_id, BatchState::Reading, state, now).await? {
                bail!("batch {batch_id} was withdrawn while it was being read");
            }
            tx.commit().await?;
            app.db.analyze().await?;
            Outcome::Done
        }
    };
    Ok(Report {
        outcome,
        batch_id: (outcome == Outcome::Done).then_some(batch_id),
        resumed_at,
        accepted: total.accepted,
        rejected: total.rejected,
        unmatched: total.unmatched,
        corrections: total.corrections,
        details: importer.details(),
    })
}

fn unreadable(faults: Vec<Fault>) -> anyhow::Error {
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the file can not be read:\n{}", told.join("\n"))
}

fn read_in_chunks<I: Importer>(source: &Source, sender: &mpsc::Sender<Vec<Read<I::Record>>>) -> Result<(), Vec<Fault>> {
    let mut chunk = Vec::with_capacity(CHUNK);
    I::read(source, |record| {
        chunk.push(record);
        chunk.len() < CHUNK || sender.blocking_send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).is_ok()
    })?;
    if !chunk.is_empty() {
        // Nobody listens any more when the import has failed; then there is nobody to tell either.
        drop(sender.blocking_send(chunk));
    }
    Ok(())
}

async fn apply_chunk<I: Importer>(
    importer: &mut I,
    tx: &mut Tx,
    batch_id: i64,
    chunk: Vec<Read<I::Record>>,
    faults: &mut Vec<ChunkFault>,
) -> anyhow::Result<Counts> {
    let records = i64::try_from(chunk.len())?;
    let mut good = Vec::with_capacity(chunk.len());
    for read in chunk {
        match read {
            Ok(record) => good.push(record),
            Err(found) => faults.extend(found.into_iter().map(|fault| ChunkFault { kind: FaultKind::Rejected, fault })),
        }
    }
    let applied = importer.apply(tx, batch_id, good, faults).await.context("writing a chunk")?;
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
