//! Writing the announcements, and withdrawing those that wait, a portion in each transaction.

use anyhow::Context;
use jiff::{SignedDuration, Timestamp, civil::Date};
use yui_db::Tx;

use super::{
    acts::{ANNOUNCEMENTS_TAKEN_BACK, ANNOUNCEMENTS_WRITTEN, subject},
    queries::{self, Foreseen, ToAnnounce},
    refusal::AnnouncementRefusal,
};
use crate::{
    core::{
        app::App,
        audit,
        clock::{end_of, japan, last_day},
        mail::{self, MailFrame, Recipient},
        scope::SystemScope,
        society::{InSociety, ids_take},
    },
    features::{
        account::{
            letters::{self, FirstWay},
            queries::{self as accounts, NewLink},
        },
        migration::queries::numbers_pending,
    },
    ui::{Lang, format},
};

/// The hour in Japan at which announcements are due.
pub(crate) const HOUR: i8 = 9;

/// The number of accounts that one transaction covers.
const PORTION: i64 = 200;

/// The farthest day that may be chosen.
const FARTHEST: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// The result of an announcement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Mails written.
    pub written: i64,
    /// The number of them that replace one that waited for another day.
    pub moved: i64,
    /// Mails that already wait for the day.
    pub as_before: i64,
    /// Mails withdrawn.
    pub taken_back: i64,
}

impl Announced {
    fn add(&mut self, other: Self) {
        self.written += other.written;
        self.moved += other.moved;
        self.as_before += other.as_before;
        self.taken_back += other.taken_back;
    }

    /// Returns the result in words, for the log and for pages.
    pub(crate) fn words(&self) -> String {
        let Self { written, moved, as_before, taken_back } = self;
        let part = |count: &i64, words: &str| (*count > 0).then(|| format!("{}通{words}", format::yen(*count)));
        let new = written - moved;
        let parts = [
            part(&new, "を用意"),
            part(moved, "の送る日を変更"),
            part(as_before, "はそのまま"),
            part(taken_back, "を取消し"),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "0通".to_owned() } else { parts.join("、") }
    }
}

/// The order about the announcements.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnnouncementAct {
    /// They are written, or moved.
    Send(Sending),
    /// Those that wait are withdrawn.
    TakeBack,
}

/// The time when announcements are due, and the end of the first login that they announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sending {
    pub(crate) due: Timestamp,
    /// The end of the first login; none to keep that of the import.
    pub(crate) ends_at: Option<Timestamp>,
}

/// Returns the effects of sending on that day, with this last day of the first login, in numbers of accounts.
///
/// # Errors
/// [`AnnouncementRefusal`] if it cannot be done, or if the database does not answer.
pub(crate) async fn foresee(
    app: &App,
    scope: &impl InSociety,
    on: Date,
    until: Option<Date>,
) -> anyhow::Result<(Sending, Foreseen)> {
    let (today, now) = (app.clock.today(), app.clock.now());
    let farthest = now.checked_add(FARTHEST)?.to_zoned(japan()).date();
    if on < today {
        return Err(AnnouncementRefusal::DayPast(on).into());
    }
    if on > farthest {
        return Err(AnnouncementRefusal::DayTooFar(on).into());
    }
    match until {
        Some(until) if until > farthest => return Err(AnnouncementRefusal::UntilTooFar(until).into()),
        Some(until) if until < on => return Err(AnnouncementRefusal::UntilBefore { on, until }.into()),
        _ => {}
    }
    if !numbers_pending(&app.db, scope, 1).await?.is_empty() {
        return Err(AnnouncementRefusal::ImportNotDone.into());
    }
    let due = on.at(HOUR, 0, 0, 0).to_zoned(japan())?.timestamp().max(now);
    let sending = Sending { due, ends_at: until.map(end_of).transpose()? };
    let foreseen = queries::foreseen(&app.db, scope, sending, now).await?;
    if foreseen.ends_before > 0 {
        return Err(AnnouncementRefusal::EndsBefore { on, people: foreseen.ends_before }.into());
    }
    Ok((sending, foreseen))
}

/// Writes the announcement to the users of the older system who have a mail address, got no postcard and are not
/// enrolled. It is due at 9:00 on that day in Japan. An account that was mailed is not mailed again; a mail that still waits is moved to the
/// new day. `until` is the last day of the first login, if it is not to stay that of the import. Earlier orders of the
/// console are stopped.
///
/// # Errors
/// [`AnnouncementRefusal`], or where the database does not answer; of a refusal no mail is written.
pub async fn announce(app: &App, scope: &SystemScope, on: Date, until: Option<Date>) -> anyhow::Result<Announced> {
    let (sending, _) = foresee(app, scope, on, until).await?;
    at_once(app, scope, AnnouncementAct::Send(sending)).await
}

/// Withdraws all announcements that still wait; returns their number. The links in them are invalid. Earlier orders of
/// the console are stopped.
///
/// # Errors
/// Where the database fails.
pub async fn take_back(app: &App, scope: &SystemScope) -> anyhow::Result<i64> {
    Ok(at_once(app, scope, AnnouncementAct::TakeBack).await?.taken_back)
}

async fn at_once(app: &App, scope: &SystemScope, what: AnnouncementAct) -> anyhow::Result<Announced> {
    let mut tx = app.db.begin().await?;
    queries::orders_stop(&mut tx, scope, app.clock.now()).await?;
    tx.commit().await?;
    let (mut all, mut through) = (Announced::default(), 0);
    loop {
        let mut tx = app.db.begin().await?;
        let Some((last, done)) = portion(app, &mut tx, scope, what, through).await? else {
            recorded(app, &mut tx, scope, what, &all).await?;
            tx.commit().await?;
            break;
        };
        tx.commit().await?;
        all.add(done);
        through = last;
    }
    app.mail.wake();
    Ok(all)
}

/// Records the result in the log.
pub(crate) async fn recorded(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    what: AnnouncementAct,
    done: &Announced,
) -> anyhow::Result<()> {
    let (act, when) = match what {
        AnnouncementAct::Send(Sending { due, .. }) => {
            (ANNOUNCEMENTS_WRITTEN, format!("{} に送信: ", format::minute(due)))
        }
        AnnouncementAct::TakeBack => (ANNOUNCEMENTS_TAKEN_BACK, String::new()),
    };
    audit::record(app, tx, scope, act, Some(&subject()), &format!("{when}{}", done.words())).await
}

/// Handles the next portion after the account `through`; returns its last account and its result, or nothing if none is
/// left. Other writers of the same society wait for the transaction's end, so that nobody is mailed twice.
pub(crate) async fn portion(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    what: AnnouncementAct,
    through: i64,
) -> anyhow::Result<Option<(i64, Announced)>> {
    ids_take(tx, scope, "announcement", 1).await?;
    let now = app.clock.now();
    let people = queries::to_announce(tx, scope, now, through, PORTION).await?;
    let Some(last) = people.last().map(|one| one.account_id) else { return Ok(None) };
    let mut done = Announced::default();
    for one in &people {
        match what {
            AnnouncementAct::Send(sending) => send(app, tx, scope, one, sending, &mut done).await?,
            AnnouncementAct::TakeBack => {
                if let Some(mail_id) = one.announcement_mail_id
                    && mail::take_back(tx, scope, mail_id, now).await?
                {
                    accounts::links_delete(tx, scope, one.account_id, "first_login").await?;
                    accounts::announcement_set(tx, scope, one.account_id, None).await?;
                    done.taken_back += 1;
                }
            }
        }
    }
    Ok(Some((last, done)))
}

async fn send(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    one: &ToAnnounce,
    sending: Sending,
    done: &mut Announced,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    // An order that was carried out late is due at once.
    let due = sending.due.max(now);
    let ends_at = sending.ends_at.or(one.password_ends_at);
    // Who came since by another file, with a way in that is over by then, is not told of it: the page goes on counting them.
    let Some(ends_at) = ends_at.filter(|ends_at| *ends_at > due) else { return Ok(()) };
    let same = |kept: Option<jiff::Timestamp>, wanted| kept.is_some_and(|kept| kept == wanted);
    let as_it_is = same(one.due_at, due) && same(one.password_ends_at, ends_at);
    if as_it_is {
        done.as_before += 1;
    } else if let Some(mail_id) = one.announcement_mail_id
        && !mail::take_back(tx, scope, mail_id, now).await?
    {
        done.as_before += 1;
    } else {
        write(app, tx, scope, one, (due, ends_at)).await?;
        done.written += 1;
        done.moved += i64::from(one.announcement_mail_id.is_some());
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
    if one.password_ends_at.is_none_or(|kept| kept != ends_at) {
        queries::first_way_ends(tx, scope, account_id, ends_at).await?;
    }
    let frame = MailFrame::of(app, scope.society(), Lang::parse(&one.lang).unwrap_or_default());
    let letter = letters::announcement(&frame, &one.user_id, &way);
    let address = one.email.as_deref().context("an address")?;
    let to = Recipient { account_id: Some(account_id), address };
    let mail_id = mail::enqueue(tx, app, scope, to, &letter, due).await?;
    Ok(accounts::announcement_set(tx, scope, account_id, Some(mail_id)).await?)
}
