//! Closes open questions about register rows when a later file has the same person's row and the match is certain, for example by
//! 個人コード.

use std::collections::BTreeMap;

use yui_db::Tx;

use super::{
    queries::{self, PersonFilter, RegisterQuestion},
    questions::WAITS,
    row::{Family, Row},
    row_matcher::{RowMatcher, RowOutcome},
    similarity::{is_newer_version, lookup_key},
};
use crate::core::scope::SystemScope;

/// The open questions under the numbers of a chunk's families.
pub(super) struct OpenQuestions(Vec<(RegisterQuestion, Row)>);

impl OpenQuestions {
    /// Returns the open questions under these numbers.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(super) async fn of(tx: &mut Tx, scope: &SystemScope, families: &[Family]) -> anyhow::Result<Self> {
        let holder_keys = families.iter().map(|family| &*family.holder_key);
        let questions = queries::questions_of_holders(tx, scope, holder_keys).await?;
        let with_row = |question: RegisterQuestion| {
            let row = serde_json::from_str(&question.row)?;
            anyhow::Ok((question, row))
        };
        Ok(Self(questions.into_iter().map(with_row).collect::<anyhow::Result<_>>()?))
    }

    /// Returns the holder keys under which a question about an insured person is open.
    pub(super) fn waiting(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|(_, row)| row.insured).map(|(question, _)| question.holder_key.clone())
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    /// Adds the keys by which the register is searched for the rows that wait.
    pub(super) fn look_for(&self, person_filter: &mut PersonFilter) {
        for (_, row) in self.0.iter().filter(|(question, _)| question.candidates == WAITS) {
            person_filter.person_keys.extend(row.person_key.clone());
            person_filter.lookup_keys.insert(lookup_key(row.birth_date, &row.sex, &row.kana));
        }
    }

    /// Applies the rows that waited for an insured person whose question one of these accepted rows answers, unless the file has a
    /// newer version of them. Returns the changes of the questions.
    pub(super) fn answered<'q>(
        &'q self,
        row_matcher: &mut RowMatcher,
        accepted: &[(&Row, i64)],
    ) -> Vec<QuestionOutcome<'q>> {
        let newer = |row: &Row| accepted.iter().find(|(newer, _)| is_newer_version(newer, row));
        let (answered, open): (Vec<_>, Vec<_>) = self.0.iter().partition(|(_, row)| newer(row).is_some());
        let mut all: Vec<_> = answered.iter().map(|(question, _)| QuestionOutcome::Close(question)).collect();
        let mut freed = BTreeMap::new();
        for (question, row) in answered.iter().filter(|(_, row)| row.insured) {
            if let Some((_, insured)) = newer(row) {
                freed.insert(&question.holder_key, (*insured, Vec::new()));
            }
        }
        // With another open question about an insured person, it is unknown to whose family the dependents belong.
        open.iter().filter(|(_, row)| row.insured).for_each(|(question, _)| drop(freed.remove(&question.holder_key)));
        for (question, row) in open.iter().filter(|(question, _)| question.candidates == WAITS) {
            if let Some((_, rows)) = freed.get_mut(&question.holder_key) {
                rows.push((question, row));
            }
        }
        for (holder_key, (insured, waiting)) in freed {
            // The rows may be from several files, so their line numbers are replaced by positions.
            let at = (0..).zip(&waiting).map(|(line, (_, row))| Row { line, ..(*row).clone() });
            let family = Family::new(holder_key.clone(), at.collect());
            for (row, outcome) in family.rows.iter().zip(row_matcher.take_dependents(&family, insured)) {
                let question = usize::try_from(row.line).ok().and_then(|at| waiting.get(at));
                let Some((question, _)) = question else { continue };
                match outcome {
                    RowOutcome::Accepted(_) => all.push(QuestionOutcome::Close(question)),
                    RowOutcome::Ambiguous(candidates) => all.push(QuestionOutcome::AskAbout(question, candidates)),
                    // The row stays in the list.
                    RowOutcome::Waiting | RowOutcome::Refused(_) => {}
                }
            }
        }
        all
    }
}

/// The change of an open question.
pub(super) enum QuestionOutcome<'q> {
    /// It is answered.
    Close(&'q RegisterQuestion),
    /// The row may describe one of these members.
    AskAbout(&'q RegisterQuestion, Vec<i64>),
}

impl QuestionOutcome<'_> {
    /// Stores the change for a row of this batch.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(super) async fn keep(&self, tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
        match self {
            Self::Close(question) => queries::question_close(tx, scope, question.question_id, batch_id).await?,
            Self::AskAbout(question, candidates) => {
                let candidates = serde_json::to_string(candidates)?;
                queries::question_about(tx, scope, question.question_id, &candidates).await?;
            }
        }
        Ok(())
    }
}
