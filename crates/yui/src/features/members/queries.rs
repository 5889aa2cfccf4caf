//! The SQL of looking people up. Every statement uses an index that begins with the society.

use jiff::{Timestamp, civil::Date};
use yui_db::{Db, DbError, Param, Tx, containing, params, statements};

use crate::core::{scope::StaffScope, society::InSociety};

statements! {
    // Two keys may be one person's; who has more than a few of this piece is very rare.
    BY_KEY = "
        SELECT member_id FROM member_search_keys
        WHERE society_id = $1 AND key >= $2 AND key < $3 ORDER BY key, member_id LIMIT $4";
    BY_USER_ID = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND user_id >= $2 AND user_id < $3 ORDER BY user_id LIMIT $4";
    BY_EMAIL = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND email >= $2 AND email < $3 ORDER BY email LIMIT $4";
    // All are looked at, in the index alone.
    BY_USER_ID_PART = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND user_id IN (
            SELECT a.user_id FROM accounts a WHERE a.society_id = $1 AND a.user_id LIKE $2 ESCAPE '\\' LIMIT $3)";
    BY_EMAIL_PART = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND email IN (
            SELECT a.email FROM accounts a WHERE a.society_id = $1 AND a.email LIKE $2 ESCAPE '\\' LIMIT $3)";
    BY_LOCK = "
        SELECT member_id FROM accounts
        WHERE society_id = $1 AND locked_at IS NOT NULL ORDER BY account_id LIMIT $2";
    BY_STATE = "
        SELECT member_id FROM accounts WHERE society_id = $1 AND state = $2 ORDER BY account_id LIMIT $3";
    FOUND = "
        SELECT m.member_id, m.name, m.kana, m.birth_date, COALESCE(a.state, NULL) AS state, a.locked_at,
            a.last_login_at
        FROM members m
        LEFT JOIN accounts a ON a.society_id = m.society_id AND a.member_id = m.member_id
        WHERE m.society_id = $1 AND m.member_id IN ($2)";
    FLAGGED = "
        SELECT member_id, kind FROM member_flags
        WHERE society_id = $1 AND member_id IN ($3) AND ended_at IS NULL AND (until_date IS NULL OR until_date >= $2)
        ORDER BY member_id, kind";
    SPANS = "
        SELECT member_id, household_id, insurer_number, symbol, number, branch, relationship, from_date, to_date
        FROM coverages WHERE society_id = $1 AND member_id IN ($2)
        ORDER BY member_id, from_date DESC";
    MEMBER = "
        SELECT member_id, name, kana, sex, birth_date, email FROM members WHERE society_id = $1 AND member_id = $2";
    TOGETHER = "
        SELECT DISTINCT m.member_id, m.name, m.kana, m.birth_date
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.household_id = $2
        ORDER BY m.kana, m.member_id";
    ACCOUNT = "
        SELECT a.account_id, a.household_id, a.user_id, a.state, a.locked_at, a.email, a.email_verified_at, a.created_at,
            a.enrolled_at, a.last_login_at, a.password_ends_at,
            EXISTS (SELECT 1 FROM issued_pairs p
                WHERE p.society_id = a.society_id AND p.account_id = a.account_id) AS pair_waits
        FROM accounts a WHERE a.society_id = $1 AND a.member_id = $2";
    FACTORS = "
        SELECT kind, label, created_at, last_used_at FROM factors
        WHERE society_id = $1 AND account_id = $2 ORDER BY factor_id";
    SESSIONS = "
        SELECT created_at, last_seen_at, device, address FROM sessions
        WHERE society_id = $1 AND account_id = $2 AND idle_until > $3 AND ends_at > $3
        ORDER BY last_seen_at DESC, created_at DESC";
    EVENTS = "
        SELECT at, kind, detail, actor, address FROM account_events
        WHERE society_id = $1 AND account_id = $2 ORDER BY event_id DESC LIMIT $3";
    MAILS = "
        SELECT kind, recipient, created_at, due_at, sent_at, failed_at FROM mails
        WHERE society_id = $1 AND account_id = $2 ORDER BY mail_id DESC LIMIT $3";
    TERMS = "
        SELECT version, agreed_at FROM terms_agreements
        WHERE society_id = $1 AND account_id = $2 ORDER BY version DESC";
    FLAGS = "
        SELECT kind, set_at, set_by, reason, until_date, ended_at, ended_by, end_reason FROM member_flags
        WHERE society_id = $1 AND member_id = $2 ORDER BY set_at DESC, kind";
    FLAG_SET = "
        INSERT INTO member_flags (society_id, member_id, kind, flag_number, set_at, set_by, reason, until_date)
        SELECT $1, $2, $3, COALESCE(MAX(flag_number), 0) + 1, $4, $5, $6, $7 FROM member_flags
        WHERE society_id = $1 AND member_id = $2 AND kind = $3
        ON CONFLICT DO NOTHING";
    FLAG_END = "
        UPDATE member_flags SET ended_at = $4, ended_by = $5, end_reason = $6
        WHERE society_id = $1 AND member_id = $2 AND kind = $3 AND ended_at IS NULL";
    FLAGS_OVER = "
        UPDATE member_flags SET ended_at = $2, ended_by = '期限', end_reason = '決めた日が過ぎたため'
        WHERE society_id = $1 AND ended_at IS NULL AND until_date < $3
        RETURNING member_id, kind";
    INSURED_OF = "
        SELECT m.name
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.household_id = $2 AND c.relationship = 'insured'
        ORDER BY c.from_date DESC LIMIT 1";
}

#[derive(sqlx::FromRow)]
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
    db.all(&BY_KEY, params![staff.society_id(), from, to, most]).await.map(ids)
}

/// The number of letters from which on a search looks into the middle of a user ID or an address.
const PART: usize = 3;

/// Returns the members whose user ID or address begins with this text; if there is none, those whose address contains
/// it, if it has the marks of an address, or else those whose user ID does.
pub(super) async fn by_login(db: &Db, staff: &StaffScope, begins: &str, most: i64) -> Result<Vec<i64>, DbError> {
    let to = format!("{begins}{}", char::MAX);
    let values = params![staff.society_id(), begins, &to, most];
    let mut found = ids(db.all(&BY_USER_ID, values).await?);
    found.extend(ids(db.all(&BY_EMAIL, values).await?));
    // Numbers are a card's, which are found by themselves.
    if found.is_empty() && begins.len() >= PART && begins.contains(|c: char| c.is_ascii_alphabetic()) {
        let part = if begins.contains(['@', '.']) { &BY_EMAIL_PART } else { &BY_USER_ID_PART };
        found = ids(db.all(part, params![staff.society_id(), containing(begins), most]).await?);
    }
    Ok(found)
}

/// Returns the members whose account is locked, or is in this state.
pub(super) async fn by_state(db: &Db, staff: &StaffScope, state: Option<&str>, most: i64) -> Result<Vec<i64>, DbError> {
    match state {
        Some(state) => db.all(&BY_STATE, params![staff.society_id(), state, most]).await,
        None => db.all(&BY_LOCK, params![staff.society_id(), most]).await,
    }
    .map(ids)
}

/// A member that was found.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct FoundRow {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) birth_date: yui_db::Date,
    pub(super) state: Option<String>,
    pub(super) locked_at: Option<yui_db::Timestamp>,
    pub(super) last_login_at: Option<yui_db::Timestamp>,
}

/// Returns these people and their accounts.
pub(super) async fn found(db: &Db, staff: &StaffScope, members: &[i64]) -> Result<Vec<FoundRow>, DbError> {
    db.all_among(&FOUND, params![staff.society_id()], &list(members)).await
}

fn list(members: &[i64]) -> Vec<Param<'static>> {
    members.iter().map(|id| Param::from(*id)).collect()
}

/// A flag that hides a member's expenses from the household's account.
#[derive(Clone, Debug, sqlx::FromRow)]
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
    db.all_among(&FLAGGED, params![staff.society_id(), today], &list(members)).await
}

/// Ends the society's flags whose last day is over by this day; returns their members.
pub(super) async fn flags_over(
    tx: &mut Tx,
    scope: &impl InSociety,
    today: Date,
    now: Timestamp,
) -> Result<Vec<FlaggedRow>, DbError> {
    tx.all(&FLAGS_OVER, params![scope.society_id(), now, today]).await
}

#[derive(sqlx::FromRow)]
struct NameRow {
    name: String,
}

/// Returns the name of the insured person of a household, the newest if there were several.
pub(super) async fn insured_of(db: &Db, staff: &StaffScope, household_id: i64) -> Result<Option<String>, DbError> {
    let row: Option<NameRow> = db.optional(&INSURED_OF, params![staff.society_id(), household_id]).await?;
    Ok(row.map(|row| row.name))
}

/// A span of coverage: from when to when a person is covered under which numbers.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct MemberSpanRow {
    pub(super) member_id: i64,
    pub(super) household_id: i64,
    pub(super) insurer_number: String,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: Option<String>,
    pub(super) relationship: String,
    pub(super) from_date: yui_db::Date,
    pub(super) to_date: Option<yui_db::Date>,
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
        self.from_date.to_jiff() <= day && self.to_date.is_none_or(|to| to.to_jiff() > day)
    }
}

/// Returns these people's spans, each person's newest first.
pub(super) async fn spans(db: &Db, staff: &StaffScope, members: &[i64]) -> Result<Vec<MemberSpanRow>, DbError> {
    db.all_among(&SPANS, params![staff.society_id()], &list(members)).await
}

/// A person as the register has them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct MemberDetailRow {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) sex: String,
    pub(super) birth_date: yui_db::Date,
    pub(super) email: Option<String>,
}

/// Returns the person, if the society has them.
pub(super) async fn member(
    db: &Db,
    staff: &impl InSociety,
    member_id: i64,
) -> Result<Option<MemberDetailRow>, DbError> {
    db.optional(&MEMBER, params![staff.society_id(), member_id]).await
}

/// A person of a household.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct TogetherRow {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) birth_date: yui_db::Date,
}

/// Returns the persons who are or were in this household, by kana.
pub(super) async fn together(db: &Db, staff: &StaffScope, household_id: i64) -> Result<Vec<TogetherRow>, DbError> {
    db.all(&TOGETHER, params![staff.society_id(), household_id]).await
}

/// An account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct AccountRow {
    pub(super) account_id: i64,
    /// The household whose expenses it sees.
    pub(super) household_id: i64,
    pub(super) user_id: String,
    pub(super) state: String,
    pub(super) locked_at: Option<yui_db::Timestamp>,
    pub(super) email: Option<String>,
    pub(super) email_verified_at: Option<yui_db::Timestamp>,
    pub(super) created_at: yui_db::Timestamp,
    pub(super) enrolled_at: Option<yui_db::Timestamp>,
    pub(super) last_login_at: Option<yui_db::Timestamp>,
    pub(super) password_ends_at: Option<yui_db::Timestamp>,
    /// Whether temporary credentials are not yet written out.
    pub(super) pair_waits: bool,
}

/// Returns the person's account, if there is one.
pub(super) async fn account(db: &Db, staff: &StaffScope, member_id: i64) -> Result<Option<AccountRow>, DbError> {
    db.optional(&ACCOUNT, params![staff.society_id(), member_id]).await
}

/// A factor, without its secret.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct MemberFactorRow {
    pub(super) kind: String,
    pub(super) label: String,
    pub(super) created_at: yui_db::Timestamp,
    pub(super) last_used_at: Option<yui_db::Timestamp>,
}

/// A live session.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct MemberSessionRow {
    pub(super) created_at: yui_db::Timestamp,
    pub(super) last_seen_at: yui_db::Timestamp,
    pub(super) device: Option<String>,
    pub(super) address: Option<String>,
}

/// An account event.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct MemberEventRow {
    pub(super) at: yui_db::Timestamp,
    pub(super) kind: String,
    pub(super) detail: Option<String>,
    pub(super) actor: String,
    pub(super) address: Option<String>,
}

/// A mail, without its content.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct MailRow {
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) created_at: yui_db::Timestamp,
    pub(super) due_at: yui_db::Timestamp,
    pub(super) sent_at: Option<yui_db::Timestamp>,
    pub(super) failed_at: Option<yui_db::Timestamp>,
}

/// An agreement to terms.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct TermsRow {
    pub(super) version: i64,
    pub(super) agreed_at: yui_db::Timestamp,
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
        factors: db.all(&FACTORS, params![society, account_id]).await?,
        sessions: db.all(&SESSIONS, params![society, account_id, now]).await?,
        events: db.all(&EVENTS, params![society, account_id, most]).await?,
        mails: db.all(&MAILS, params![society, account_id, most]).await?,
        terms: db.all(&TERMS, params![society, account_id]).await?,
    })
}

/// An objection or non-disclosure, in force or over.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct FlagRow {
    pub(super) kind: String,
    pub(super) set_at: yui_db::Timestamp,
    pub(super) set_by: String,
    pub(super) reason: String,
    pub(super) until_date: Option<yui_db::Date>,
    pub(super) ended_at: Option<yui_db::Timestamp>,
    pub(super) ended_by: Option<String>,
    pub(super) end_reason: Option<String>,
}

/// Returns the person's flags, the newest first.
pub(super) async fn flags(db: &Db, staff: &StaffScope, member_id: i64) -> Result<Vec<FlagRow>, DbError> {
    db.all(&FLAGS, params![staff.society_id(), member_id]).await
}

/// Sets a flag from now on until a day, or without an end; returns false if it is in force already.
pub(super) async fn flag_set(
    tx: &mut Tx,
    staff: &StaffScope,
    (member_id, kind): (i64, &str),
    (reason, until): (&str, Option<Date>),
    now: Timestamp,
) -> Result<bool, DbError> {
    let values = params![staff.society_id(), member_id, kind, now, &staff.name, reason, until];
    Ok(tx.execute(&FLAG_SET, values).await? == 1)
}

/// Ends a flag; returns false if it is not in force.
pub(super) async fn flag_end(
    tx: &mut Tx,
    staff: &StaffScope,
    (member_id, kind): (i64, &str),
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let values = params![staff.society_id(), member_id, kind, now, &staff.name, reason];
    Ok(tx.execute(&FLAG_END, values).await? == 1)
}
