//! The SQL of announcements and of the orders for them.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, statements};

use super::announce::{Announced, Sending};
use crate::core::{
    scope::SystemScope,
    society::{InSociety, ids_take},
};

statements! {
    fn to_announce(society_id: i64, now: Timestamp, through: i64, most: i64) -> ToAnnounce = "
        SELECT a.account_id, a.user_id, a.email, a.lang, a.first_way, a.password_ends_at, a.announcement_mail_id,
            COALESCE(m.due_at, NULL) AS due_at
        FROM accounts a
        LEFT JOIN mails m ON m.society_id = a.society_id AND m.mail_id = a.announcement_mail_id
        WHERE a.society_id = $1 AND a.account_id > $3
            AND a.state = 'temporary' AND a.origin <> 'new' AND a.email IS NOT NULL AND a.first_way IN ('link', 'numbers')
            AND (a.announcement_mail_id IS NULL
                OR (m.sent_at IS NULL AND m.failed_at IS NULL AND m.tries = 0 AND m.due_at > $2))
        ORDER BY a.account_id LIMIT $4";
    fn foreseen(society_id: i64, now: Timestamp, due: Timestamp, ends_at: Option<Timestamp>) -> Foreseen = "
        SELECT COUNT(CASE WHEN a.announcement_mail_id IS NULL THEN 1 END) AS unwritten,
            COUNT(a.announcement_mail_id) AS waiting,
            COUNT(CASE WHEN m.due_at = $3 AND a.password_ends_at = COALESCE($4, a.password_ends_at) THEN 1 END) AS as_before,
            COUNT(CASE WHEN COALESCE($4, a.password_ends_at, $3) <= $3 THEN 1 END) AS ends_before
        FROM accounts a
        LEFT JOIN mails m ON m.society_id = a.society_id AND m.mail_id = a.announcement_mail_id
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.origin <> 'new' AND a.email IS NOT NULL
            AND a.first_way IN ('link', 'numbers')
            AND (a.announcement_mail_id IS NULL
                OR (m.sent_at IS NULL AND m.failed_at IS NULL AND m.tries = 0 AND m.due_at > $2))";
    fn waiting(society_id: i64, now: Timestamp) -> WaitingMailsRow = "
        SELECT m.due_at, COUNT(*) AS mails FROM accounts a
        JOIN mails m ON m.society_id = a.society_id AND m.mail_id = a.announcement_mail_id
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.origin <> 'new' AND a.email IS NOT NULL
            AND a.first_way IN ('link', 'numbers')
            AND m.sent_at IS NULL AND m.failed_at IS NULL AND m.tries = 0 AND m.due_at > $2
        GROUP BY m.due_at ORDER BY m.due_at";
    fn standing(society_id: i64, today: Date) -> NotEnrolledCounts = "
        SELECT COUNT(CASE WHEN a.announcement_mail_id IS NULL AND a.email IS NOT NULL AND a.first_way IN ('link', 'numbers')
                THEN 1 END) AS unwritten,
            COUNT(CASE WHEN a.email IS NULL AND a.first_way = 'link' AND EXISTS (SELECT 1 FROM coverages c
                WHERE c.society_id = a.society_id AND c.member_id = a.member_id AND c.relationship = 'insured'
                    AND c.from_date <= $2 AND (c.to_date IS NULL OR c.to_date > $2)) THEN 1 END) AS without_address,
            COUNT(m.failed_at) AS failed
        FROM accounts a
        LEFT JOIN mails m ON m.society_id = a.society_id AND m.mail_id = a.announcement_mail_id
        WHERE a.society_id = $1 AND a.state = 'temporary' AND a.origin <> 'new'";
    fn first_way_ends(society_id: i64, account_id: i64, ends_at: Timestamp) = "
        UPDATE accounts SET password_ends_at = $3, revision = revision + 1
        WHERE society_id = $1 AND account_id = $2 AND state = 'temporary'";
    fn orders_stop(society_id: i64, now: Timestamp) = "
        UPDATE announcement_orders SET stopped_at = $2
        WHERE society_id = $1 AND done_at IS NULL AND stopped_at IS NULL";
    fn sending(society_id: i64) -> i64 = "
        SELECT COUNT(*) AS count FROM announcement_orders
        WHERE society_id = $1 AND done_at IS NULL AND stopped_at IS NULL AND act = 'send'";
    fn order_same(
        society_id: i64,
        act: &str,
        due_at: Option<Timestamp>,
        ends_at: Option<Timestamp>,
        is_none: bool,
    ) -> i64 = "
        SELECT COUNT(*) AS count FROM announcement_orders
        WHERE society_id = $1 AND done_at IS NULL AND stopped_at IS NULL AND act = $2
            AND (act = 'take_back' OR (due_at = $3 AND (ends_at = $4 OR (ends_at IS NULL AND $5))))";
    fn order(
        society_id: i64,
        order_id: i64,
        act: &str,
        due_at: Option<Timestamp>,
        ends_at: Option<Timestamp>,
        by: i64,
        now: Timestamp,
        from: &str,
    ) = "
        INSERT INTO announcement_orders (society_id, order_id, act, due_at, ends_at, ordered_by, ordered_at, ordered_from, tries,
            done_through, written, moved, as_before, taken_back)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, 0)";
    pub(crate) fn societies(now: Timestamp) -> crate::features::orders::SocietyWithWork = "
        SELECT society_id FROM announcement_orders
        WHERE done_at IS NULL AND stopped_at IS NULL AND (taken_until IS NULL OR taken_until <= $1)
        ORDER BY society_id";
    pub(crate) fn take(society_id: i64, now: Timestamp, until: Timestamp) -> LeasedAnnouncement = "
        UPDATE announcement_orders SET taken_until = $3, tries = tries + 1, trouble_at = NULL
        WHERE society_id = $1 AND done_at IS NULL AND stopped_at IS NULL AND (taken_until IS NULL OR taken_until <= $2)
        RETURNING order_id, act, due_at, ends_at, ordered_by, ordered_from, tries, done_through";
    pub(crate) fn keep(society_id: i64, order_id: i64, tries: i32, until: Timestamp) = "
        UPDATE announcement_orders SET taken_until = $4
        WHERE society_id = $1 AND order_id = $2 AND tries = $3 AND done_at IS NULL AND stopped_at IS NULL";
    fn went(
        society_id: i64,
        order_id: i64,
        through: i64,
        written: i64,
        moved: i64,
        as_before: i64,
        taken_back: i64,
    ) = "
        UPDATE announcement_orders
        SET done_through = $3, written = written + $4, moved = moved + $5, as_before = as_before + $6,
            taken_back = taken_back + $7
        WHERE society_id = $1 AND order_id = $2";
    fn done(society_id: i64, order_id: i64, now: Timestamp) -> DoneRow = "
        UPDATE announcement_orders SET done_at = $3, taken_until = NULL WHERE society_id = $1 AND order_id = $2
        RETURNING written, moved, as_before, taken_back";
    pub(crate) fn failed(society_id: i64, order_id: i64, tries: i32, now: Timestamp, due_at: Timestamp) = "
        UPDATE announcement_orders SET trouble_at = $4, taken_until = $5
        WHERE society_id = $1 AND order_id = $2 AND tries = $3 AND done_at IS NULL AND stopped_at IS NULL";
    fn list(society_id: i64, most: i64) -> OrderRow = "
        SELECT o.act, o.due_at, o.ends_at, s.name AS ordered_name, o.ordered_at, o.trouble_at, o.written, o.moved, o.as_before,
            o.taken_back, o.done_at, o.stopped_at
        FROM announcement_orders o
        JOIN staff s ON s.society_id = o.society_id AND s.staff_id = o.ordered_by
        WHERE o.society_id = $1 ORDER BY o.order_id DESC LIMIT $2";
}

/// An account to be told of the renewed portal.
#[derive(Debug, yui_db::Row)]
pub(crate) struct ToAnnounce {
    pub(crate) account_id: i64,
    pub(crate) user_id: String,
    pub(crate) email: Option<String>,
    pub(crate) lang: String,
    pub(crate) first_way: Option<String>,
    pub(crate) password_ends_at: Option<jiff::Timestamp>,
    /// The mail that waits, and until when.
    pub(crate) announcement_mail_id: Option<i64>,
    pub(crate) due_at: Option<jiff::Timestamp>,
}

/// Returns the next accounts that are to be told and have not been, neither by mail nor by paper: up to `most` after
/// the account `through`.
pub(crate) async fn to_announce(
    tx: &mut Tx,
    scope: &SystemScope,
    now: Timestamp,
    through: i64,
    most: i64,
) -> Result<Vec<ToAnnounce>, DbError> {
    tx.all(Sql::to_announce(scope.society_id(), now, through, most)).await
}

/// The effects of sending, in numbers of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, yui_db::Row)]
pub(crate) struct Foreseen {
    /// The accounts without a mail yet.
    pub(crate) unwritten: i64,
    /// The accounts whose mail waits.
    pub(crate) waiting: i64,
    /// The number of them whose mail waits for that very time.
    pub(crate) as_before: i64,
    /// The accounts whose first login would end before.
    pub(crate) ends_before: i64,
}

impl Foreseen {
    /// Returns the number of mails that will be written or moved.
    pub(crate) fn people(&self) -> i64 {
        self.unwritten + self.moved()
    }

    /// Returns the number of waiting mails that get another time.
    pub(crate) fn moved(&self) -> i64 {
        self.waiting - self.as_before
    }
}

/// Counts the effects of sending.
pub(crate) async fn foreseen(
    db: &Db,
    scope: &impl InSociety,
    sending: Sending,
    now: Timestamp,
) -> Result<Foreseen, DbError> {
    db.one(Sql::foreseen(scope.society_id(), now, sending.due, sending.ends_at)).await
}

/// The mails that wait for one time.
#[derive(Clone, Copy, Debug, yui_db::Row)]
pub(crate) struct WaitingMailsRow {
    pub(crate) due_at: jiff::Timestamp,
    pub(crate) mails: i64,
}

/// Returns the number of mails that wait, by due time.
pub(crate) async fn waiting(db: &Db, scope: &impl InSociety, now: Timestamp) -> Result<Vec<WaitingMailsRow>, DbError> {
    db.all(Sql::waiting(scope.society_id(), now)).await
}

/// The accounts that are not enrolled, in numbers.
#[derive(Clone, Copy, Debug, yui_db::Row)]
pub(crate) struct NotEnrolledCounts {
    /// The accounts that can be mailed and have not been.
    pub(crate) unwritten: i64,
    /// The accounts that need paper, for want of an address.
    pub(crate) without_address: i64,
    /// The accounts whose mail could not be delivered.
    pub(crate) failed: i64,
}

/// Counts the accounts that are not enrolled.
pub(crate) async fn not_enrolled_counts(
    db: &Db,
    scope: &impl InSociety,
    today: Date,
) -> Result<NotEnrolledCounts, DbError> {
    db.one(Sql::standing(scope.society_id(), today)).await
}

/// Sets the end of the account's first login.
pub(crate) async fn first_way_ends(
    tx: &mut Tx,
    scope: &SystemScope,
    account_id: i64,
    ends_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(Sql::first_way_ends(scope.society_id(), account_id, ends_at)).await.map(drop)
}

/// Returns whether an order to send is not done yet.
pub(crate) async fn is_sending(db: &Db, scope: &impl InSociety) -> Result<bool, DbError> {
    let row = db.one(Sql::sending(scope.society_id())).await?;
    Ok(row > 0)
}

/// Stops the order that is not done yet, if there is one.
pub(crate) async fn orders_stop(tx: &mut Tx, scope: &SystemScope, now: Timestamp) -> Result<(), DbError> {
    tx.execute(Sql::orders_stop(scope.society_id(), now)).await.map(drop)
}

/// Orders, in the name of this member of staff who comes from this address; an earlier order that is not done yet is
/// stopped. Returns false if the same order is being carried out.
pub(crate) async fn order(
    tx: &mut Tx,
    scope: &SystemScope,
    sending: Option<Sending>,
    (by, from): (i64, &str),
    now: Timestamp,
) -> Result<bool, DbError> {
    let id = ids_take(tx, scope, "announcement_order", 1).await?;
    let act = if sending.is_some() { "send" } else { "take_back" };
    let (due_at, ends_at) = (sending.map(|sending| sending.due), sending.and_then(|sending| sending.ends_at));
    if tx.one(Sql::order_same(scope.society_id(), act, due_at, ends_at, ends_at.is_none())).await? > 0 {
        return Ok(false);
    }
    orders_stop(tx, scope, now).await?;
    tx.execute(Sql::order(scope.society_id(), id, act, due_at, ends_at, by, now, from)).await?;
    Ok(true)
}

/// An order that a worker has taken.
#[derive(Debug, yui_db::Row)]
pub(crate) struct LeasedAnnouncement {
    pub(crate) order_id: i64,
    pub(crate) act: String,
    pub(crate) due_at: Option<jiff::Timestamp>,
    pub(crate) ends_at: Option<jiff::Timestamp>,
    pub(crate) ordered_by: i64,
    pub(crate) ordered_from: String,
    pub(crate) tries: i32,
    pub(crate) done_through: i64,
}

/// Extends the lease; returns false if the order was stopped or another worker holds it by now.
pub(crate) async fn keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    order: &LeasedAnnouncement,
    until: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::keep(scope.society_id(), order.order_id, order.tries, until)).await? == 1)
}

/// Records the progress up to this account, with its result.
pub(crate) async fn went(
    tx: &mut Tx,
    scope: &impl InSociety,
    order: &LeasedAnnouncement,
    (through, done): (i64, &Announced),
) -> Result<(), DbError> {
    let Announced { written, moved, as_before, taken_back } = *done;
    tx.execute(Sql::went(scope.society_id(), order.order_id, through, written, moved, as_before, taken_back))
        .await
        .map(drop)
}

#[derive(yui_db::Row)]
struct DoneRow {
    written: i64,
    moved: i64,
    as_before: i64,
    taken_back: i64,
}

/// Records that the order is done; returns its result in all.
pub(crate) async fn done(
    tx: &mut Tx,
    scope: &impl InSociety,
    order: &LeasedAnnouncement,
    now: Timestamp,
) -> Result<Announced, DbError> {
    let row: DoneRow = tx.one(Sql::done(scope.society_id(), order.order_id, now)).await?;
    let DoneRow { written, moved, as_before, taken_back } = row;
    Ok(Announced { written, moved, as_before, taken_back })
}

/// An order as the page shows it.
#[derive(Debug, yui_db::Row)]
pub(crate) struct OrderRow {
    pub(crate) act: String,
    pub(crate) due_at: Option<jiff::Timestamp>,
    pub(crate) ends_at: Option<jiff::Timestamp>,
    pub(crate) ordered_name: String,
    pub(crate) ordered_at: jiff::Timestamp,
    pub(crate) trouble_at: Option<jiff::Timestamp>,
    pub(crate) written: i64,
    pub(crate) moved: i64,
    pub(crate) as_before: i64,
    pub(crate) taken_back: i64,
    pub(crate) done_at: Option<jiff::Timestamp>,
    pub(crate) stopped_at: Option<jiff::Timestamp>,
}

/// Returns the newest orders.
pub(crate) async fn list(db: &Db, scope: &impl InSociety, most: i64) -> Result<Vec<OrderRow>, DbError> {
    db.all(Sql::list(scope.society_id(), most)).await
}
