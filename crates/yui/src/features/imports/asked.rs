//! The view of a question about a register row: the row beside the candidates, with the possible answers.

use super::{Candidate, Facts, RowQuestion};
use crate::ui::format;

/// A row beside its candidates.
#[derive(Debug)]
pub(crate) struct QuestionCard {
    /// The name of the question: the line of the file, or the number of the question.
    pub(crate) id: u64,
    /// The name of the row's person.
    pub(crate) name: String,
    /// The position of the row, as "12行目".
    pub(crate) place: String,
    /// The compared items.
    pub(crate) rows: Vec<Compared>,
    /// The candidates as answers: member number and label.
    pub(crate) answers: Vec<(i64, String)>,
}

/// One item of the comparison.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) what: &'static str,
    /// The value in the file.
    pub(crate) file: String,
    /// The value in the register for each candidate.
    pub(crate) known: Vec<String>,
    /// Whether the file differs from the register.
    pub(crate) differs: bool,
}

const NOTHING: &str = "—";

impl QuestionCard {
    pub(crate) fn new(id: u64, place: String, asked: &RowQuestion) -> Self {
        let RowQuestion { row, candidates, .. } = asked;
        let compared = |what, of: fn(&Facts) -> &String| {
            let shown =
                |facts: &Facts| Some(of(facts)).filter(|text| !text.is_empty()).map_or(NOTHING.into(), Clone::clone);
            let known: Vec<_> = candidates.iter().map(|candidate| shown(&candidate.facts)).collect();
            let file = shown(row);
            Compared { what, differs: known.iter().any(|known| *known != file), file, known }
        };
        let known = |what, of: fn(&Candidate) -> String| Compared {
            what,
            file: NOTHING.into(),
            known: candidates.iter().map(of).collect(),
            differs: false,
        };
        let rows = vec![
            compared("氏名", |facts| &facts.name),
            compared("カナ氏名", |facts| &facts.kana),
            compared("生年月日", |facts| &facts.birth_date),
            compared("性別", |facts| &facts.sex),
            compared("記号・番号", |facts| &facts.numbers),
            compared("続柄", |facts| &facts.role),
            compared("資格取得日", |facts| &facts.from),
            compared("資格喪失日", |facts| &facts.to),
            known("アカウント", |candidate| (if candidate.account { "登録済み" } else { "なし" }).to_owned()),
            known("医療費", |candidate| format!("{}件", format::yen(candidate.expenses))),
        ];
        let several = candidates.len() > 1;
        let answers = candidates
            .iter()
            .map(|Candidate { member_id, facts, .. }| {
                let whom = if several {
                    format!("同じ人（{} {}）", facts.numbers, facts.name)
                } else {
                    "同じ人".to_owned()
                };
                (*member_id, whom)
            })
            .collect();
        Self { id, name: row.name.clone(), place, rows, answers }
    }
}

/// Returns the answer if it is valid for this question: a candidate's number or `other`.
pub(crate) fn valid_answer<'a>(asked: &RowQuestion, answer: &'a str) -> Option<&'a str> {
    let candidate = |id: i64| asked.candidates.iter().any(|candidate| candidate.member_id == id);
    (answer == "other" || answer.parse().is_ok_and(candidate)).then_some(answer)
}
