//! The SQL of looking people up. Every statement uses an index that begins with the society.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Tx, containing, statements};

use crate::core::{scope::StaffScope, society::InSociety};

statements! {
    // Two keys may be one person's; who has more than a few of this piece is very rare.
    fn by_key(society_id: i64, from: &str, to: &str, most: i64) -> MemberIdRow = "
        SELECT member_id FROM member_search_keys
        WHERE society_id = $1 AND key >= $2 AND key < $3 ORDER BY key, member_id LIMIT $4";
    fn by_user_id(society_id: i64, begins: &str, to: &str, most: i64) -> MemberIdRow = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND user_id >= $2 AND user_id < $3 ORDER BY user_id LIMIT $4";
    fn by_email(society_id: i64, begins: &str, to: &str, most: i64) -> MemberIdRow = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND email >= $2 AND email < $3 ORDER BY email LIMIT $4";
    // All are looked at, in the index alone.
    fn by_part_of_user_id(society_id: i64, pattern: &str, most: i64) -> MemberIdRow = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND user_id IN (
            SELECT a.user_id FROM accounts a WHERE a.society_id = $1 AND a.user_id LIKE $2 ESCAPE '\\' LIMIT $3)";
    fn by_part_of_email(society_id: i64, pattern: &str, most: i64) -> MemberIdRow = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND email IN (
            SELECT a.email FROM accounts a WHERE a.society_id = $1 AND a.email LIKE $2 ESCAPE '\\' LIMIT $3)";
    fn by_lock(society_id: i64, most: i64) -> MemberIdRow = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND locked_at IS NOT NULL ORDER BY account_id LIMIT $2";
    fn by_state(society_id: i64, state: &str, most: i64) -> MemberIdRow = "
        SELECT member_id FROM accounts WHERE society_id = $1 AND state = $2 ORDER BY account_id LIMIT $3";
    fn found(society_id: i64, members: &[i64]) -> FoundRow = "
        SELECT m.member_id, m.name, m.kana, m.birth_date, COALESCE(a.state, NULL) AS state, a.locked_at,
            a.last_login_at
        FROM members m
        LEFT JOIN accounts a ON a.society_id = m.society_id AND a.member_id = m.member_id
        WHERE m.society_id = $1 AND m.member_id IN ($2)";
    fn flagged(society_id: i64, today: Date, members: &[i64]) -> FlaggedRow = "
        SELECT member_id, kind FROM member_flags
        WHERE society_id = $1 AND member_id IN ($3) AND ended_at IS NULL AND (until_date IS NULL OR until_date >= $2)
        ORDER BY member_id, kind";
    fn spans(society_id: i64, members: &[i64]) -> MemberSpanRow = "
        SELECT member_id, household_id, insurer_number, symbol, number, branch, relationship, from_date, to_date
        FROM coverages WHERE society_id = $1 AND member_id IN ($2)
        ORDER BY member_id, from_date DESC";
    fn member(society_id: i64, member_id: i64) -> MemberDetailRow = "
        SELECT member_id, name, kana, sex, birth_date, email FROM members WHERE society_id = $1 AND member_id = $2";
    fn together(society_id: i64, household_id: i64) -> TogetherRow = "
        SELECT m.member_id, m.name, m.birth_date
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.household_id = $2
        GROUP BY m.member_id, m.name, m.birth_date, m.kana
        ORDER BY m.kana, m.member_id";
    fn account(society_id: i64, member_id: i64) -> AccountRow = "
        SELECT a.account_id, a.household_id, a.user_id, a.state, a.locked_at, a.email, a.email_verified_at, a.created_at,
            a.enrolled_at, a.last_login_at, a.password_ends_at,
            EXISTS (SELECT 1 FROM issued_pairs p
                WHERE p.society_id = a.society_id AND p.account_id = a.account_id) AS pair_waits
        FROM accounts a WHERE a.society_id = $1 AND a.member_id = $2";
    fn factors(society_id: i64, account_id: i64) -> MemberFactorRow = "
        SELECT kind, label, created_at, last_used_at FROM factors
        WHERE society_id = $1 AND account_id = $2 ORDER BY factor_id";
    fn sessions(society_id: i64, account_id: i64, now: Timestamp) -> MemberSessionRow = "
        SELECT created_at, last_seen_at, device, address FROM sessions
        WHERE society_id = $1 AND account_id = $2 AND idle_until > $3 AND ends_at > $3
        ORDER BY last_seen_at DESC, created_at DESC";
    fn events(society_id: i64, account_id: i64, most: i64) -> MemberEventRow = "
        SELECT at, kind, detail, actor, address FROM account_events
        WHERE society_id = $1 AND account_id = $2 ORDER BY event_id DESC LIMIT $3";
    fn mails(society_id: i64, account_id: i64, most: i64) -> MailRow = "
        SELECT kind, recipient, created_at, due_at, sent_at, failed_at FROM mails
        WHERE society_id = $1 AND account_id = $2 ORDER BY mail_id DESC LIMIT $3";
    fn terms(society_id: i64, account_id: i64) -> TermsRow = "
        SELECT version, agreed_at FROM terms_agreements
        WHERE society_id = $1 AND account_id = $2 ORDER BY version DESC";
    fn flags(society_id: i64, member_id: i64) -> FlagRow = "
        SELECT kind, set_at, set_by, reason, until_date, ended_at, ended_by, end_reason FROM member_flags
        WHERE society_id = $1 AND member_id = $2 ORDER BY set_at DESC, kind";
    fn flag_set(
        society_id: i64,
        member_id: i64,
        kind: &str,
        now: Timestamp,
        name: &str,
        reason: &str,
        until: Option<Date>,
    ) = "
        INSERT INTO member_flags (society_id, member_id, kind, flag_number, set_at, set_by, reason, until_date)
        SELECT $1, $2, $3, COALESCE(MAX(flag_number), 0) + 1, $4, $5, $6, $7 FROM member_flags
        WHERE society_id = $1 AND member_id = $2 AND kind = $3
        ON CONFLICT DO NOTHING";
    fn flag_end(society_id: i64, member_id: i64, kind: &str, now: Timestamp, name: &str, reason: &str) = "
        UPDATE member_flags SET ended_at = $4, ended_by = $5, end_reason = $6
        WHERE society_id = $1 AND member_id = $2 AND kind = $3 AND ended_at IS NULL";
    fn flags_over(society_id: i64, now: Timestamp, today: Date) -> FlaggedRow = "
        UPDATE member_flags SET ended_at = $2, ended_by = '期限', end_reason = '決めた日が過ぎたため'
        WHERE society_id = $1 AND ended_at IS NULL AND until_date < $3
        RETURNING member_id, kind";
    fn insured_of(society_id: i64, household_id: i64) -> String = "
        SELECT m.name
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.household_id = $2 AND c.relationship = 'insured'
        ORDER BY c.from_date DESC LIMIT 1";
}

#[derive(yui_db::Row)]
struct MemberIdRow {
    member_id: i64,
}

fn ids(rows: Vec<MemberIdRow>) -> Vec<i64> {
    rows.into_iter().map(|row| row.member_id).collect()
}

/// Returns the members with a search key in this range, in its order; one person may come more than once.
pub(super) async fn by_key(
    db: &Db,
    staff: &StaffScope,
    (from, to): (&str, &str),
    most: i64,
) -> Result<Vec<i64>, DbError> {
    db.all(Sql::by_key(staff.society_id(), from, to, most)).await.map(ids)
}

/// The number of letters from which on a search looks into the middle of a user ID or an address.
const PART: usize = 3;

/// Returns the members whose user ID or address begins with this text; if there is none, those whose address contains
/// it, if it has the marks of an address, or else those whose user ID does.
pub(super) async fn by_login(db: &Db, staff: &StaffScope, begins: &str, most: i64) -> Result<Vec<i64>, DbError> {
    let to = format!("{begins}{}", char::MAX);
    let mut found = ids(db.all(Sql::by_user_id(staff.society_id(), begins, &to, most)).await?);
    found.extend(ids(db.all(Sql::by_email(staff.society_id(), begins, &to, most)).await?));
    // Numbers are a card's, which are found by themselves.
    if found.is_empty() && begins.len() >= PART && begins.contains(|c: char| c.is_ascii_alphabetic()) {
        let part = if begins.contains(['@', '.']) { Sql::by_part_of_email } else { Sql::by_part_of_user_id };
        found = ids(db.all(part(staff.society_id(), &containing(begins), most)).await?);
    }
    Ok(found)
}

/// Returns the members whose account is locked, or is in this state.
pub(super) async fn by_state(db: &Db, staff: &StaffScope, state: Option<&str>, most: i64) -> Result<Vec<i64>, DbError> {
    match state {
        Some(state) => db.all(Sql::by_state(staff.society_id(), state, most)).await,
        None => db.all(Sql::by_lock(staff.society_id(), most)).await,
    }
    .map(ids)
}

/// A member that was found.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct FoundRow {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) birth_date: jiff::civil::Date,
    pub(super) state: Option<String>,
    pub(super) locked_at: Option<jiff::Timestamp>,
    pub(super) last_login_at: Option<jiff::Timestamp>,
}

/// Returns these people and their accounts.
pub(super) async fn found(db: &Db, staff: &StaffScope, members: &[i64]) -> Result<Vec<FoundRow>, DbError> {
    db.all(Sql::found(staff.society_id(), members)).await
}

/// A flag that hides a member's expenses from the household's account.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct FlaggedRow {
    pub(super) member_id: i64,
    pub(super) kind: String,
}

/// Returns the flags of these people that are in force on this day.
pub(super) async fn flagged(
    db: &Db,
    staff: &StaffScope,
    members: &[i64],
    today: Date,
) -> Result<Vec<FlaggedRow>, DbError> {
    db.all(Sql::flagged(staff.society_id(), today, members)).await
}

/// Ends the society's flags whose last day is over by this day; returns their members.
pub(super) async fn flags_over(
    tx: &mut Tx,
    scope: &impl InSociety,
    today: Date,
    now: Timestamp,
) -> Result<Vec<FlaggedRow>, DbError> {
    tx.all(Sql::flags_over(scope.society_id(), now, today)).await
}

/// Returns the name of the insured person of a household, the newest if there were several.
pub(super) async fn insured_of(db: &Db, staff: &StaffScope, household_id: i64) -> Result<Option<String>, DbError> {
    let row = db.optional(Sql::insured_of(staff.society_id(), household_id)).await?;
    Ok(row)
}

/// A span of coverage: from when to when a person is covered under which numbers.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct MemberSpanRow {
    pub(super) member_id: i64,
    pub(super) household_id: i64,
    pub(super) insurer_number: String,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: Option<String>,
    pub(super) relationship: String,
    pub(super) from_date: jiff::civil::Date,
    pub(super) to_date: Option<jiff::civil::Date>,
}

impl MemberSpanRow {
    /// Returns 記号-番号-枝番.
    pub(super) fn numbers(&self) -> String {
        let parts = [Some(self.symbol.as_str()), Some(self.number.as_str()), self.branch.as_deref()];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// Returns 本人 or 家族.
    pub(super) fn relationship(&self) -> &'static str {
        if self.relationship == "insured" { "本人" } else { "家族" }
    }

    /// Returns whether it is in force on this day.
    pub(super) fn on(&self, day: Date) -> bool {
        self.from_date <= day && self.to_date.is_none_or(|to| to > day)
    }
}

/// Returns these people's spans, each person's newest first.
pub(super) async fn spans(db: &Db, staff: &StaffScope, members: &[i64]) -> Result<Vec<MemberSpanRow>, DbError> {
    db.all(Sql::spans(staff.society_id(), members)).await
}

/// A person as the register has them.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct MemberDetailRow {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) sex: String,
    pub(super) birth_date: jiff::civil::Date,
    pub(super) email: Option<String>,
}

/// Returns the person, if the society has them.
pub(super) async fn member(
    db: &Db,
    staff: &impl InSociety,
    member_id: i64,
) -> Result<Option<MemberDetailRow>, DbError> {
    db.optional(Sql::member(staff.society_id(), member_id)).await
}

/// A person of a household.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct TogetherRow {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) birth_date: jiff::civil::Date,
}

/// Returns the persons who are or were in this household, by kana.
pub(super) async fn together(db: &Db, staff: &StaffScope, household_id: i64) -> Result<Vec<TogetherRow>, DbError> {
    db.all(Sql::together(staff.society_id(), household_id)).await
}

/// An account.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct AccountRow {
    pub(super) account_id: i64,
    /// The household whose expenses it sees.
    pub(super) household_id: i64,
    pub(super) user_id: String,
    pub(super) state: String,
    pub(super) locked_at: Option<jiff::Timestamp>,
    pub(super) email: Option<String>,
    pub(super) email_verified_at: Option<jiff::Timestamp>,
    pub(super) created_at: jiff::Timestamp,
    pub(super) enrolled_at: Option<jiff::Timestamp>,
    pub(super) last_login_at: Option<jiff::Timestamp>,
    pub(super) password_ends_at: Option<jiff::Timestamp>,
    /// Whether temporary credentials are not yet written out.
    pub(super) pair_waits: bool,
}

/// Returns the person's account, if there is one.
pub(super) async fn account(db: &Db, staff: &StaffScope, member_id: i64) -> Result<Option<AccountRow>, DbError> {
    db.optional(Sql::account(staff.society_id(), member_id)).await
}

/// A factor, without its secret.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct MemberFactorRow {
    pub(super) kind: String,
    pub(super) label: String,
    pub(super) created_at: jiff::Timestamp,
    pub(super) last_used_at: Option<jiff::Timestamp>,
}

/// A live session.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct MemberSessionRow {
    pub(super) created_at: jiff::Timestamp,
    pub(super) last_seen_at: jiff::Timestamp,
    pub(super) device: Option<String>,
    pub(super) address: Option<String>,
}

/// An account event.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct MemberEventRow {
    pub(super) at: jiff::Timestamp,
    pub(super) kind: String,
    pub(super) detail: Option<String>,
    pub(super) actor: String,
    pub(super) address: Option<String>,
}

/// A mail, without its content.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct MailRow {
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) created_at: jiff::Timestamp,
    pub(super) due_at: jiff::Timestamp,
    pub(super) sent_at: Option<jiff::Timestamp>,
    pub(super) failed_at: Option<jiff::Timestamp>,
}

/// An agreement to terms.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct TermsRow {
    pub(super) version: i64,
    pub(super) agreed_at: jiff::Timestamp,
}

/// The data about an account.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) factors: Vec<MemberFactorRow>,
    pub(super) sessions: Vec<MemberSessionRow>,
    pub(super) events: Vec<MemberEventRow>,
    pub(super) mails: Vec<MailRow>,
    pub(super) terms: Vec<TermsRow>,
}

/// Returns the data about the account; of events and mails the newest.
pub(super) async fn about(
    db: &Db,
    staff: &StaffScope,
    account_id: i64,
    now: Timestamp,
    most: i64,
) -> Result<About, DbError> {
    let society = staff.society_id();
    Ok(About {
        factors: db.all(Sql::factors(society, account_id)).await?,
        sessions: db.all(Sql::sessions(society, account_id, now)).await?,
        events: db.all(Sql::events(society, account_id, most)).await?,
        mails: db.all(Sql::mails(society, account_id, most)).await?,
        terms: db.all(Sql::terms(society, account_id)).await?,
    })
}

/// An objection or non-disclosure, in force or over.
#[derive(Clone, Debug, yui_db::Row)]
pub(super) struct FlagRow {
    pub(super) kind: String,
    pub(super) set_at: jiff::Timestamp,
    pub(super) set_by: String,
    pub(super) reason: String,
    pub(super) until_date: Option<jiff::civil::Date>,
    pub(super) ended_at: Option<jiff::Timestamp>,
    pub(super) ended_by: Option<String>,
    pub(super) end_reason: Option<String>,
}

/// Returns the person's flags, the newest first.
pub(super) async fn flags(db: &Db, staff: &StaffScope, member_id: i64) -> Result<Vec<FlagRow>, DbError> {
    db.all(Sql::flags(staff.society_id(), member_id)).await
}

/// Sets a flag from now on until a day, or without an end; returns false if it is in force already.
pub(super) async fn flag_set(
    tx: &mut Tx,
    staff: &StaffScope,
    (member_id, kind): (i64, &str),
    (reason, until): (&str, Option<Date>),
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::flag_set(staff.society_id(), member_id, kind, now, &staff.name, reason, until)).await? == 1)
}

/// Ends a flag; returns false if it is not in force.
pub(super) async fn flag_end(
    tx: &mut Tx,
    staff: &StaffScope,
    (member_id, kind): (i64, &str),
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx.execute(Sql::flag_end(staff.society_id(), member_id, kind, now, &staff.name, reason)).await? == 1)
}
