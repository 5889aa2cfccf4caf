//! Checking and importing an upload.

use std::io::{BufWriter, IntoInnerError};

use futures::future::BoxFuture;
use kenpo_formats::{Fault, write_faults_csv};
use yui_db::Tx;

use super::{
    Entry, Outcome, ReadProgress, Report, RowQuestion, Source, UnreadableFile, UploadState, Watch, acts, compare,
    entry::EntriesCsv,
    fault::ChunkFault,
    job::{Job, Options},
    preview::{Before, FoundFaults, Preview, PreviewFinding},
    queries::{self, LeasedUpload},
    upload::{Upload, files_remove},
    withdraw,
};
use crate::core::{
    app::App,
    audit,
    files::{self, NewFile},
    scope::SystemScope,
};

/// This worker has lost the lease of the upload: its heartbeat was late, or staff dropped the upload.
#[derive(Debug, thiserror::Error)]
#[error("the upload is another's by now")]
pub(super) struct NotOurs;

/// Does what is due with an upload that was taken.
///
/// # Errors
/// [`NotOurs`], or why it has to be tried again.
pub(super) async fn work(app: &App, scope: &SystemScope, upload: &Upload) -> anyhow::Result<()> {
    if upload.state == UploadState::Checking {
        check(app, scope, upload).await
    } else {
        apply(app, scope, upload).await
    }
}

async fn check(app: &App, scope: &SystemScope, upload: &Upload) -> anyhow::Result<()> {
    let (preview, faults) = (Preview::default(), FoundFaults::default());
    let mut watch = Checking { app, scope, upload, preview, faults, changes: None, trouble: None };
    let options = Options { dry_run: true, ..Options::default() };
    let result = import(app, scope, upload, options, &mut watch).await;
    if let Some(trouble) = watch.trouble.take() {
        return Err(trouble.context("cannot write the list of changes"));
    }
    let preview = &mut watch.preview;
    let state = match &result {
        Ok(report) => {
            preview.take(report);
            UploadState::Checked
        }
        Err(error) => match error.downcast_ref::<UnreadableFile>() {
            Some(UnreadableFile(faults)) => {
                faults.iter().for_each(|fault| watch.faults.add(fault));
                UploadState::Unreadable
            }
            None => return result.map(drop),
        },
    };
    let batches = queries::batch_page(&app.db, scope, i64::MAX, compare::LOOKED_THROUGH).await?;
    if let Some((batch, last_year)) = compare::comparable(preview, upload.kind, &batches) {
        let figures = upload.kind.figures(app, scope, batch.batch_id).await?;
        let before = Before::of(batch.clone(), figures, last_year);
        preview.to_confirm.extend(compare::far_from(preview, &before));
        preview.before = Some(before);
    }
    if let Some(outdated) = upload.preview.as_ref().and_then(|earlier| earlier.outdated.as_deref()) {
        preview.to_confirm.push(PreviewFinding::from(&Fault::new(0, "", outdated)));
    }
    preview.take_faults(&watch.faults);
    let preview = preview.clone();
    let names = watch.finish()?;
    match found(app, scope, upload, &preview, &names, state).await {
        // Where nobody knows whether the commit was heard, the lists stay: if no row names them, they are tidied up one day.
        Ok(tx) => Ok(tx.commit().await?),
        Err(error) => {
            names.faults.iter().chain(&names.changes).try_for_each(|name| app.files.remove(scope, name))?;
            Err(error)
        }
    }
}

/// Writes what the check found; nothing is committed yet.
async fn found(
    app: &App,
    scope: &SystemScope,
    upload: &Upload,
    preview: &Preview,
    names: &ListNames,
    state: UploadState,
) -> anyhow::Result<Tx> {
    let (taken, preview) = (LeasedUpload(upload), serde_json::to_string(preview)?);
    let mut tx = app.db.begin().await?;
    let kept = taken.preview(&mut tx, scope, &preview, names).await?
        && taken.settle(&mut tx, scope, state, None, None).await?;
    if kept { Ok(tx) } else { Err(NotOurs.into()) }
}

async fn apply(app: &App, scope: &SystemScope, upload: &Upload) -> anyhow::Result<()> {
    let checked = upload.preview.as_ref().filter(|preview| preview.there_already.is_none()).map_or(0, Preview::wrong);
    if upload.all_or_nothing && checked > 0 && upload.batch_id.is_none() {
        return refuse(app, scope, upload, checked, None).await;
    }
    if let Some(outdated) = outdated(app, scope, upload).await? {
        let mut tx = app.db.begin().await?;
        let kept = LeasedUpload(upload).check_again(&mut tx, scope, &serde_json::to_string(&outdated)?).await?;
        tx.commit().await?;
        app.imports.wake();
        return if kept { Ok(()) } else { Err(NotOurs.into()) };
    }
    let mut watch = Applying { scope, upload };
    // Who had it imported confirmed what there was to confirm.
    let options = Options { confirmed: true, ..Options::default() };
    let report = import(app, scope, upload, options, &mut watch).await?;
    // What came to be wrong since the check. A batch that is there already may be this upload's own: its worker was killed
    // after the import, before it could refuse.
    let wrong = report.rejected + report.unmatched;
    let ours = report.outcome != Outcome::AlreadyThere || report.batch_id == upload.batch_id;
    if upload.all_or_nothing && wrong > 0 && ours && report.batch_id.is_some() {
        return refuse(app, scope, upload, wrong, report.batch_id).await;
    }
    let taken = LeasedUpload(upload);
    let mut tx = app.db.begin().await?;
    let settled = taken.settle(&mut tx, scope, UploadState::Applied, None, report.batch_id).await?;
    tx.commit().await?;
    if !settled {
        return Err(NotOurs.into());
    }
    files_remove(app, scope, upload).await?;
    queries::upload_files_gone(&app.db, scope, upload.upload_id).await?;
    Ok(())
}

/// Returns the preview with why it is out of date, where staff have to see it again before the first row is imported.
async fn outdated(app: &App, scope: &SystemScope, upload: &Upload) -> anyhow::Result<Option<Preview>> {
    let Some(preview) = upload.preview.as_ref().filter(|_| upload.batch_id.is_none()) else { return Ok(None) };
    let why = upload.kind.is_outdated(app, scope, &upload.answers, &preview.details).await?;
    Ok(why.map(|why| Preview { outdated: Some(why.to_owned()), ..preview.clone() }))
}

/// Ends the work without a batch: the one that was read, if any, is withdrawn with it.
async fn refuse(
    app: &App,
    scope: &SystemScope,
    upload: &Upload,
    wrong: i64,
    batch_id: Option<i64>,
) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    if !LeasedUpload(upload).settle(&mut tx, scope, UploadState::Refused, None, batch_id).await? {
        return Err(NotOurs.into());
    }
    if let Some(batch_id) = batch_id {
        withdraw::hide_in(app, &mut tx, scope, batch_id, "誤りがあるため").await?;
    }
    let subject = acts::upload(upload.upload_id, &upload.file_name);
    let detail = format!("{} 取り込めない行{wrong}件", upload.kind.label());
    audit::record(app, &mut tx, scope, acts::REFUSED, Some(&subject), &detail).await?;
    tx.commit().await?;
    Ok(())
}

async fn import(
    app: &App,
    scope: &SystemScope,
    upload: &Upload,
    options: Options,
    watch: &mut dyn Watch,
) -> anyhow::Result<Report> {
    let path = app.files.path(scope, &upload.stored_name);
    let source = Source::known(path, upload.file_name.clone(), upload.format, upload.content_hash);
    let source = source.with_parts(&upload.parts).with_profile(upload.profile.clone());
    upload.kind.import(Job { app, scope, source: &source, options, answers: &upload.answers, watch }).await
}

/// The watch over a check.
struct Checking<'a> {
    app: &'a App,
    scope: &'a SystemScope,
    upload: &'a Upload,
    preview: Preview,
    faults: FoundFaults,
    /// The list of changes being written, with its name; it begins with its first line.
    changes: Option<(String, EntriesCsv<BufWriter<NewFile>>)>,
    trouble: Option<anyhow::Error>,
}

/// The names of the lists that a check wrote, in the folder of files.
#[derive(Default)]
pub(super) struct ListNames {
    pub(super) faults: Option<String>,
    pub(super) changes: Option<String>,
}

impl Checking<'_> {
    fn begin(&self) -> anyhow::Result<(String, BufWriter<NewFile>)> {
        let name = files::name(self.app)?;
        let file = self.app.files.begin(self.scope, &name)?;
        Ok((name, BufWriter::new(file)))
    }

    fn entries(&mut self, entries: &[Entry]) -> anyhow::Result<()> {
        if self.changes.is_none() && !entries.is_empty() {
            let (name, file) = self.begin()?;
            self.changes = Some((name, EntriesCsv::new(file)?));
        }
        let Some((_, csv)) = &mut self.changes else { return Ok(()) };
        for entry in entries {
            let label = self.upload.kind.lists().iter().find(|(word, _)| *word == entry.list);
            csv.write(label.map_or("", |(_, label)| *label), entry)?;
        }
        Ok(())
    }

    /// Makes the lists durable; returns their names.
    fn finish(mut self) -> anyhow::Result<ListNames> {
        let mut names = ListNames::default();
        if self.faults.first().next().is_some() {
            let (name, mut file) = self.begin()?;
            write_faults_csv(&mut file, self.faults.first())?;
            keep(file)?;
            names.faults = Some(name);
        }
        if let Some((name, csv)) = self.changes.take() {
            keep(csv.finish()?)?;
            names.changes = Some(name);
        }
        Ok(names)
    }
}

fn keep(file: BufWriter<NewFile>) -> anyhow::Result<()> {
    file.into_inner().map_err(IntoInnerError::into_error)?.keep()?;
    Ok(())
}

impl Watch for Checking<'_> {
    fn fault(&mut self, ChunkFault { fault, .. }: &ChunkFault) {
        self.faults.add(fault);
    }

    fn notice(&mut self, notice: &Fault) {
        self.preview.notice(notice);
    }

    fn confirm(&mut self, faults: &[Fault]) {
        self.preview.to_confirm.extend(faults.iter().map(PreviewFinding::from));
    }

    fn found(&mut self, entries: &[Entry], asked: &[RowQuestion]) {
        entries.iter().for_each(|entry| self.preview.entry(entry));
        asked.iter().for_each(|asked| self.preview.ask(asked));
        if self.trouble.is_none() {
            self.trouble = self.entries(entries).err();
        }
    }

    fn checked(&mut self, progress: ReadProgress) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            let mut tx = self.app.db.begin().await?;
            let ours = LeasedUpload(self.upload).progress(&mut tx, self.scope, progress, None).await?;
            tx.commit().await?;
            if ours { Ok(()) } else { Err(NotOurs.into()) }
        })
    }
}

/// The watch over an import.
struct Applying<'a> {
    scope: &'a SystemScope,
    upload: &'a Upload,
}

impl Watch for Applying<'_> {
    fn fault(&mut self, _: &ChunkFault) {}

    fn applied<'t>(
        &'t mut self,
        tx: &'t mut Tx,
        batch_id: i64,
        progress: ReadProgress,
    ) -> BoxFuture<'t, anyhow::Result<()>> {
        Box::pin(async move {
            let ours = LeasedUpload(self.upload).progress(tx, self.scope, progress, Some(batch_id)).await?;
            if ours { Ok(()) } else { Err(NotOurs.into()) }
        })
    }
}
