//! Orders from the console: many mails are more than a request may take, so that a worker writes them.

use anyhow::Context;
use jiff::civil::Date;
use yui_db::Tx;

use super::{
    acts::{ANNOUNCEMENTS_BACK_ORDERED, ANNOUNCEMENTS_ORDERED, subject},
    announce::{AnnouncementAct, Sending, foresee, portion, recorded},
    queries::{self, LeasedAnnouncement},
};
use crate::{
    core::{app::App, audit, scope::SystemScope},
    features::orders::{LEASE, Order, Statements},
    ui::format,
};

/// Places an order; one that is not done yet is stopped by it. The same ordered twice, as by a double click, is done
/// once.
pub(crate) async fn order(app: &App, scope: &SystemScope, what: AnnouncementAct, detail: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    order_in(app, &mut tx, scope, what, detail).await?;
    tx.commit().await?;
    app.announcements.notify_one();
    Ok(())
}

async fn order_in(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    what: AnnouncementAct,
    detail: &str,
) -> anyhow::Result<()> {
    let by = scope.actor.staff_id().context("a member of staff")?;
    let from = scope.actor.address().unwrap_or_default();
    let (act, sending) = match what {
        AnnouncementAct::Send(sending) => (ANNOUNCEMENTS_ORDERED, Some(sending)),
        AnnouncementAct::TakeBack => (ANNOUNCEMENTS_BACK_ORDERED, None),
    };
    if queries::order(tx, scope, sending, (by, from), app.clock.now()).await? {
        audit::record(app, tx, scope, act, Some(&subject()), detail).await?;
    }
    Ok(())
}

/// Returns the words of the request to a second person, which [`asked`] reads again: `2027-01-15 に送信、2027-03-31
/// まで登録可、1,204人`.
pub(crate) fn words(on: Date, until: Option<Date>, people: i64) -> String {
    let until = until.map(|until| format!("{until}{UNTIL}、")).unwrap_or_default();
    format!("{on}{ON}、{until}{}人", format::yen(people))
}

const ON: &str = " に送信";
const UNTIL: &str = " まで登録可";

fn asked(words: &str) -> anyhow::Result<(Date, Option<Date>)> {
    let day = |ending: &str| words.split('、').find_map(|part| part.strip_suffix(ending)?.parse::<Date>().ok());
    Ok((day(ON).context("the day of sending")?, day(UNTIL)))
}

/// Performs an approved request, in the caller's transaction: orders the announcements as `detail` says. A worker, to
/// be woken afterwards, writes them.
///
/// # Errors
/// [`super::AnnouncementRefusal`] if that cannot be done any more, or if the database does not answer.
pub(crate) async fn order_approved(app: &App, tx: &mut Tx, scope: &SystemScope, detail: &str) -> anyhow::Result<()> {
    let (on, until) = asked(detail)?;
    let (sending, _) = foresee(app, scope, on, until).await?;
    order_in(app, tx, scope, AnnouncementAct::Send(sending), detail).await
}

impl Order for LeasedAnnouncement {
    const WHAT: &'static str = "announcements";

    const STATEMENTS: Statements<Self> = Statements {
        societies: queries::Sql::societies,
        take: queries::Sql::take,
        keep: queries::Sql::keep,
        failed: queries::Sql::failed,
    };

    fn taken(&self) -> (i64, i32) {
        (self.order_id, self.tries)
    }

    fn ordered_by(&self) -> (i64, &str) {
        (self.ordered_by, &self.ordered_from)
    }

    /// Carries the order out, portion by portion, each only if the order still stands.
    async fn work(&self, app: &App, scope: &SystemScope) -> anyhow::Result<bool> {
        let what = match (self.act.as_str(), self.due_at) {
            ("send", Some(due)) => AnnouncementAct::Send(Sending { due, ends_at: self.ends_at }),
            _ => AnnouncementAct::TakeBack,
        };
        let mut through = self.done_through;
        loop {
            let now = app.clock.now();
            let mut tx = app.db.begin().await?;
            if !queries::keep(&mut tx, scope, self, now.checked_add(LEASE)?).await? {
                return Ok(false);
            }
            let Some((last, done)) = portion(app, &mut tx, scope, what, through).await? else {
                let all = queries::done(&mut tx, scope, self, now).await?;
                recorded(app, &mut tx, scope, what, &all).await?;
                tx.commit().await?;
                app.mail.wake();
                return Ok(true);
            };
            queries::went(&mut tx, scope, self, (last, &done)).await?;
            tx.commit().await?;
            through = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_read_again() {
        let (on, until) = (jiff::civil::date(2027, 1, 15), jiff::civil::date(2027, 3, 31));
        assert_eq!(words(on, Some(until), 1_204), "2027-01-15 に送信、2027-03-31 まで登録可、1,204人");
        for until in [None, Some(until)] {
            assert_eq!(asked(&words(on, until, 12)).unwrap(), (on, until));
        }
        assert!(asked("すぐに").is_err());
    }
}
