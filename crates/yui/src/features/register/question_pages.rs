//! 加入者の確認: rows of register files that may describe a registered person, until staff have answered.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    questions::{self, OpenQuestion, Unanswered},
    row_matcher::Decision,
};
use crate::{
    core::{app::App, audit, error::AppError, scope::StaffScope},
    features::imports::{QuestionCard, RowQuestion, valid_answer},
    ui::{FormState, Page, PageContext, format},
};

/// A question on the page.
pub(crate) struct WaitingQuestion {
    card: QuestionCard,
    batch_id: i64,
    /// The name of the row's person, if the row waits for its insured person's answer.
    waits: Option<String>,
}

#[derive(Template)]
#[template(path = "features/register/questions.html")]
pub(crate) struct RegisterQuestionsPage {
    page: Page,
    form: FormState,
    waiting: Vec<WaitingQuestion>,
    done: &'static str,
}

const TITLE: &str = "加入者の確認";
const PATH: &str = "/console/imports/questions";

const OTHERS: &str = "台帳が変わり、候補も変わりました。表示を新しくしたので、もう一度選んでください。";

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(super) struct QuestionsQuery {
    #[serde(default)]
    done: String,
}

fn page(context: &PageContext, open: &[OpenQuestion], form: FormState, done: &str) -> RegisterQuestionsPage {
    let waiting = |question: &OpenQuestion| {
        let asked = &question.asked;
        let place = format!("取込{}　{}", question.batch_id, format::minute(question.asked_at));
        let waits = question.waits.then(|| format!("{}（{}）", asked.row.name, asked.row.numbers));
        let card = QuestionCard::new(u64::try_from(question.question_id).unwrap_or_default(), place, asked);
        WaitingQuestion { card, batch_id: question.batch_id, waits }
    };
    RegisterQuestionsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        waiting: open.iter().map(waiting).collect(),
        done: match done {
            "same" => "同じ人として台帳に反映しました。",
            "other" => "別の人として台帳に加えました。",
            "dropped" => "この行を取り込まないことにしました。",
            _ => "",
        },
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(QuestionsQuery { done }): Query<QuestionsQuery>,
) -> Result<RegisterQuestionsPage, AppError> {
    seen(&app, &context, &staff, FormState::default(), &done).await
}

/// Returns the page and records who saw it: it names people.
async fn seen(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    done: &str,
) -> Result<RegisterQuestionsPage, AppError> {
    let open = questions::open(app, &staff.acting()).await?;
    if !open.is_empty() {
        audit::seen(app, staff, questions::QUESTIONS_SEEN, None, &format!("{}件", open.len())).await?;
    }
    Ok(page(context, &open, form, done))
}

/// The form of the answers: `same-7`, a member's number or `other`.
type AnswersForm = std::collections::BTreeMap<String, String>;

pub(super) async fn answer(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(form): Form<AnswersForm>,
) -> Result<Response, AppError> {
    let scope = staff.acting();
    let open = questions::open(&app, &scope).await?;
    let question = open.iter().find(|question| question.question_id == id);
    let asked: &RowQuestion = question.map(|question| &question.asked).ok_or(AppError::NotFound)?;
    let name = format!("same-{id}");
    let said = form.get(&name).and_then(|answer| valid_answer(asked, answer));
    let refused = async |words: &str| {
        let mut form = FormState::default();
        form.error("waiting", words);
        seen(&app, &context, &staff, form, "").await.map(IntoResponse::into_response)
    };
    let (decision, done) = match said {
        None => return refused("同じ人か別の人かを選んでください。").await,
        Some("other") => (Decision::Other, "other"),
        Some(member) => (Decision::Same(member.parse().unwrap_or_default()), "same"),
    };
    match questions::answer(&app, &scope, id, decision).await {
        Ok(()) => Ok(Redirect::to(&format!("{PATH}?done={done}")).into_response()),
        Err(error) => match error.downcast::<Unanswered>()? {
            Unanswered::NotOpen => Err(AppError::NotFound),
            Unanswered::Refused(words) => refused(&words).await,
            Unanswered::Others(candidates) => {
                questions::about(&app, &scope, id, &candidates).await?;
                refused(OTHERS).await
            }
        },
    }
}

pub(super) async fn discard(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    match questions::drop_row(&app, &staff.acting(), id).await {
        Ok(()) => Ok(Redirect::to(&format!("{PATH}?done=dropped")).into_response()),
        Err(error) => match error.downcast::<Unanswered>()? {
            Unanswered::NotOpen | Unanswered::Refused(_) | Unanswered::Others(_) => Err(AppError::NotFound),
        },
    }
}

crate::ui::console_pages! {
    RegisterQuestionsPage => |context| {
        use crate::features::imports::{Candidate, Facts};
        let facts = |numbers: &str, from: &str, to: &str| Facts {
            name: "試作 美咲".into(),
            kana: "シサク ミサキ".into(),
            birth_date: "1990-04-12".into(),
            sex: "女".into(),
            numbers: numbers.into(),
            role: "本人".into(),
            from: from.into(),
            to: to.into(),
        };
        let known = Candidate { member_id: 5, facts: facts("800-2063", "2015-04-01", ""), account: true, expenses: 42 };
        let asked = RowQuestion { line: 12, row: facts("805-7001", "2026-11-01", ""), candidates: vec![known] };
        let child = Facts { name: "試作 翔".into(), role: "家族".into(), ..facts("805-7001", "2026-11-01", "") };
        let waits = RowQuestion { line: 13, row: child, candidates: vec![] };
        let of = |question_id, waits, asked| OpenQuestion {
            question_id,
            batch_id: 9,
            asked_at: jiff::Timestamp::UNIX_EPOCH,
            waits,
            asked,
        };
        let mut form = FormState::default();
        form.error("waiting", "同じ人か別の人かを選んでください。");
        page(context, &[of(1, false, asked), of(2, true, waits)], form, "")
    },
}
