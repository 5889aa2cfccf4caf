//! Telling users of the older system, by mail and on a date that staff choose, that the portal is renewed and how to get in.

use anyhow::{Context, bail};
use jiff::{Timestamp, civil::Date};
use yui_db::Tx;

use super::{
    end_of, last_day,
    queries::{self, ToAnnounce},
};
use crate::{
    app::{App, japan},
    features::{
        account::{
            letters::{self, FirstWay},
            queries::{self as accounts, NewLink},
        },
        mails::{self, MailFrame, Recipient},
    },
    scope::{InSociety, SystemScope},
    ui::Lang,
};

/// The hour in Japan at which announcements are due.
const HOUR: i8 = 9;

/// How many mails are written in one transaction.
const CHUNK: usize = 200;

/// What an announcement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Mails written.
    pub written: usize,
    /// Of them, those in the place of one that waited for another day.
    pub moved: usize,
    /// Mails that wait as they are.
    pub as_before: usize,
}

/// Writes the announcement to every user of the older system who has an address, no paper and is not enrolled, due at nine
/// on that day in Japan. Who was mailed is not mailed again; a mail that still waits is moved to the new day. `until` is
/// the last day of the way in, where it is not to stay that of the import.
///
/// # Errors
/// Where the day is past or later than the last day of somebody's way in; no mail is written then.
pub async fn announce(app: &App, scope: &SystemScope, on: Date, until: Option<Date>) -> anyhow::Result<Announced> {
    let now = app.clock.now();
    if on < app.clock.today() {
        bail!("{on} is past");
    }
    let due = on.at(HOUR, 0, 0, 0).to_zoned(japan())?.timestamp().max(now);
    let until = until.map(end_of).transpose()?;
    if !queries::numbers_pending(&app.db, scope, 1).await?.is_empty() {
        bail!("the import of older users is not done: run it again first");
    }
    let people = queries::to_announce(&app.db, scope, now).await?;
    let ends = |one: &ToAnnounce| until.or(one.password_ends_at.map(yui_db::Timestamp::to_jiff));
    if people.iter().any(|one| ends(one).is_none_or(|ends_at| ends_at <= due)) {
        bail!("some ways in end before {on}: say with --until how long they are to last");
    }
    let mut all = Announced::default();
    for some in people.chunks(CHUNK) {
        let mut tx = app.db.begin().await?;
        for one in some {
            let ends_at = ends(one).context("the end of the way in")?;
            let same = |kept: Option<yui_db::Timestamp>, wanted| kept.is_some_and(|kept| kept.to_jiff() == wanted);
            if same(one.due_at, due) && same(one.password_ends_at, ends_at) {
                all.as_before += 1;
            } else if let Some(mail_id) = one.announcement_mail_id
                && !mails::take_back(&mut tx, scope, mail_id, now).await?
            {
                all.as_before += 1;
            } else {
                write(app, &mut tx, scope, one, (due, ends_at)).await?;
                all.written += 1;
                all.moved += usize::from(one.announcement_mail_id.is_some());
            }
        }
        tx.commit().await?;
    }
    app.mail.wake();
    Ok(all)
}

/// Takes back all announcements that still wait; returns how many. The links in them are dead.
///
/// # Errors
/// Where the database fails.
pub async fn take_back(app: &App, scope: &SystemScope) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut count = 0;
    let mut tx = app.db.begin().await?;
    for one in queries::to_announce(&app.db, scope, now).await? {
        if let Some(mail_id) = one.announcement_mail_id
            && mails::take_back(&mut tx, scope, mail_id, now).await?
        {
            accounts::links_delete(&mut tx, scope, one.account_id, "first_login").await?;
            queries::announcement_set(&mut tx, scope, one.account_id, None).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}

/// Takes back the announcement to this account, if one waits, and kills the link in it or in one that was sent.
pub(in super::super) async fn take_back_of(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    now: Timestamp,
) -> anyhow::Result<()> {
    accounts::links_delete(tx, scope, account_id, "first_login").await?;
    if let Some(mail) = queries::announcement(tx, scope, account_id).await?
        && mails::take_back(tx, scope, mail, now).await?
    {
        queries::announcement_set(tx, scope, account_id, None).await?;
    }
    Ok(())
}

async fn write(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    one: &ToAnnounce,
    (due, ends_at): (Timestamp, Timestamp),
) -> anyhow::Result<()> {
    let (account_id, until) = (one.account_id, last_day(ends_at));
    let way = if one.first_way.as_deref() == Some("link") {
        let token = app.random.token()?;
        let token_hash = *token.hash().as_bytes();
        let link = NewLink { token_hash, account_id, purpose: "first_login", address: None, ends_at };
        accounts::link_insert(tx, scope, &link, app.clock.now()).await?;
        FirstWay::Link { path: format!("/link/first/{}", *token.text()), until }
    } else {
        FirstWay::NumbersAndBirthDate { until }
    };
    if one.password_ends_at.is_none_or(|kept| kept.to_jiff() != ends_at) {
        queries::first_way_ends(tx, scope, account_id, ends_at).await?;
    }
    let frame = MailFrame::of(app, scope.society(), Lang::of(&one.lang).unwrap_or_default());
    let letter = letters::announcement(&frame, &one.user_id, &way);
    let address = one.email.as_deref().context("an address")?;
    let to = Recipient { account_id: Some(account_id), address };
    let mail_id = mails::enqueue(tx, app, scope, to, &letter, due).await?;
    Ok(queries::announcement_set(tx, scope, account_id, Some(mail_id)).await?)
}
