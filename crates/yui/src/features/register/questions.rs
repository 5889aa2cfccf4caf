//! Questions to staff: a register row may describe a member who is already registered under another 記号・番号. The row is stored until
//! staff answer whether it is the same person (docs/decisions/0033).

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use jiff::Timestamp;
use yui_db::Tx;

use super::{
    changes, full_file,
    import::{person_filter, write},
    queries::{self, NewQuestion, Person},
    row::{Family, Row},
    row_matcher::{Decision, RowMatcher, RowOutcome},
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject, acts},
        scope::SystemScope,
        society::ids_take,
    },
    features::imports::{self, Candidate, RowQuestion},
};

acts! {
    /// The waiting rows were viewed.
    QUESTIONS_SEEN = "register.questions_seen" / "加入者の確認を表示";
    /// Staff answered whether a row describes a registered person.
    ANSWERED = "register.answered" / "加入者の確認（同じ人・別の人）";
    /// An unwanted row that waited was removed.
    DROPPED = "register.row_dropped" / "確認待ちの行の削除";
}

/// Stores a question for each row, with the candidate members. A row that already has an open question replaces it.
pub(super) async fn ask(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    asked: &[(&Family, usize, Vec<i64>)],
    now: Timestamp,
) -> anyhow::Result<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let first = ids_take(tx, scope, "question", i64::try_from(asked.len())?).await?;
    for ((family, at, candidates), question_id) in asked.iter().zip(first..) {
        let row = family.rows.get(*at).context("a row of the family")?;
        let new = NewQuestion {
            question_id,
            batch_id,
            holder_key: &family.holder_key,
            row_key: row_key(row),
            row: serde_json::to_string(row)?,
            candidates: serde_json::to_string(candidates)?,
        };
        queries::question_keep(tx, scope, &new, now).await?;
    }
    Ok(())
}

/// The candidates of a row that waits for its insured person's answer.
pub(super) const WAITS: &str = "[]";

/// Returns the key by which a row that comes again finds its question.
fn row_key(row: &Row) -> String {
    let who = (&row.branch, &row.person_key, &row.name);
    format!("{} {} {} {} {} {who:?}", row.holder_key(), row.birth_date, row.sex, row.kana, row.from)
}

/// The reason why an answer was not applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// Somebody else answered, the batch was withdrawn, or there is no such question.
    #[error("the question is not open any more")]
    NotOpen,
    /// The register has changed since.
    #[error("{0}")]
    Refused(String),
    /// The register has changed since the question was stored: the current candidates, as a JSON list of member numbers.
    #[error("the candidates have changed")]
    Others(String),
}

/// Applies staff's answer to the register, together with the family's rows that waited for it. The changes are recorded in the newest
/// register batch, because batches are withdrawn from the newest to the oldest.
///
/// # Errors
/// [`Unanswered`], or if the database does not answer.
pub(super) async fn answer(app: &App, scope: &SystemScope, question_id: i64, decision: Decision) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let question = queries::question(&mut tx, scope, question_id).await?.ok_or(Unanswered::NotOpen)?;
    let row: Row = serde_json::from_str(&question.row)?;
    // Dependents whose rows wait for this insured person. Dependents with questions of their own stay open.
    let mut waiting = Vec::new();
    if row.insured {
        let under = queries::questions_of_holders(&mut tx, scope, [&*question.holder_key].into_iter()).await?;
        let others: Vec<_> = under.into_iter().filter(|other| other.question_id != question_id).collect();
        // With a second open question about an insured person, it is unknown to whose family the dependents belong.
        if others.iter().all(|other| other.candidates == WAITS || !is_insured(other)) {
            waiting.extend(others.into_iter().filter(|other| other.candidates == WAITS));
        }
    }
    let mut rows = vec![row.clone()];
    for other in &waiting {
        rows.push(serde_json::from_str(&other.row)?);
    }
    // The rows may be from several files, so their line numbers are replaced by positions: 0 is the row in question.
    rows.iter_mut().zip(0..).for_each(|(row, line)| row.line = line);
    let family = Family::new(question.holder_key.clone(), rows);
    let families = [family];
    let persons = queries::persons(&mut tx, scope, &person_filter(&families)).await?;
    let count = i64::try_from(waiting.len())? + 1;
    let first_member = ids_take(&mut tx, scope, "member", count).await?;
    let first_household = ids_take(&mut tx, scope, "household", count).await?;
    let mut row_matcher = RowMatcher::new(persons, first_member, first_household);
    let [family] = &families;
    let outcomes = row_matcher.take(family, &|line| (line == 0).then_some(decision));
    let batch_id = queries::newest_batch(&mut tx, scope).await?;
    let mut member = 0;
    for (row, outcome) in family.rows.iter().zip(&outcomes) {
        let number = usize::try_from(row.line)?;
        let Some(asked) = number.checked_sub(1).map_or(Some(&question), |at| waiting.get(at)) else { continue };
        match outcome {
            RowOutcome::Accepted(member_id) => {
                if row.line == 0 {
                    member = *member_id;
                }
                queries::question_close(&mut tx, scope, asked.question_id, batch_id).await?;
            }
            RowOutcome::Ambiguous(candidates) if row.line > 0 => {
                let candidates = serde_json::to_string(candidates)?;
                queries::question_about(&mut tx, scope, asked.question_id, &candidates).await?;
            }
            RowOutcome::Refused(refusal) if row.line == 0 => {
                return Err(Unanswered::Refused(refusal.reason().to_owned()).into());
            }
            RowOutcome::Ambiguous(candidates) => {
                return Err(Unanswered::Others(serde_json::to_string(candidates)?).into());
            }
            // The row stays in the list.
            RowOutcome::Waiting | RowOutcome::Refused(_) => {}
        }
    }
    write(&mut tx, scope, batch_id, &row_matcher, app.clock.now()).await?;
    let said = match decision {
        Decision::Same(_) => "同じ人",
        Decision::Other => "別の人",
    };
    let subject = Subject::new("member", member, row.name.clone());
    audit::record(app, &mut tx, scope, ANSWERED, Some(&subject), said).await?;
    tx.commit().await?;
    Ok(())
}

fn is_insured(question: &queries::RegisterQuestion) -> bool {
    serde_json::from_str::<Row>(&question.row).is_ok_and(|row| row.insured)
}

/// Replaces the candidates of a question.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn about(app: &App, scope: &SystemScope, question_id: i64, candidates: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    queries::question_about(&mut tx, scope, question_id, candidates).await?;
    tx.commit().await?;
    Ok(())
}

/// Drops a question with its row, and those of the family that wait for it.
///
/// # Errors
/// [`Unanswered::NotOpen`], or if the database does not answer.
pub(super) async fn drop_row(app: &App, scope: &SystemScope, question_id: i64) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let question = queries::question(&mut tx, scope, question_id).await?.ok_or(Unanswered::NotOpen)?;
    let row: Row = serde_json::from_str(&question.row)?;
    queries::question_drop(&mut tx, scope, question_id).await?;
    if row.insured {
        for other in queries::questions_of_holders(&mut tx, scope, [&*question.holder_key].into_iter()).await? {
            if other.candidates == WAITS {
                queries::question_drop(&mut tx, scope, other.question_id).await?;
            }
        }
    }
    let subject = Subject::new("batch", question.batch_id, format!("取込{}", question.batch_id));
    audit::record(app, &mut tx, scope, DROPPED, Some(&subject), &row.name).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns the households of all candidates of open questions.
pub(super) async fn households(tx: &mut Tx, scope: &SystemScope) -> anyhow::Result<BTreeSet<i64>> {
    let mut members = BTreeSet::new();
    for candidates in queries::candidates_open(tx, scope).await? {
        members.extend(serde_json::from_str::<Vec<i64>>(&candidates)?);
    }
    let persons = queries::persons_by_id(tx, scope, &members.into_iter().collect::<Vec<_>>()).await?;
    Ok(full_file::households(&persons))
}

/// Returns these persons as candidates of questions, in order of their member numbers.
pub(super) async fn candidates(
    tx: &mut Tx,
    scope: &SystemScope,
    persons: &[&Person],
) -> anyhow::Result<Vec<Candidate>> {
    let counts = queries::candidate_counts(tx, scope, persons.iter().map(|person| person.member_id)).await?;
    let counts: HashMap<_, _> = counts.iter().map(|count| (count.member_id, count)).collect();
    let of = |person: &&Person| {
        let count = counts.get(&person.member_id);
        Candidate {
            member_id: person.member_id,
            facts: changes::facts_known(person),
            account: count.is_some_and(|count| count.accounts > 0),
            expenses: count.map_or(0, |count| count.expenses),
        }
    };
    let mut candidates: Vec<_> = persons.iter().map(of).collect();
    candidates.sort_by_key(|candidate| candidate.member_id);
    Ok(candidates)
}

/// A row that waits for an answer.
#[derive(Debug)]
pub(super) struct OpenQuestion {
    pub(super) question_id: i64,
    pub(super) batch_id: i64,
    pub(super) asked_at: Timestamp,
    /// Whether the row waits for its insured person's answer.
    pub(super) waits: bool,
    /// The question.
    pub(super) asked: RowQuestion,
}

/// The number of questions on a page; further ones appear when these are answered.
const SHOWN: i64 = 100;

/// Returns the oldest open questions, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn open(app: &App, scope: &SystemScope) -> anyhow::Result<Vec<OpenQuestion>> {
    let mut tx = app.db.begin_reading().await?;
    let mut questions = Vec::new();
    for question in queries::questions_open(&mut tx, scope, SHOWN).await? {
        let row: Row = serde_json::from_str(&question.row)?;
        let ids: Vec<i64> = serde_json::from_str(&question.candidates)?;
        questions.push((question, row, ids));
    }
    let ids: BTreeSet<_> = questions.iter().flat_map(|(.., ids)| ids).copied().collect();
    let persons = queries::persons_by_id(&mut tx, scope, &ids.into_iter().collect::<Vec<_>>()).await?;
    let known = candidates(&mut tx, scope, &persons.iter().collect::<Vec<_>>()).await?;
    let open = |(question, row, ids): (queries::RegisterQuestion, Row, Vec<i64>)| OpenQuestion {
        question_id: question.question_id,
        batch_id: question.batch_id,
        asked_at: question.asked_at,
        waits: question.candidates == WAITS,
        asked: RowQuestion { line: row.line, row: changes::facts(&row), candidates: of_members(&known, &ids) },
    };
    Ok(questions.into_iter().map(open).collect())
}

/// Returns those of the candidates that are one of these members.
pub(super) fn of_members(candidates: &[Candidate], members: &[i64]) -> Vec<Candidate> {
    let of = |member: &i64| candidates.binary_search_by_key(member, |candidate| candidate.member_id).ok();
    members.iter().filter_map(of).filter_map(|at| candidates.get(at)).cloned().collect()
}
