//! The SQL of the register.

mod backfill;
mod coverages;
mod questions;

use std::collections::BTreeSet;

pub(super) use backfill::*;
pub(crate) use coverages::*;
use jiff::{Timestamp, civil::Date};
pub(super) use questions::*;
use serde::{Deserialize, Serialize};
use yui_db::{BulkTable, Db, DbError, Param, Statement, Tx, params, statements};

use super::search_keys::keys;
use crate::core::society::InSociety;

statements! {
    HOUSEHOLD_COUNT = "SELECT COUNT(*) AS count FROM households WHERE society_id = $1";
    MEMBER_COUNT = "SELECT COUNT(*) AS count FROM members WHERE society_id = $1";
    COVERAGE_BY_HOLDER = "
        SELECT c.member_id, c.household_id, c.holder_key, c.branch, c.relationship, c.from_date, c.to_date,
            m.name, m.kana, m.sex, m.birth_date
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.holder_key IN ($2)";
    MEMBER_BY_KEY = "
        SELECT member_id, person_key, name, kana, sex, birth_date, email FROM members
        WHERE society_id = $1 AND person_key IN ($2)";
    MEMBER_BY_ID = "
        SELECT member_id, person_key, name, kana, sex, birth_date, email FROM members
        WHERE society_id = $1 AND member_id IN ($2)";
    COVERAGE_BY_MEMBER = "
        SELECT member_id, household_id, insurer_number, symbol, number, branch, relationship, from_date, to_date
        FROM coverages
        WHERE society_id = $1 AND member_id IN ($2)
        ORDER BY member_id, from_date";
    MEMBER_OF_KEYS = "SELECT DISTINCT member_id FROM member_search_keys WHERE society_id = $1 AND key IN ($2)";
    INSURED_OF_HOUSEHOLD = "
        SELECT DISTINCT member_id FROM coverages
        WHERE society_id = $1 AND relationship = 'insured' AND household_id IN ($2)";
    COVERED_AFTER = "
        SELECT DISTINCT member_id FROM coverages
        WHERE society_id = $1 AND member_id > $2 AND to_date IS NULL
        ORDER BY member_id LIMIT $3";
    MEMBER_OF_HOLDER = "SELECT DISTINCT member_id FROM coverages WHERE society_id = $1 AND holder_key IN ($2)";
    MEMBER_UPSERT = "
        INSERT INTO members (society_id, member_id, person_key, name, kana, sex, birth_date, email)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (society_id, member_id) DO UPDATE SET person_key = excluded.person_key, name = excluded.name,
            kana = excluded.kana, sex = excluded.sex, birth_date = excluded.birth_date, email = excluded.email";
    MEMBER_DELETE = "DELETE FROM members WHERE society_id = $1 AND member_id = $2";
    COVERAGE_DELETE = "DELETE FROM coverages WHERE society_id = $1 AND member_id = $2";
    HOUSEHOLD_DELETE_EMPTY = "
        DELETE FROM households
        WHERE society_id = $1 AND household_id = $2
            AND NOT EXISTS (SELECT 1 FROM coverages c
                            WHERE c.society_id = households.society_id AND c.household_id = households.household_id)";
    KEYS_DELETE = "
        DELETE FROM member_search_keys WHERE society_id = $1 AND member_id = $2 AND key IN ($3) RETURNING member_id";
    KEY_KEEP = "
        INSERT INTO member_search_keys (society_id, key, member_id) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, key, member_id) DO NOTHING";
    CHANGE_LIST = "
        SELECT change_number, member_id, before_state, after_state FROM register_changes
        WHERE society_id = $1 AND batch_id = $2
        ORDER BY change_number DESC";
    CHANGE_NEXT = "
        SELECT COALESCE(MAX(change_number), -1) + 1 AS count FROM register_changes
        WHERE society_id = $1 AND batch_id = $2";
    NEWEST_BATCH = "
        SELECT COALESCE(MAX(batch_id), 0) AS count FROM import_batches
        WHERE society_id = $1 AND kind = 'register' AND state <> 'withdrawn'";
    CHANGED_AFTER_BATCH = "
        SELECT DISTINCT member_id FROM register_changes WHERE society_id = $1 AND batch_id > $2 AND member_id IN ($3)";
    CREATED_BY_BATCH = "
        SELECT member_id FROM register_changes
        WHERE society_id = $1 AND batch_id = $2 AND before_state IS NULL AND member_id IN ($3)";
    CHANGED_LATER = "
        SELECT COUNT(DISTINCT mine.member_id) AS count
        FROM register_changes mine
        JOIN register_changes later ON later.society_id = mine.society_id AND later.member_id = mine.member_id
        JOIN import_batches b ON b.society_id = later.society_id AND b.batch_id = later.batch_id
        WHERE mine.society_id = $1 AND mine.batch_id = $2 AND later.batch_id > $2 AND b.state <> 'withdrawn'";
    NEW_MEMBER_USED = "
        SELECT COUNT(*) AS count
        FROM register_changes c
        WHERE c.society_id = $1 AND c.batch_id = $2 AND c.before_state IS NULL
            AND (EXISTS (SELECT 1 FROM expenses e WHERE e.society_id = c.society_id AND e.member_id = c.member_id)
                OR EXISTS (SELECT 1 FROM accounts a WHERE a.society_id = c.society_id AND a.member_id = c.member_id))";
    NEW_MEMBER_FLAGGED = "
        SELECT COUNT(*) AS count
        FROM register_changes c
        WHERE c.society_id = $1 AND c.batch_id = $2 AND c.before_state IS NULL
            AND EXISTS (SELECT 1 FROM member_flags f
                        WHERE f.society_id = c.society_id AND f.member_id = c.member_id AND f.ended_at IS NULL)";
    HOUSEHOLD_IN_USE = "
        SELECT COUNT(*) AS count
        FROM households h
        WHERE h.society_id = $1 AND h.household_id = $2
            AND NOT EXISTS (SELECT 1 FROM coverages c
                            WHERE c.society_id = h.society_id AND c.household_id = h.household_id)
            AND (EXISTS (SELECT 1 FROM expenses e WHERE e.society_id = h.society_id AND e.household_id = h.household_id)
                OR EXISTS (SELECT 1 FROM accounts a
                           WHERE a.society_id = h.society_id AND a.household_id = h.household_id))";
    FLAGS_DELETE = "DELETE FROM member_flags WHERE society_id = $1 AND member_id = $2 AND ended_at IS NOT NULL";
}

const MEMBERS: BulkTable = BulkTable {
    name: "members",
    columns: &["society_id", "member_id", "person_key", "name", "kana", "sex", "birth_date", "email"],
};

const HOUSEHOLDS: BulkTable = BulkTable { name: "households", columns: &["society_id", "household_id", "created_at"] };

const COVERAGES: BulkTable = BulkTable {
    name: "coverages",
    columns: &[
        "society_id",
        "member_id",
        "from_date",
        "to_date",
        "household_id",
        "insurer_number",
        "symbol",
        "number",
        "branch",
        "relationship",
        "holder_key",
    ],
};

const SEARCH_KEYS: BulkTable = BulkTable { name: "member_search_keys", columns: &["society_id", "key", "member_id"] };

const CHANGES: BulkTable = BulkTable {
    name: "register_changes",
    columns: &["society_id", "batch_id", "change_number", "member_id", "before_state", "after_state"],
};

/// A person who is or was covered under some symbol and number, for matching claims.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    pub(crate) member_id: i64,
    pub(crate) household_id: i64,
    pub(crate) holder_key: String,
    pub(crate) branch: Option<String>,
    pub(crate) insured: bool,
    pub(crate) from: Date,
    pub(crate) to: Option<Date>,
    pub(crate) name: String,
    pub(crate) kana: String,
    pub(crate) sex: String,
    pub(crate) birth_date: Date,
}

#[derive(sqlx::FromRow)]
struct CoverageRow {
    member_id: i64,
    household_id: i64,
    holder_key: String,
    branch: Option<String>,
    relationship: String,
    from_date: yui_db::Date,
    to_date: Option<yui_db::Date>,
    name: String,
    kana: String,
    sex: String,
    birth_date: yui_db::Date,
}

/// Returns everybody who is or was covered under one of these holder keys.
pub(crate) async fn candidates(
    tx: &mut Tx,
    scope: &impl InSociety,
    holder_keys: &[String],
) -> Result<Vec<Coverage>, DbError> {
    let list: Vec<_> = holder_keys.iter().map(Param::from).collect();
    let rows: Vec<CoverageRow> = tx.all_among(&COVERAGE_BY_HOLDER, params![scope.society_id()], &list).await?;
    Ok(rows.into_iter().map(Coverage::from).collect())
}

impl From<CoverageRow> for Coverage {
    fn from(row: CoverageRow) -> Self {
        Self {
            member_id: row.member_id,
            household_id: row.household_id,
            holder_key: row.holder_key,
            branch: row.branch,
            insured: row.relationship == "insured",
            from: row.from_date.to_jiff(),
            to: row.to_date.map(yui_db::Date::to_jiff),
            name: row.name,
            kana: row.kana,
            sex: row.sex,
            birth_date: row.birth_date.to_jiff(),
        }
    }
}

/// Returns the newest insured person under this holder key.
pub(crate) async fn insured_by_holder(
    db: &Db,
    scope: &impl InSociety,
    holder_key: &str,
) -> Result<Option<Coverage>, DbError> {
    let list = [Param::from(holder_key)];
    let covered: Vec<CoverageRow> = db.all_among(&COVERAGE_BY_HOLDER, params![scope.society_id()], &list).await?;
    Ok(covered.into_iter().map(Coverage::from).filter(|coverage| coverage.insured).max_by_key(|coverage| coverage.from))
}

/// A person with all spans of coverage, as a register import changes and a withdrawal restores them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Person {
    pub(super) member_id: i64,
    pub(super) person_key: Option<String>,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) sex: String,
    pub(super) birth_date: Date,
    pub(super) email: Option<String>,
    pub(super) spans: Vec<Span>,
}

/// One span of coverage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) from: Date,
    pub(super) to: Option<Date>,
    pub(super) household_id: i64,
    pub(super) insurer_number: String,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: Option<String>,
    pub(super) insured: bool,
}

impl Person {
    /// Returns whether the person's coverage has no end.
    pub(super) fn stays(&self) -> bool {
        self.spans.iter().any(|span| span.to.is_none())
    }
}

impl Span {
    pub(super) fn holder_key(&self) -> String {
        super::person::holder_key(&self.insurer_number, &self.symbol, &self.number)
    }
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    member_id: i64,
    person_key: Option<String>,
    name: String,
    kana: String,
    sex: String,
    birth_date: yui_db::Date,
    email: Option<String>,
}

#[derive(sqlx::FromRow)]
struct SpanRow {
    member_id: i64,
    household_id: i64,
    insurer_number: String,
    symbol: String,
    number: String,
    branch: Option<String>,
    relationship: String,
    from_date: yui_db::Date,
    to_date: Option<yui_db::Date>,
}

#[derive(sqlx::FromRow)]
struct MemberId {
    member_id: i64,
}

/// The keys for finding persons.
#[derive(Debug, Default)]
pub(super) struct PersonFilter {
    pub(super) person_keys: BTreeSet<String>,
    pub(super) holder_keys: BTreeSet<String>,
    /// As of [`super::row_matcher::likeness`].
    pub(super) lookup_keys: BTreeSet<String>,
}

/// Returns the persons that have one of these keys, were covered under one of these holder keys, or have one of these lookup_keys.
pub(super) async fn persons(
    tx: &mut Tx,
    scope: &impl InSociety,
    PersonFilter { person_keys, holder_keys, lookup_keys }: &PersonFilter,
) -> Result<Vec<Person>, DbError> {
    let society = params![scope.society_id()];
    let text = |set: &BTreeSet<String>| set.iter().cloned().map(Param::from).collect::<Vec<_>>();
    let mut members: Vec<MemberRow> = tx.all_among(&MEMBER_BY_KEY, society, &text(person_keys)).await?;
    let covered: Vec<MemberId> = tx.all_among(&MEMBER_OF_HOLDER, society, &text(holder_keys)).await?;
    let alike: Vec<MemberId> = tx.all_among(&MEMBER_OF_KEYS, society, &text(lookup_keys)).await?;
    let known: BTreeSet<_> = members.iter().map(|member| member.member_id).collect();
    let others: BTreeSet<_> = covered.iter().chain(&alike).map(|row| row.member_id).collect();
    let others: Vec<_> = others.difference(&known).map(|id| Param::from(*id)).collect();
    members.extend(tx.all_among::<MemberRow>(&MEMBER_BY_ID, society, &others).await?);
    let mut persons = with_spans(tx, scope, members).await?;
    // Whether a row may join a household depends on all members who are or were insured in it.
    let households: BTreeSet<_> =
        persons.iter().flat_map(|person| &person.spans).map(|span| span.household_id).collect();
    let households: Vec<_> = households.into_iter().map(Param::from).collect();
    let known: BTreeSet<_> = persons.iter().map(|person| person.member_id).collect();
    let insured: Vec<MemberId> = tx.all_among(&INSURED_OF_HOUSEHOLD, society, &households).await?;
    let insured: BTreeSet<_> = insured.iter().map(|row| row.member_id).filter(|id| !known.contains(id)).collect();
    persons.extend(persons_by_id(tx, scope, &insured.into_iter().collect::<Vec<_>>()).await?);
    Ok(persons)
}

/// Returns the next members after this one whose coverage has no end, in order, up to this number.
pub(super) async fn covered_after(
    tx: &mut Tx,
    scope: &impl InSociety,
    after: i64,
    most: i64,
) -> Result<Vec<i64>, DbError> {
    let rows: Vec<MemberId> = tx.all(&COVERED_AFTER, params![scope.society_id(), after, most]).await?;
    Ok(rows.into_iter().map(|row| row.member_id).collect())
}

/// Returns the number of the register's newest batch, which may be under way; 0 if there is none.
pub(super) async fn newest_batch(tx: &mut Tx, scope: &impl InSociety) -> Result<i64, DbError> {
    Ok(tx.one::<RegisterCount>(&NEWEST_BATCH, params![scope.society_id()]).await?.count)
}

/// Returns those of the members that this batch created.
pub(super) async fn created_by_batch(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    persons: &[Person],
) -> Result<BTreeSet<i64>, DbError> {
    members_of_changes(tx, scope, &CREATED_BY_BATCH, batch_id, persons).await
}

/// Returns those of the members that later batches changed.
pub(super) async fn changed_after_batch(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    persons: &[Person],
) -> Result<BTreeSet<i64>, DbError> {
    members_of_changes(tx, scope, &CHANGED_AFTER_BATCH, batch_id, persons).await
}

async fn members_of_changes(
    tx: &mut Tx,
    scope: &impl InSociety,
    statement: &'static Statement,
    batch_id: i64,
    persons: &[Person],
) -> Result<BTreeSet<i64>, DbError> {
    let list: Vec<_> = persons.iter().map(|person| Param::from(person.member_id)).collect();
    let rows: Vec<MemberId> = tx.all_among(statement, params![scope.society_id(), batch_id], &list).await?;
    Ok(rows.into_iter().map(|row| row.member_id).collect())
}

/// Returns the persons of these numbers.
pub(super) async fn persons_by_id(tx: &mut Tx, scope: &impl InSociety, ids: &[i64]) -> Result<Vec<Person>, DbError> {
    let list: Vec<_> = ids.iter().copied().map(Param::from).collect();
    let members: Vec<MemberRow> = tx.all_among(&MEMBER_BY_ID, params![scope.society_id()], &list).await?;
    with_spans(tx, scope, members).await
}

async fn with_spans(tx: &mut Tx, scope: &impl InSociety, members: Vec<MemberRow>) -> Result<Vec<Person>, DbError> {
    let society = params![scope.society_id()];
    let ids: Vec<_> = members.iter().map(|member| Param::from(member.member_id)).collect();
    let mut spans = std::collections::BTreeMap::<i64, Vec<Span>>::new();
    for row in tx.all_among::<SpanRow>(&COVERAGE_BY_MEMBER, society, &ids).await? {
        spans.entry(row.member_id).or_default().push(Span {
            from: row.from_date.to_jiff(),
            to: row.to_date.map(yui_db::Date::to_jiff),
            household_id: row.household_id,
            insurer_number: row.insurer_number,
            symbol: row.symbol,
            number: row.number,
            branch: row.branch,
            insured: row.relationship == "insured",
        });
    }
    let persons = members
        .into_iter()
        .map(|row| Person {
            member_id: row.member_id,
            person_key: row.person_key,
            name: row.name,
            kana: row.kana,
            sex: row.sex,
            birth_date: row.birth_date.to_jiff(),
            email: row.email,
            spans: spans.remove(&row.member_id).unwrap_or_default(),
        })
        .collect();
    Ok(persons)
}

fn member_values(society_id: i64, person: &Person) -> [Param<'_>; 8] {
    [
        Param::from(society_id),
        Param::from(person.member_id),
        Param::from(person.person_key.as_deref()),
        Param::from(&person.name),
        Param::from(&person.kana),
        Param::from(&*person.sex),
        Param::from(person.birth_date),
        Param::from(person.email.as_deref()),
    ]
}

fn span_values<'p>(society_id: i64, member_id: i64, span: &'p Span) -> [Param<'p>; 11] {
    [
        Param::from(society_id),
        Param::from(member_id),
        Param::from(span.from),
        Param::from(span.to),
        Param::from(span.household_id),
        Param::from(&span.insurer_number),
        Param::from(&span.symbol),
        Param::from(&span.number),
        Param::from(span.branch.as_deref()),
        Param::from(if span.insured { "insured" } else { "dependent" }),
        Param::from(span.holder_key()),
    ]
}

/// Inserts new households and persons, with their coverage.
pub(super) async fn persons_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    households: &[i64],
    persons: &[&Person],
    now: Timestamp,
) -> Result<(), DbError> {
    let society = scope.society_id();
    let household = |id: &i64| [Param::from(society), Param::from(*id), Param::from(now)];
    let values: Vec<_> = households.iter().flat_map(household).collect();
    tx.bulk_insert(&HOUSEHOLDS, &values).await?;
    let values: Vec<_> = persons.iter().flat_map(|person| member_values(society, person)).collect();
    tx.bulk_insert(&MEMBERS, &values).await?;
    spans_insert(tx, society, persons).await?;
    keys_insert(tx, society, persons.iter().map(|person| (person.member_id, keys(person)))).await
}

async fn keys_insert(
    tx: &mut Tx,
    society: i64,
    of: impl Iterator<Item = (i64, BTreeSet<String>)>,
) -> Result<(), DbError> {
    let row = |member_id, key| [Param::from(society), Param::from(key), Param::from(member_id)];
    let values: Vec<_> = of.flat_map(|(id, keys)| keys.into_iter().flat_map(move |key| row(id, key))).collect();
    tx.bulk_insert(&SEARCH_KEYS, &values).await.map(drop)
}

async fn keys_delete(tx: &mut Tx, society: i64, member_id: i64, keys: &BTreeSet<String>) -> Result<(), DbError> {
    let list: Vec<_> = keys.iter().map(Param::from).collect();
    tx.all_among::<MemberId>(&KEYS_DELETE, params![society, member_id], &list).await.map(drop)
}

async fn spans_insert(tx: &mut Tx, society: i64, persons: &[&Person]) -> Result<(), DbError> {
    let values: Vec<_> = persons
        .iter()
        .flat_map(|person| person.spans.iter().flat_map(|span| span_values(society, person.member_id, span)))
        .collect();
    tx.bulk_insert(&COVERAGES, &values).await.map(drop)
}

/// Replaces the person `before` in the database with the given one.
pub(super) async fn person_replace(
    tx: &mut Tx,
    scope: &impl InSociety,
    before: &Person,
    person: &Person,
) -> Result<(), DbError> {
    let society = scope.society_id();
    tx.execute(&MEMBER_UPSERT, &member_values(society, person)).await?;
    tx.execute(&COVERAGE_DELETE, params![society, person.member_id]).await?;
    spans_insert(tx, society, &[person]).await?;
    let (old, new) = (keys(before), keys(person));
    keys_delete(tx, society, person.member_id, &old.difference(&new).cloned().collect()).await?;
    for key in new.difference(&old) {
        tx.execute(&KEY_KEEP, params![society, key, person.member_id]).await?;
    }
    Ok(())
}

/// Removes a person, with their flags.
pub(super) async fn person_delete(tx: &mut Tx, scope: &impl InSociety, person: &Person) -> Result<(), DbError> {
    let society = scope.society_id();
    keys_delete(tx, society, person.member_id, &keys(person)).await?;
    tx.execute(&COVERAGE_DELETE, params![society, person.member_id]).await?;
    tx.execute(&FLAGS_DELETE, params![society, person.member_id]).await?;
    tx.execute(&MEMBER_DELETE, params![society, person.member_id]).await.map(drop)
}

/// Removes the person's households if nobody is left in them; returns whether one of these cannot be removed because it
/// has expenses or an account.
pub(super) async fn households_clear(tx: &mut Tx, scope: &impl InSociety, person: &Person) -> Result<bool, DbError> {
    for span in &person.spans {
        let household = params![scope.society_id(), span.household_id];
        let used: RegisterCount = tx.one(&HOUSEHOLD_IN_USE, household).await?;
        if used.count > 0 {
            return Ok(true);
        }
        tx.execute(&HOUSEHOLD_DELETE_EMPTY, household).await?;
    }
    Ok(false)
}

/// One change of a register import.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RegisterChange {
    pub(super) change_number: i64,
    pub(super) member_id: i64,
    pub(super) before_state: Option<String>,
    pub(super) after_state: String,
}

/// Inserts the changes.
pub(super) async fn changes_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    changes: &[RegisterChange],
) -> Result<(), DbError> {
    let values: Vec<_> = changes
        .iter()
        .flat_map(|change| {
            [
                Param::from(scope.society_id()),
                Param::from(batch_id),
                Param::from(change.change_number),
                Param::from(change.member_id),
                Param::from(change.before_state.as_deref()),
                Param::from(&change.after_state),
            ]
        })
        .collect();
    tx.bulk_insert(&CHANGES, &values).await.map(drop)
}

/// Returns the number of the batch's next change.
pub(super) async fn change_next(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<i64, DbError> {
    Ok(tx.one::<RegisterCount>(&CHANGE_NEXT, params![scope.society_id(), batch_id]).await?.count)
}

/// Returns the changes of a batch, last change first.
pub(super) async fn change_list(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Vec<RegisterChange>, DbError> {
    tx.all(&CHANGE_LIST, params![scope.society_id(), batch_id]).await
}

#[derive(sqlx::FromRow)]
pub(super) struct RegisterCount {
    count: i64,
}

/// The data that depends on a batch by now.
pub(super) struct StandsOn {
    /// Persons that a later batch changed.
    pub(super) changed_later: i64,
    /// Persons it created that have expenses or an account.
    pub(super) used: i64,
    /// Persons it created with an objection or non-disclosure.
    pub(super) flagged: i64,
}

/// Returns the data that depends on the batch.
pub(super) async fn stands_on(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<StandsOn, DbError> {
    let values = params![scope.society_id(), batch_id];
    let changed_later: RegisterCount = tx.one(&CHANGED_LATER, values).await?;
    let used: RegisterCount = tx.one(&NEW_MEMBER_USED, values).await?;
    let flagged: RegisterCount = tx.one(&NEW_MEMBER_FLAGGED, values).await?;
    Ok(StandsOn { changed_later: changed_later.count, used: used.count, flagged: flagged.count })
}

/// Returns the numbers of households and members.
pub(crate) async fn counts(db: &Db, scope: &impl InSociety) -> Result<(i64, i64), DbError> {
    let households: RegisterCount = db.one(&HOUSEHOLD_COUNT, params![scope.society_id()]).await?;
    let members: RegisterCount = db.one(&MEMBER_COUNT, params![scope.society_id()]).await?;
    Ok((households.count, members.count))
}
