//! Telling members of a publication: mails are written in portions, each in one transaction with how far the telling is, so
//! that nobody is mailed twice, even if a process is killed in between.

use yui_db::Tx;

use super::{Batch, News, Reader, queries};
use crate::{
    core::{
        app::App,
        mail::{self, MailFrame, Recipient, unsubscribe},
        scope::SystemScope,
        society::InSociety,
    },
    ui::Lang,
};

/// How many mails are written in one transaction.
const PORTION: i64 = 100;

/// Writes the next mails of each publication of the society; returns how many, none where all are written.
pub(super) async fn tell(app: &App, scope: &SystemScope) -> anyhow::Result<i64> {
    let mut all = 0;
    for batch_id in queries::to_tell(&app.db, scope).await? {
        all += tell_portion(app, scope, batch_id).await?.unwrap_or(0);
    }
    if all > 0 {
        app.mail.wake();
    }
    Ok(all)
}

/// Writes the next mails of a batch's publication; nothing where nobody is left.
async fn tell_portion(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<Option<i64>> {
    let Some(batch) = queries::batch(&app.db, scope, batch_id).await? else { return Ok(None) };
    // Who is told is found before anything is written: on SQLite nobody else writes meanwhile.
    let mut reading = app.db.begin_reading().await?;
    let Some(from) = queries::telling_from(&mut reading, scope, batch_id).await? else { return Ok(None) };
    let readers = match batch.kind.news() {
        Some(news) => news.readers(&mut reading, scope, batch_id, (from, PORTION), app.clock.today()).await?,
        None => Vec::new(),
    };
    drop(reading);
    let mut tx = app.db.begin().await?;
    if queries::told_through(&mut tx, scope, batch_id).await? != Some(from) {
        // Another worker told these, or the batch was withdrawn.
        return Ok(None);
    }
    for reader in &readers {
        if let Some(news) = batch.kind.news() {
            write(app, &mut tx, scope, (news, &batch), reader).await?;
        }
    }
    let (through, count) = (readers.last().map(|reader| reader.account_id), i64::try_from(readers.len())?);
    if !queries::told_set(&mut tx, scope, batch_id, (from, through), count).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(through.map(|_| count))
}

async fn write(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    (news, batch): (&dyn News, &Batch),
    reader: &Reader,
) -> anyhow::Result<()> {
    let frame = MailFrame::of(app, scope.society(), Lang::parse(&reader.lang).unwrap_or_default());
    let stop = unsubscribe::path(app, scope, reader.account_id, news.wish())?;
    let letter = news.letter(&frame, batch).unsubscribe(frame.url(&stop));
    let to = Recipient { account_id: Some(reader.account_id), address: &reader.email };
    mail::enqueue(tx, app, scope, to, &letter, app.clock.now()).await?;
    Ok(())
}
