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
use yui_db::{BulkTable, Db, DbError, Query, Tx, Values, push, statements};

use super::search_keys::keys;
use crate::core::society::InSociety;

statements! {
    fn household_count(society_id: i64) -> RegisterCount =
        "SELECT COUNT(*) AS count FROM households WHERE society_id = $1";
    fn member_count(society_id: i64) -> RegisterCount = "SELECT COUNT(*) AS count FROM members WHERE society_id = $1";
    fn coverage_by_holder(society_id: i64, holder_keys: &[String]) -> CoverageRow = "
        SELECT c.member_id, c.household_id, c.holder_key, c.branch, c.relationship, c.from_date, c.to_date,
            m.name, m.kana, m.sex, m.birth_date
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.holder_key IN ($2)";
    fn member_by_key(society_id: i64, person_keys: &BTreeSet<String>) -> MemberRow = "
        SELECT member_id, person_key, name, kana, sex, birth_date, email FROM members
        WHERE society_id = $1 AND person_key IN ($2)";
    fn member_by_id(society_id: i64, members: &[i64]) -> MemberRow = "
        SELECT member_id, person_key, name, kana, sex, birth_date, email FROM members
        WHERE society_id = $1 AND member_id IN ($2)";
    fn coverage_by_member(society_id: i64, members: &[i64]) -> SpanRow = "
        SELECT member_id, household_id, insurer_number, symbol, number, branch, relationship, from_date, to_date
        FROM coverages
        WHERE society_id = $1 AND member_id IN ($2)
        ORDER BY member_id, from_date";
    fn member_of_keys(society_id: i64, lookup_keys: &BTreeSet<String>) -> MemberId =
        "SELECT DISTINCT member_id FROM member_search_keys WHERE society_id = $1 AND key IN ($2)";
    fn insured_of_household(society_id: i64, households: &BTreeSet<i64>) -> MemberId = "
        SELECT DISTINCT member_id FROM coverages
        WHERE society_id = $1 AND relationship = 'insured' AND household_id IN ($2)";
    fn member_of_holder(society_id: i64, holder_keys: &BTreeSet<String>) -> MemberId =
        "SELECT DISTINCT member_id FROM coverages WHERE society_id = $1 AND holder_key IN ($2)";
    fn member_upsert(
        society_id: i64,
        member_id: i64,
        person_key: Option<&str>,
        name: &str,
        kana: &str,
        sex: &str,
        birth_date: Date,
        email: Option<&str>,
    ) = "
        INSERT INTO members (society_id, member_id, person_key, name, kana, sex, birth_date, email)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (society_id, member_id) DO UPDATE SET person_key = excluded.person_key, name = excluded.name,
            kana = excluded.kana, sex = excluded.sex, birth_date = excluded.birth_date, email = excluded.email";
    fn member_delete(society_id: i64, member_id: i64) = "DELETE FROM members WHERE society_id = $1 AND member_id = $2";
    fn coverage_delete(society_id: i64, member_id: i64) =
        "DELETE FROM coverages WHERE society_id = $1 AND member_id = $2";
    fn household_delete_empty(society_id: i64, household_id: i64) = "
        DELETE FROM households
        WHERE society_id = $1 AND household_id = $2
            AND NOT EXISTS (SELECT 1 FROM coverages c
                            WHERE c.society_id = households.society_id AND c.household_id = households.household_id)";
    fn keys_delete(society_id: i64, member_id: i64, keys: &BTreeSet<String>) -> MemberId = "
        DELETE FROM member_search_keys WHERE society_id = $1 AND member_id = $2 AND key IN ($3) RETURNING member_id";
    fn key_keep(society_id: i64, key: &str, member_id: i64) = "
        INSERT INTO member_search_keys (society_id, key, member_id) VALUES ($1, $2, $3)
        ON CONFLICT (society_id, key, member_id) DO NOTHING";
    fn change_list(society_id: i64, batch_id: i64) -> RegisterChange = "
        SELECT change_number, member_id, before_state, after_state FROM register_changes
        WHERE society_id = $1 AND batch_id = $2
        ORDER BY change_number DESC";
    fn change_next(society_id: i64, batch_id: i64) -> RegisterCount = "
        SELECT COALESCE(MAX(change_number), -1) + 1 AS count FROM register_changes
        WHERE society_id = $1 AND batch_id = $2";
    fn newest_batch(society_id: i64) -> RegisterCount = "
        SELECT COALESCE(MAX(batch_id), 0) AS count FROM import_batches
        WHERE society_id = $1 AND kind = 'register' AND state <> 'withdrawn'";
    fn changed_after_batch(society_id: i64, batch_id: i64, members: &[i64]) -> MemberId = "
        SELECT DISTINCT member_id FROM register_changes WHERE society_id = $1 AND batch_id > $2 AND member_id IN ($3)";
    fn created_by_batch(society_id: i64, batch_id: i64, members: &[i64]) -> MemberId = "
        SELECT member_id FROM register_changes
        WHERE society_id = $1 AND batch_id = $2 AND before_state IS NULL AND member_id IN ($3)";
    fn changed_later(society_id: i64, batch_id: i64) -> RegisterCount = "
        SELECT COUNT(DISTINCT mine.member_id) AS count
        FROM register_changes mine
        JOIN register_changes later ON later.society_id = mine.society_id AND later.member_id = mine.member_id
        JOIN import_batches b ON b.society_id = later.society_id AND b.batch_id = later.batch_id
        WHERE mine.society_id = $1 AND mine.batch_id = $2 AND later.batch_id > $2 AND b.state <> 'withdrawn'";
    fn new_member_used(society_id: i64, batch_id: i64) -> RegisterCount = "
        SELECT COUNT(*) AS count
        FROM register_changes c
        WHERE c.society_id = $1 AND c.batch_id = $2 AND c.before_state IS NULL
            AND (EXISTS (SELECT 1 FROM expenses e WHERE e.society_id = c.society_id AND e.member_id = c.member_id)
                OR EXISTS (SELECT 1 FROM accounts a WHERE a.society_id = c.society_id AND a.member_id = c.member_id))";
    fn new_member_flagged(society_id: i64, batch_id: i64) -> RegisterCount = "
        SELECT COUNT(*) AS count
        FROM register_changes c
        WHERE c.society_id = $1 AND c.batch_id = $2 AND c.before_state IS NULL
            AND EXISTS (SELECT 1 FROM member_flags f
                        WHERE f.society_id = c.society_id AND f.member_id = c.member_id AND f.ended_at IS NULL)";
    fn household_in_use(society_id: i64, household_id: i64) -> RegisterCount = "
        SELECT COUNT(*) AS count
        FROM households h
        WHERE h.society_id = $1 AND h.household_id = $2
            AND NOT EXISTS (SELECT 1 FROM coverages c
                            WHERE c.society_id = h.society_id AND c.household_id = h.household_id)
            AND (EXISTS (SELECT 1 FROM expenses e WHERE e.society_id = h.society_id AND e.household_id = h.household_id)
                OR EXISTS (SELECT 1 FROM accounts a
                           WHERE a.society_id = h.society_id AND a.household_id = h.household_id))";
    fn flags_delete(society_id: i64, member_id: i64) =
        "DELETE FROM member_flags WHERE society_id = $1 AND member_id = $2 AND ended_at IS NOT NULL";
}

static MEMBERS: BulkTable = BulkTable {
    name: "members",
    columns: &["society_id", "member_id", "person_key", "name", "kana", "sex", "birth_date", "email"],
};

static HOUSEHOLDS: BulkTable = BulkTable { name: "households", columns: &["society_id", "household_id", "created_at"] };

static COVERAGES: BulkTable = BulkTable {
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

static SEARCH_KEYS: BulkTable = BulkTable { name: "member_search_keys", columns: &["society_id", "key", "member_id"] };

static CHANGES: BulkTable = BulkTable {
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

#[derive(yui_db::Row)]
struct CoverageRow {
    member_id: i64,
    household_id: i64,
    holder_key: String,
    branch: Option<String>,
    relationship: String,
    from_date: jiff::civil::Date,
    to_date: Option<jiff::civil::Date>,
    name: String,
    kana: String,
    sex: String,
    birth_date: jiff::civil::Date,
}

/// Returns everybody who is or was covered under one of these holder keys.
pub(crate) async fn candidates(
    tx: &mut Tx,
    scope: &impl InSociety,
    holder_keys: &[String],
) -> Result<Vec<Coverage>, DbError> {
    let rows: Vec<CoverageRow> = tx.all(Sql::coverage_by_holder(scope.society_id(), holder_keys)).await?;
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
            from: row.from_date,
            to: row.to_date,
            name: row.name,
            kana: row.kana,
            sex: row.sex,
            birth_date: row.birth_date,
        }
    }
}

/// Returns the newest insured person under this holder key.
pub(crate) async fn insured_by_holder(
    db: &Db,
    scope: &impl InSociety,
    holder_key: &str,
) -> Result<Option<Coverage>, DbError> {
    let covered: Vec<CoverageRow> =
        db.all(Sql::coverage_by_holder(scope.society_id(), &[holder_key.to_owned()])).await?;
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

#[derive(yui_db::Row)]
struct MemberRow {
    member_id: i64,
    person_key: Option<String>,
    name: String,
    kana: String,
    sex: String,
    birth_date: jiff::civil::Date,
    email: Option<String>,
}

#[derive(yui_db::Row)]
struct SpanRow {
    member_id: i64,
    household_id: i64,
    insurer_number: String,
    symbol: String,
    number: String,
    branch: Option<String>,
    relationship: String,
    from_date: jiff::civil::Date,
    to_date: Option<jiff::civil::Date>,
}

#[derive(yui_db::Row)]
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
    let society = scope.society_id();
    let mut members: Vec<MemberRow> = tx.all(Sql::member_by_key(society, person_keys)).await?;
    let covered: Vec<MemberId> = tx.all(Sql::member_of_holder(society, holder_keys)).await?;
    let alike: Vec<MemberId> = tx.all(Sql::member_of_keys(society, lookup_keys)).await?;
    let known: BTreeSet<_> = members.iter().map(|member| member.member_id).collect();
    let others: BTreeSet<_> = covered.iter().chain(&alike).map(|row| row.member_id).collect();
    let others: Vec<_> = others.difference(&known).copied().collect();
    members.extend(tx.all(Sql::member_by_id(society, &others)).await?);
    let mut persons = with_spans(tx, scope, members).await?;
    // Whether a row may join a household depends on all members who are or were insured in it.
    let households: BTreeSet<_> =
        persons.iter().flat_map(|person| &person.spans).map(|span| span.household_id).collect();
    let known: BTreeSet<_> = persons.iter().map(|person| person.member_id).collect();
    let insured: Vec<MemberId> = tx.all(Sql::insured_of_household(society, &households)).await?;
    let insured: BTreeSet<_> = insured.iter().map(|row| row.member_id).filter(|id| !known.contains(id)).collect();
    persons.extend(persons_by_id(tx, scope, &insured.into_iter().collect::<Vec<_>>()).await?);
    Ok(persons)
}

/// Returns the number of the register's newest batch, which may be under way; 0 if there is none.
pub(super) async fn newest_batch(tx: &mut Tx, scope: &impl InSociety) -> Result<i64, DbError> {
    Ok(tx.one(Sql::newest_batch(scope.society_id())).await?.count)
}

/// Returns those of the members that this batch created.
pub(super) async fn created_by_batch(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    persons: &[Person],
) -> Result<BTreeSet<i64>, DbError> {
    members_of_changes(tx, Sql::created_by_batch(scope.society_id(), batch_id, &ids_of(persons))).await
}

/// Returns those of the members that later batches changed.
pub(super) async fn changed_after_batch(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    persons: &[Person],
) -> Result<BTreeSet<i64>, DbError> {
    members_of_changes(tx, Sql::changed_after_batch(scope.society_id(), batch_id, &ids_of(persons))).await
}

async fn members_of_changes(tx: &mut Tx, query: Query<MemberId>) -> Result<BTreeSet<i64>, DbError> {
    Ok(tx.all(query).await?.into_iter().map(|row| row.member_id).collect())
}

fn ids_of(persons: &[Person]) -> Vec<i64> {
    persons.iter().map(|person| person.member_id).collect()
}

/// Returns the persons of these numbers.
pub(super) async fn persons_by_id(tx: &mut Tx, scope: &impl InSociety, ids: &[i64]) -> Result<Vec<Person>, DbError> {
    let members: Vec<MemberRow> = tx.all(Sql::member_by_id(scope.society_id(), ids)).await?;
    with_spans(tx, scope, members).await
}

async fn with_spans(tx: &mut Tx, scope: &impl InSociety, members: Vec<MemberRow>) -> Result<Vec<Person>, DbError> {
    let ids: Vec<_> = members.iter().map(|member| member.member_id).collect();
    let mut spans = std::collections::BTreeMap::<i64, Vec<Span>>::new();
    for row in tx.all(Sql::coverage_by_member(scope.society_id(), &ids)).await? {
        spans.entry(row.member_id).or_default().push(Span {
            from: row.from_date,
            to: row.to_date,
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
            birth_date: row.birth_date,
            email: row.email,
            spans: spans.remove(&row.member_id).unwrap_or_default(),
        })
        .collect();
    Ok(persons)
}

fn push_member(values: &mut Values, society_id: i64, person: &Person) {
    push!(
        values;
        society_id,
        person.member_id,
        person.person_key.as_deref(),
        &person.name,
        &person.kana,
        &*person.sex,
        person.birth_date,
        person.email.as_deref(),
    );
}

fn push_span(values: &mut Values, society_id: i64, member_id: i64, span: &Span) {
    push!(
        values;
        society_id,
        member_id,
        span.from,
        span.to,
        span.household_id,
        &span.insurer_number,
        &span.symbol,
        &span.number,
        span.branch.as_deref(),
        if span.insured { "insured" } else { "dependent" },
        span.holder_key(),
    );
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
    let mut values = Values::default();
    households.iter().for_each(|id| push!(&mut values; society, *id, now));
    tx.bulk_insert(&HOUSEHOLDS, values).await?;
    let mut values = Values::default();
    persons.iter().for_each(|person| push_member(&mut values, society, person));
    tx.bulk_insert(&MEMBERS, values).await?;
    spans_insert(tx, society, persons).await?;
    keys_insert(tx, society, persons.iter().map(|person| (person.member_id, keys(person)))).await
}

async fn keys_insert(
    tx: &mut Tx,
    society: i64,
    of: impl Iterator<Item = (i64, BTreeSet<String>)>,
) -> Result<(), DbError> {
    let mut values = Values::default();
    for (member_id, keys) in of {
        keys.iter().for_each(|key| push!(&mut values; society, key, member_id));
    }
    tx.bulk_insert(&SEARCH_KEYS, values).await.map(drop)
}

async fn keys_delete(tx: &mut Tx, society: i64, member_id: i64, keys: &BTreeSet<String>) -> Result<(), DbError> {
    tx.all(Sql::keys_delete(society, member_id, keys)).await.map(drop)
}

async fn spans_insert(tx: &mut Tx, society: i64, persons: &[&Person]) -> Result<(), DbError> {
    let mut values = Values::default();
    for person in persons {
        person.spans.iter().for_each(|span| push_span(&mut values, society, person.member_id, span));
    }
    tx.bulk_insert(&COVERAGES, values).await.map(drop)
}

/// Replaces the person `before` in the database with the given one.
pub(super) async fn person_replace(
    tx: &mut Tx,
    scope: &impl InSociety,
    before: &Person,
    person: &Person,
) -> Result<(), DbError> {
    let society = scope.society_id();
    let upsert = Sql::member_upsert(
        society,
        person.member_id,
        person.person_key.as_deref(),
        &person.name,
        &person.kana,
        &person.sex,
        person.birth_date,
        person.email.as_deref(),
    );
    tx.execute(upsert).await?;
    tx.execute(Sql::coverage_delete(society, person.member_id)).await?;
    spans_insert(tx, society, &[person]).await?;
    let (old, new) = (keys(before), keys(person));
    keys_delete(tx, society, person.member_id, &old.difference(&new).cloned().collect()).await?;
    for key in new.difference(&old) {
        tx.execute(Sql::key_keep(society, key, person.member_id)).await?;
    }
    Ok(())
}

/// Removes a person, with their flags.
pub(super) async fn person_delete(tx: &mut Tx, scope: &impl InSociety, person: &Person) -> Result<(), DbError> {
    let society = scope.society_id();
    keys_delete(tx, society, person.member_id, &keys(person)).await?;
    tx.execute(Sql::coverage_delete(society, person.member_id)).await?;
    tx.execute(Sql::flags_delete(society, person.member_id)).await?;
    tx.execute(Sql::member_delete(society, person.member_id)).await.map(drop)
}

/// Removes the person's households if nobody is left in them; returns whether one of these cannot be removed because it
/// has expenses or an account.
pub(super) async fn households_clear(tx: &mut Tx, scope: &impl InSociety, person: &Person) -> Result<bool, DbError> {
    for span in &person.spans {
        let used: RegisterCount = tx.one(Sql::household_in_use(scope.society_id(), span.household_id)).await?;
        if used.count > 0 {
            return Ok(true);
        }
        tx.execute(Sql::household_delete_empty(scope.society_id(), span.household_id)).await?;
    }
    Ok(false)
}

/// One change of a register import.
#[derive(Debug, yui_db::Row)]
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
    let mut values = Values::default();
    for change in changes {
        push!(
            &mut values;
            scope.society_id(),
            batch_id,
            change.change_number,
            change.member_id,
            change.before_state.as_deref(),
            &change.after_state,
        );
    }
    tx.bulk_insert(&CHANGES, values).await.map(drop)
}

/// Returns the number of the batch's next change.
pub(super) async fn change_next(tx: &mut Tx, scope: &impl InSociety, batch_id: i64) -> Result<i64, DbError> {
    Ok(tx.one(Sql::change_next(scope.society_id(), batch_id)).await?.count)
}

/// Returns the changes of a batch, last change first.
pub(super) async fn change_list(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<Vec<RegisterChange>, DbError> {
    tx.all(Sql::change_list(scope.society_id(), batch_id)).await
}

#[derive(yui_db::Row)]
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
    let changed_later: RegisterCount = tx.one(Sql::changed_later(scope.society_id(), batch_id)).await?;
    let used: RegisterCount = tx.one(Sql::new_member_used(scope.society_id(), batch_id)).await?;
    let flagged: RegisterCount = tx.one(Sql::new_member_flagged(scope.society_id(), batch_id)).await?;
    Ok(StandsOn { changed_later: changed_later.count, used: used.count, flagged: flagged.count })
}

/// Returns the numbers of households and members.
pub(crate) async fn counts(db: &Db, scope: &impl InSociety) -> Result<(i64, i64), DbError> {
    let households: RegisterCount = db.one(Sql::household_count(scope.society_id())).await?;
    let members: RegisterCount = db.one(Sql::member_count(scope.society_id())).await?;
    Ok((households.count, members.count))
}
