//! The SQL of delivery, and of mails that were given up.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use super::rules::Useless;
use crate::core::{mail::queries::MailCount, society::InSociety};

/// The reason why a mail `m` is not worth another try at `$2`, as a word; none if it is. An announcement is worth a try
/// as long as its account waits for the first login that it tells of.
macro_rules! useless {
    () => {
        "CASE
            WHEN m.sealed_content IS NULL THEN 'empty'
            WHEN m.ends_at <= $2 THEN 'over'
            WHEN m.kind = 'announcement' AND NOT EXISTS (SELECT 1 FROM accounts a
                WHERE a.society_id = m.society_id AND a.account_id = m.account_id AND a.state = 'temporary'
                    AND a.announcement_mail_id = m.mail_id AND a.password_ends_at > $2
                    AND (a.first_way = 'numbers' OR a.first_way = 'link' AND EXISTS (SELECT 1 FROM mailed_links l
                        WHERE l.society_id = a.society_id AND l.account_id = a.account_id AND l.purpose = 'first_login'
                            AND l.ends_at > $2))) THEN 'no_way_in'
        END"
    };
}

/// The given-up mails of a society that match the conditions that follow.
macro_rules! failed {
    () => {
        concat!(
            "SELECT m.mail_id, m.account_id, m.kind, m.recipient, m.failed_at, m.last_error, ",
            useless!(),
            " AS useless FROM mails m WHERE m.society_id = $1"
        )
    };
}

statements! {
    // Over all societies, but over nothing except what waits: the index of due mails holds no other.
    fn societies_due(now: Timestamp) -> i64 = "
        SELECT DISTINCT society_id FROM mails
        WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= $1 AND (taken_until IS NULL OR taken_until <= $1)
        ORDER BY society_id";
    // The condition stands twice: where two workers want one row, PostgreSQL asks the second again after the first is done.
    fn mails_take(society_id: i64, now: Timestamp, until: Timestamp, count: i64) -> LeasedMail = "
        UPDATE mails SET taken_until = $3, tries = tries + 1
        WHERE society_id = $1 AND sent_at IS NULL AND failed_at IS NULL AND (taken_until IS NULL OR taken_until <= $2)
          AND mail_id IN (
            SELECT due.mail_id FROM mails due
            WHERE due.society_id = $1 AND due.sent_at IS NULL AND due.failed_at IS NULL AND due.due_at <= $2
              AND (due.taken_until IS NULL OR due.taken_until <= $2)
            ORDER BY due.due_at, due.mail_id LIMIT $4)
        RETURNING mail_id, kind, sender, recipient, sealed_content, created_at, tries";
    fn mail_hold(society_id: i64, mail_id: i64, tries: i32, until: Timestamp) = "
        UPDATE mails SET taken_until = $4
        WHERE society_id = $1 AND mail_id = $2 AND tries = $3 AND taken_until IS NOT NULL";
    fn mail_sent(society_id: i64, mail_id: i64, tries: i32, at: Timestamp) = "
        UPDATE mails SET sent_at = $4, taken_until = NULL, last_error = NULL
        WHERE society_id = $1 AND mail_id = $2 AND tries = $3 AND sent_at IS NULL";
    fn mail_sent_forget(society_id: i64, mail_id: i64, tries: i32, at: Timestamp) = "
        UPDATE mails SET sent_at = $4, taken_until = NULL, last_error = NULL, sealed_content = NULL
        WHERE society_id = $1 AND mail_id = $2 AND tries = $3 AND sent_at IS NULL";
    fn mail_put_off(society_id: i64, mail_id: i64, tries: i32, due: Timestamp, why: &str) = "
        UPDATE mails SET due_at = $4, taken_until = NULL, last_error = $5
        WHERE society_id = $1 AND mail_id = $2 AND tries = $3 AND sent_at IS NULL";
    fn mail_put_back(society_id: i64, mail_id: i64, tries: i32) = "
        UPDATE mails SET taken_until = NULL, tries = tries - 1
        WHERE society_id = $1 AND mail_id = $2 AND tries = $3 AND sent_at IS NULL";
    fn mail_give_up(society_id: i64, mail_id: i64, tries: i32, at: Timestamp, why: &str) = "
        UPDATE mails SET failed_at = $4, taken_until = NULL, last_error = $5
        WHERE society_id = $1 AND mail_id = $2 AND tries = $3 AND sent_at IS NULL";
    fn mail_retry(society_id: i64, now: Timestamp, mail_id: i64) = "
        UPDATE mails SET failed_at = NULL, tries = 0, due_at = $2
        WHERE society_id = $1 AND mail_id = $3 AND failed_at IS NOT NULL AND sealed_content IS NOT NULL";
    fn mails_retry(society_id: i64, now: Timestamp, since: Timestamp) = concat!("
        UPDATE mails AS m SET failed_at = NULL, tries = 0, due_at = $2
        WHERE m.society_id = $1 AND m.failed_at > $3 AND ", useless!(), " IS NULL");
    fn failed_count(society_id: i64, since: Timestamp) -> MailCount =
        "SELECT COUNT(*) AS count FROM mails WHERE society_id = $1 AND failed_at > $2";
    fn failed_worth(society_id: i64, now: Timestamp, since: Timestamp) -> MailCount = concat!("
        SELECT COUNT(*) AS count FROM mails m
        WHERE m.society_id = $1 AND m.failed_at > $3 AND ", useless!(), " IS NULL");
    fn failed_page(
        society_id: i64,
        now: Timestamp,
        since: Timestamp,
        failed_at: Timestamp,
        mail_id: i64,
        most: i64,
    ) -> FailedRow = concat!(failed!(), "
        AND m.failed_at > $3 AND (m.failed_at, m.mail_id) < ($4, $5)
        ORDER BY m.failed_at DESC, m.mail_id DESC LIMIT $6");
    fn failed_one(society_id: i64, now: Timestamp, mail_id: i64) -> FailedRow = concat!(failed!(), " AND m.mail_id = $3 AND m.failed_at IS NOT NULL");
    fn owners(society_id: i64, accounts: &[i64]) -> OwnerRow = "
        SELECT a.account_id, a.member_id, m.name FROM accounts a
        JOIN members m ON m.society_id = a.society_id AND m.member_id = a.member_id
        WHERE a.society_id = $1 AND a.account_id IN ($2)";
    fn mail_list(society_id: i64) -> ListedMailRow = "
        SELECT mail_id, kind, recipient, due_at, tries, sent_at, failed_at, last_error
        FROM mails WHERE society_id = $1 ORDER BY mail_id";
}

/// Returns the ids of the societies that have a mail to deliver. A worker asks before it has a scope.
pub(crate) async fn societies_due(db: &Db, now: Timestamp) -> Result<Vec<i64>, DbError> {
    db.all(Sql::societies_due(now)).await
}

/// A mail whose lease this worker holds until a given time.
#[derive(yui_db::Row)]
pub(crate) struct LeasedMail {
    pub(crate) mail_id: i64,
    pub(crate) kind: String,
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) sealed_content: Option<Vec<u8>>,
    pub(crate) created_at: jiff::Timestamp,
    pub(crate) tries: i32,
}

/// Takes up to `count` due mails.
pub(crate) async fn mails_take(
    db: &Db,
    scope: &impl InSociety,
    now: Timestamp,
    until: Timestamp,
    count: i64,
) -> Result<Vec<LeasedMail>, DbError> {
    let mut tx = db.begin().await?;
    let mut taken: Vec<LeasedMail> = tx.all(Sql::mails_take(scope.society_id(), now, until, count)).await?;
    tx.commit().await?;
    taken.sort_by_key(|mail| mail.mail_id);
    Ok(taken)
}

/// Extends the lease of those of these mails, given by number and try, that this worker still holds.
pub(crate) async fn mails_hold(
    db: &Db,
    scope: &impl InSociety,
    mails: &[(i64, i32)],
    until: Timestamp,
) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    for (mail_id, tries) in mails {
        tx.execute(Sql::mail_hold(scope.society_id(), *mail_id, *tries, until)).await?;
    }
    tx.commit().await
}

/// The result of a try.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Delivered; `keep` tells whether its content is kept.
    Sent { at: Timestamp, keep: bool },
    /// To be tried again at this time.
    PutOff { due: Timestamp, why: String },
    /// Not tried at all.
    PutBack,
    /// Given up at this time.
    GivenUp { at: Timestamp, why: String },
}

/// Records the result of a try; returns false if another worker has taken the mail since.
pub(crate) async fn mail_settle(
    db: &Db,
    scope: &impl InSociety,
    mail: &LeasedMail,
    settled: &Settled,
) -> Result<bool, DbError> {
    let (society, id, tries) = (scope.society_id(), mail.mail_id, mail.tries);
    let changed = match settled {
        Settled::Sent { at, keep: true } => db.execute(Sql::mail_sent(society, id, tries, *at)).await?,
        Settled::Sent { at, keep: false } => db.execute(Sql::mail_sent_forget(society, id, tries, *at)).await?,
        Settled::PutOff { due, why } => db.execute(Sql::mail_put_off(society, id, tries, *due, why)).await?,
        Settled::PutBack => db.execute(Sql::mail_put_back(society, id, tries)).await?,
        Settled::GivenUp { at, why } => db.execute(Sql::mail_give_up(society, id, tries, *at, why)).await?,
    };
    Ok(changed > 0)
}

/// A mail that was given up.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct FailedRow {
    pub(crate) mail_id: i64,
    pub(crate) account_id: Option<i64>,
    pub(crate) kind: String,
    pub(crate) recipient: String,
    #[row(filtered)]
    pub(crate) failed_at: jiff::Timestamp,
    pub(crate) last_error: Option<String>,
    useless: Option<String>,
}

impl FailedRow {
    /// Returns the reason why it is not worth another try; none if it is.
    pub(crate) fn useless(&self) -> Option<Useless> {
        self.useless.as_deref().map(|word| Useless::parse(word, &self.kind))
    }
}

/// Returns a page of the mails given up since a time, newest first, after the mail with this time and number.
pub(crate) async fn failed_page(
    db: &Db,
    scope: &impl InSociety,
    (since, now): (Timestamp, Timestamp),
    (failed_at, mail_id): (Timestamp, i64),
    most: i64,
) -> Result<Vec<FailedRow>, DbError> {
    db.all(Sql::failed_page(scope.society_id(), now, since, failed_at, mail_id, most)).await
}

/// Returns the mail of this number if it was given up.
pub(crate) async fn failed_one(
    db: &Db,
    scope: &impl InSociety,
    mail_id: i64,
    now: Timestamp,
) -> Result<Option<FailedRow>, DbError> {
    db.optional(Sql::failed_one(scope.society_id(), now, mail_id)).await
}

/// Returns the number of mails given up since.
pub(crate) async fn failed_count(db: &Db, scope: &impl InSociety, since: Timestamp) -> Result<i64, DbError> {
    let row: MailCount = db.one(Sql::failed_count(scope.society_id(), since)).await?;
    Ok(row.count)
}

/// Returns the number of them that are worth another try.
pub(crate) async fn failed_worth(
    db: &Db,
    scope: &impl InSociety,
    (since, now): (Timestamp, Timestamp),
) -> Result<i64, DbError> {
    let row: MailCount = db.one(Sql::failed_worth(scope.society_id(), now, since)).await?;
    Ok(row.count)
}

/// The owner of an account.
#[derive(Clone, Debug, yui_db::Row)]
pub(crate) struct OwnerRow {
    pub(crate) account_id: i64,
    pub(crate) member_id: i64,
    pub(crate) name: String,
}

/// Returns the owners of these accounts.
pub(crate) async fn owners(db: &Db, scope: &impl InSociety, accounts: &[i64]) -> Result<Vec<OwnerRow>, DbError> {
    db.all(Sql::owners(scope.society_id(), accounts)).await
}

/// Retries a given-up mail, from the beginning; returns false if it is not given up any more.
pub(crate) async fn mail_retry(
    tx: &mut Tx,
    scope: &impl InSociety,
    mail_id: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::mail_retry(scope.society_id(), now, mail_id)).await? == 1)
}

/// Retries all mails that were given up since and are worth it; returns their number.
pub(crate) async fn mails_retry(
    tx: &mut Tx,
    scope: &impl InSociety,
    (since, now): (Timestamp, Timestamp),
) -> Result<u64, DbError> {
    tx.execute(Sql::mails_retry(scope.society_id(), now, since)).await
}

/// A mail as the command line lists it.
#[derive(yui_db::Row)]
pub(crate) struct ListedMailRow {
    pub(crate) mail_id: i64,
    pub(crate) kind: String,
    pub(crate) recipient: String,
    pub(crate) due_at: jiff::Timestamp,
    pub(crate) tries: i32,
    pub(crate) sent_at: Option<jiff::Timestamp>,
    pub(crate) failed_at: Option<jiff::Timestamp>,
    pub(crate) last_error: Option<String>,
}

pub(crate) async fn mail_list(db: &Db, scope: &impl InSociety) -> Result<Vec<ListedMailRow>, DbError> {
    db.all(Sql::mail_list(scope.society_id())).await
}
