//! The SQL of questions about register rows.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::InSociety;

statements! {
    // A row that comes again while it waits stays with the batch that brought it first, which is withdrawn last.
    fn question_keep(
        society_id: i64,
        question_id: i64,
        batch_id: i64,
        holder_key: &str,
        row_key: &str,
        row: &str,
        candidates: &str,
        now: Timestamp,
    ) = "
        INSERT INTO register_questions (society_id, question_id, batch_id, holder_key, row_key, row_state, candidates,
            asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (society_id, row_key) DO UPDATE SET
            batch_id = CASE WHEN register_questions.answered_in IS NULL THEN register_questions.batch_id
                ELSE excluded.batch_id END,
            row_state = excluded.row_state, candidates = excluded.candidates, answered_in = NULL";
    fn question(society_id: i64, question_id: i64) -> RegisterQuestion = "
        SELECT question_id, batch_id, holder_key, row_state, candidates, asked_at FROM register_questions
        WHERE society_id = $1 AND question_id = $2 AND answered_in IS NULL";
    fn questions_open(society_id: i64, most: i64) -> RegisterQuestion = "
        SELECT question_id, batch_id, holder_key, row_state, candidates, asked_at FROM register_questions
        WHERE society_id = $1 AND answered_in IS NULL
        ORDER BY question_id LIMIT $2";
    fn questions_of_holder(society_id: i64, list: &[&str]) -> RegisterQuestion = "
        SELECT question_id, batch_id, holder_key, row_state, candidates, asked_at FROM register_questions
        WHERE society_id = $1 AND holder_key IN ($2) AND answered_in IS NULL
        ORDER BY question_id";
    fn question_about(society_id: i64, question_id: i64, candidates: &str) =
        "UPDATE register_questions SET candidates = $3 WHERE society_id = $1 AND question_id = $2";
    fn candidates_open(society_id: i64) -> String =
        "SELECT candidates FROM register_questions WHERE society_id = $1 AND answered_in IS NULL";
    fn question_close(society_id: i64, question_id: i64, batch_id: i64) =
        "UPDATE register_questions SET answered_in = $3 WHERE society_id = $1 AND question_id = $2";
    fn question_drop(society_id: i64, question_id: i64) =
        "DELETE FROM register_questions WHERE society_id = $1 AND question_id = $2";
    fn answers_of_batch_undo(society_id: i64, batch_id: i64) = "
        UPDATE register_questions SET answered_in = NULL WHERE society_id = $1 AND answered_in = $2";
    fn questions_of_batch_drop(society_id: i64, batch_id: i64) =
        "DELETE FROM register_questions WHERE society_id = $1 AND batch_id = $2";
    fn candidate_counts(society_id: i64, members: &[i64]) -> CandidateRow = "
        SELECT m.member_id,
            (SELECT COUNT(*) FROM accounts a WHERE a.society_id = m.society_id AND a.member_id = m.member_id) AS accounts,
            (SELECT COUNT(*) FROM expenses e WHERE e.society_id = m.society_id AND e.member_id = m.member_id) AS expenses
        FROM members m
        WHERE m.society_id = $1 AND m.member_id IN ($2)";
    fn question_count(society_id: i64) -> super::RegisterCount = "
        SELECT COUNT(*) AS count FROM register_questions WHERE society_id = $1 AND answered_in IS NULL";
}

/// A row to ask about.
pub(in super::super) struct NewQuestion<'a> {
    pub(in super::super) question_id: i64,
    pub(in super::super) batch_id: i64,
    pub(in super::super) holder_key: &'a str,
    pub(in super::super) row_key: String,
    /// The row, as JSON.
    pub(in super::super) row: String,
    /// The candidate members, as a JSON list; empty if the row waits for its insured person's answer.
    pub(in super::super) candidates: String,
}

/// A row that is asked about.
#[derive(Clone, Debug, yui_db::Row)]
pub(in super::super) struct RegisterQuestion {
    pub(in super::super) question_id: i64,
    pub(in super::super) batch_id: i64,
    pub(in super::super) holder_key: String,
    #[row(name = "row_state")]
    pub(in super::super) row: String,
    pub(in super::super) candidates: String,
    pub(in super::super) asked_at: jiff::Timestamp,
}

/// Stores a question; if the row is asked about already, its new version replaces the earlier one.
pub(in super::super) async fn question_keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    new: &NewQuestion<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let NewQuestion { question_id, batch_id, holder_key, row_key, row, candidates } = new;
    tx.execute(Sql::question_keep(
        scope.society_id(),
        *question_id,
        *batch_id,
        holder_key,
        row_key.as_str(),
        row.as_str(),
        candidates.as_str(),
        now,
    ))
    .await
    .map(drop)
}

pub(in super::super) async fn question(
    tx: &mut Tx,
    scope: &impl InSociety,
    question_id: i64,
) -> Result<Option<RegisterQuestion>, DbError> {
    tx.optional(Sql::question(scope.society_id(), question_id)).await
}

/// Returns open questions of the society, oldest first, up to this number.
pub(in super::super) async fn questions_open(
    tx: &mut Tx,
    scope: &impl InSociety,
    most: i64,
) -> Result<Vec<RegisterQuestion>, DbError> {
    tx.all(Sql::questions_open(scope.society_id(), most)).await
}

/// Returns the candidates of all open questions, each a JSON list.
pub(in super::super) async fn candidates_open(tx: &mut Tx, scope: &impl InSociety) -> Result<Vec<String>, DbError> {
    tx.all(Sql::candidates_open(scope.society_id())).await
}

/// Returns the open questions of the rows under these numbers.
pub(in super::super) async fn questions_of_holders<'k>(
    tx: &mut Tx,
    scope: &impl InSociety,
    holder_keys: impl Iterator<Item = &'k str>,
) -> Result<Vec<RegisterQuestion>, DbError> {
    let list: Vec<_> = holder_keys.collect();
    tx.all(Sql::questions_of_holder(scope.society_id(), &list)).await
}

/// Replaces the candidates.
pub(in super::super) async fn question_about(
    tx: &mut Tx,
    scope: &impl InSociety,
    question_id: i64,
    candidates: &str,
) -> Result<(), DbError> {
    tx.execute(Sql::question_about(scope.society_id(), question_id, candidates)).await.map(drop)
}

/// Records that a question is answered, in this batch.
pub(in super::super) async fn question_close(
    tx: &mut Tx,
    scope: &impl InSociety,
    question_id: i64,
    batch_id: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::question_close(scope.society_id(), question_id, batch_id)).await.map(drop)
}

/// Removes a question with an unwanted row.
pub(in super::super) async fn question_drop(
    tx: &mut Tx,
    scope: &impl InSociety,
    question_id: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::question_drop(scope.society_id(), question_id)).await.map(drop)
}

/// Reopens the questions whose answers a withdrawn batch holds, and deletes the questions that the batch itself asked.
pub(in super::super) async fn questions_of_batch_undo(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<(), DbError> {
    tx.execute(Sql::answers_of_batch_undo(scope.society_id(), batch_id)).await?;
    tx.execute(Sql::questions_of_batch_drop(scope.society_id(), batch_id)).await.map(drop)
}

/// Returns the number of open questions.
pub(in super::super) async fn question_count(db: &Db, scope: &impl InSociety) -> Result<i64, DbError> {
    let count: super::RegisterCount = db.one(Sql::question_count(scope.society_id())).await?;
    Ok(count.count)
}

/// A member's accounts and expenses, in numbers.
#[derive(Debug, yui_db::Row)]
pub(in super::super) struct CandidateRow {
    pub(in super::super) member_id: i64,
    pub(in super::super) accounts: i64,
    pub(in super::super) expenses: i64,
}

/// Returns the numbers of accounts and lines of expenses of each of these members.
pub(in super::super) async fn candidate_counts(
    tx: &mut Tx,
    scope: &impl InSociety,
    members: impl Iterator<Item = i64>,
) -> Result<Vec<CandidateRow>, DbError> {
    let list: Vec<_> = members.collect();
    tx.all(Sql::candidate_counts(scope.society_id(), &list)).await
}
