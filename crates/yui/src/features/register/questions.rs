//! Rows of register files that may mean somebody who is known under other numbers: staff say whether it is the same person. Until then
//! the row waits in a list; nobody is doubled or merged in silence (docs/decisions/0033).

use std::collections::BTreeSet;

use anyhow::Context;
use jiff::Timestamp;
use yui_db::Tx;

use super::{
    changes,
    desk::{Decision, Desk, Verdict},
    import::{looked_for, write},
    queries::{self, NewQuestion, Person},
    row::{Family, Row},
};
use crate::{
    app::App,
    features::{
        audit::{self, Subject, acts},
        imports::{self, Asked, Candidate},
        societies::ids_take,
    },
    scope::SystemScope,
};

acts! {
    /// The rows that wait were looked at.
    QUESTIONS_SEEN = "register.questions_seen" / "加入者の確認を表示";
    /// Staff said whether a row means somebody who is known.
    ANSWERED = "register.answered" / "加入者の確認（同じ人・別の人）";
    /// A row that waited is not wanted.
    DROPPED = "register.row_dropped" / "確認待ちの行の削除";
}

/// Keeps what has to be asked: each row with whom it may mean. A row that waits already under the same numbers is not asked twice.
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
const WAITS: &str = "[]";

/// Returns what two rows have in common that ask the same.
fn row_key(row: &Row) -> String {
    let who = (&row.branch, &row.person_key, &row.name);
    format!("{} {} {} {} {} {who:?}", row.holder_key(), row.birth_date, row.sex, row.kana, row.from)
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// Somebody else answered, the batch was withdrawn, or there never was such a question.
    #[error("the question is not open any more")]
    NotOpen,
    /// The register has changed since.
    #[error("{0}")]
    Refused(String),
    /// The register has changed since: these members are those whom the row may mean now, as JSON.
    #[error("other members may be meant now")]
    Others(String),
}

/// Takes staff's answer: works the row in, with the rows of its family that waited for it. What changes belongs to the newest batch of the
/// register: a withdrawal goes back step by step, and this is the newest one.
///
/// # Errors
/// [`Unanswered`], or where the database does not answer.
pub(super) async fn answer(app: &App, scope: &SystemScope, question_id: i64, decision: Decision) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let question = queries::question(&mut tx, scope, question_id).await?.ok_or(Unanswered::NotOpen)?;
    let row: Row = serde_json::from_str(&question.row)?;
    // The rest of the family that waits for an answer about its insured person; its own questions stay.
    let mut waiting = Vec::new();
    if row.insured {
        let under = queries::questions_of_holders(&mut tx, scope, [&*question.holder_key].into_iter()).await?;
        let others: Vec<_> = under.into_iter().filter(|other| other.question_id != question_id).collect();
        // Where another insured person is asked about as well, it is not known whose they are.
        if others.iter().all(|other| other.candidates == WAITS || !is_insured(other)) {
            waiting.extend(others.into_iter().filter(|other| other.candidates == WAITS));
        }
    }
    let mut rows = vec![row.clone()];
    for other in &waiting {
        rows.push(serde_json::from_str(&other.row)?);
    }
    // Lines are of several files: here each row has a number of its own, the first one is asked about.
    rows.iter_mut().zip(0..).for_each(|(row, line)| row.line = line);
    let family = Family::new(question.holder_key.clone(), rows);
    let families = [family];
    let persons = queries::persons(&mut tx, scope, &looked_for(&families)).await?;
    let count = i64::try_from(waiting.len())? + 1;
    let first_member = ids_take(&mut tx, scope, "member", count).await?;
    let first_household = ids_take(&mut tx, scope, "household", count).await?;
    let mut desk = Desk::new(persons, first_member, first_household);
    let [family] = &families;
    let verdicts = desk.take(family, &|line| (line == 0).then_some(decision));
    let batch_id = queries::newest_batch(&mut tx, scope).await?;
    let mut member = 0;
    for (row, verdict) in family.rows.iter().zip(&verdicts) {
        let number = usize::try_from(row.line)?;
        let Some(asked) = number.checked_sub(1).map_or(Some(&question), |at| waiting.get(at)) else { continue };
        match verdict {
            Verdict::Taken(member_id) => {
                if row.line == 0 {
                    member = *member_id;
                }
                queries::question_close(&mut tx, scope, asked.question_id, batch_id).await?;
            }
            Verdict::Asked(candidates) if row.line > 0 => {
                let candidates = serde_json::to_string(candidates)?;
                queries::question_about(&mut tx, scope, asked.question_id, &candidates).await?;
            }
            Verdict::Refused(refusal) if row.line == 0 => {
                return Err(Unanswered::Refused(refusal.reason().to_owned()).into());
            }
            Verdict::Asked(candidates) => return Err(Unanswered::Others(serde_json::to_string(candidates)?).into()),
            // It goes on waiting: nothing of it is lost.
            Verdict::Waits | Verdict::Refused(_) => {}
        }
    }
    write(&mut tx, scope, batch_id, &desk, app.clock.now()).await?;
    let said = match decision {
        Decision::Same(_) => "同じ人",
        Decision::Other => "別の人",
    };
    let subject = Subject::new("member", member, row.name.clone());
    audit::record(app, &mut tx, scope, ANSWERED, Some(&subject), said).await?;
    tx.commit().await?;
    Ok(())
}

fn is_insured(question: &queries::Question) -> bool {
    serde_json::from_str::<Row>(&question.row).is_ok_and(|row| row.insured)
}

/// Says anew whom the row of a question may mean.
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
/// [`Unanswered::NotOpen`], or where the database does not answer.
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

/// Returns the numbers, of these, under which an insured person waits for an answer.
pub(super) async fn waiting(
    tx: &mut Tx,
    scope: &SystemScope,
    holder_keys: impl Iterator<Item = &str>,
) -> anyhow::Result<BTreeSet<String>> {
    let questions = queries::questions_of_holders(tx, scope, holder_keys).await?;
    Ok(questions.into_iter().filter(is_insured).map(|question| question.holder_key).collect())
}

/// Returns what is known of these persons, beside what a row says.
pub(super) async fn candidates(
    tx: &mut Tx,
    scope: &SystemScope,
    persons: &[&Person],
) -> anyhow::Result<Vec<Candidate>> {
    let standings = queries::standings(tx, scope, persons.iter().map(|person| person.member_id)).await?;
    let of = |person: &&Person| {
        let standing = standings.iter().find(|standing| standing.member_id == person.member_id);
        Candidate {
            member_id: person.member_id,
            facts: changes::facts_known(person),
            account: standing.is_some_and(|standing| standing.accounts > 0),
            expenses: standing.map_or(0, |standing| standing.expenses),
        }
    };
    Ok(persons.iter().map(of).collect())
}

/// A row that waits for an answer.
#[derive(Debug)]
pub(super) struct OpenQuestion {
    pub(super) question_id: i64,
    pub(super) batch_id: i64,
    pub(super) asked_at: Timestamp,
    /// Whether the row waits for its insured person's answer.
    pub(super) waits: bool,
    /// What is asked.
    pub(super) asked: Asked,
}

/// How many questions a page shows; the next ones follow when these are answered.
const SHOWN: i64 = 100;

/// Returns the oldest rows that wait, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn open(app: &App, scope: &SystemScope) -> anyhow::Result<Vec<OpenQuestion>> {
    let mut tx = app.db.begin_reading().await?;
    let mut open = Vec::new();
    for question in queries::questions_open(&mut tx, scope, SHOWN).await? {
        let row: Row = serde_json::from_str(&question.row)?;
        let ids: Vec<i64> = serde_json::from_str(&question.candidates)?;
        let persons = queries::persons_by_id(&mut tx, scope, &ids).await?;
        let candidates = candidates(&mut tx, scope, &persons.iter().collect::<Vec<_>>()).await?;
        open.push(OpenQuestion {
            question_id: question.question_id,
            batch_id: question.batch_id,
            asked_at: question.asked_at.to_jiff(),
            waits: question.candidates == WAITS,
            asked: Asked { line: row.line, row: changes::facts(&row), candidates },
        });
    }
    Ok(open)
}
