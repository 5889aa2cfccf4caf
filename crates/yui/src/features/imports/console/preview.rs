//! The page of an upload: the work under way, or the result of the check and the possible next steps.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    paths::{batch_path, size, upload_path},
    progress,
};
use crate::{
    core::{app::App, audit, error::AppError, scope::StaffScope},
    features::imports::{
        Choices, HISTORY, Question, QuestionCard, RowQuestion, Upload, UploadState, YES, acts, apply_upload,
        drop_upload,
        format::Format,
        kind::named,
        preview::{Before, Preview, PreviewFinding, PreviewList},
        queries, resume_upload, valid_answer,
    },
    ui::{FormState, Page, PageContext, format},
};

/// A row of the comparison with the last publication.
pub(crate) struct ComparisonRow {
    what: &'static str,
    now: String,
    before: String,
    difference: String,
    large: bool,
}

#[derive(Template)]
#[template(path = "features/imports/console/preview.html")]
pub(crate) struct ImportPreviewPage {
    page: Page,
    form: FormState,
    title: &'static str,
    upload: Upload,
    preview: Preview,
    size: String,
    uploaded: String,
    differences: Vec<ComparisonRow>,
    months: String,
    /// The other counts, in words.
    details: Vec<(&'static str, i64)>,
    /// The questions about rows whose person may be registered already.
    asked: Vec<QuestionCard>,
    /// The changes by list, each with its label.
    lists: Vec<(&'static str, PreviewList)>,
}

impl ImportPreviewPage {
    fn is(&self, word: &str) -> bool {
        self.upload.state.as_str() == word
    }

    fn path(&self) -> String {
        upload_path(self.upload.upload_id)
    }

    fn number(&self, count: &u64) -> String {
        format::yen(i64::try_from(*count).unwrap_or(i64::MAX))
    }

    /// Returns whether staff can have it imported.
    fn may_apply(&self) -> bool {
        self.is("checked") && self.preview.there_already.is_none() && self.has_worth()
    }

    /// Returns whether an import would change anything.
    fn has_worth(&self) -> bool {
        let worth = self.upload.kind.worth_importing();
        let Preview { accepted, asked_count, details, .. } = &self.preview;
        let counts = |(word, count): &(String, i64)| *count > 0 && worth.contains(&word.as_str());
        *accepted > 0 || *asked_count > 0 || details.iter().any(counts)
    }

    /// Returns whether the file is the history of an older portal.
    fn is_history(&self) -> bool {
        self.upload.answers.get(HISTORY).is_some_and(|answer| answer == YES)
    }

    /// Returns the questions that the preview asks again.
    fn questions(&self) -> impl Iterator<Item = &'static Question> {
        let found = |question: &&Question| self.preview.lists.iter().any(|list| list.word == question.name);
        self.upload.kind.questions().iter().filter(|question| question.again).filter(found)
    }

    fn is_answer(&self, question: &Question, at: &usize, word: &str) -> bool {
        self.upload.answers.get(question.name).map_or(*at == 0, |answer| answer == word)
    }

    fn has_changes(&self) -> bool {
        self.upload.changes_name.is_some()
    }

    fn has_list(&self) -> bool {
        self.upload.faults_name.is_some()
    }
}

/// The difference in percent from which on a row stands out.
const LARGE: i64 = 30;

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let upload = queries::upload(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    if upload.state.is_work() {
        return Ok(progress::page(&context, &upload).into_response());
    }
    if let (UploadState::Applied, Some(batch_id)) = (upload.state, upload.batch_id) {
        return Ok(Redirect::to(&batch_path(batch_id)).into_response());
    }
    seen(&app, &context, &staff, upload, FormState::default()).await
}

/// Returns the page and records who saw it: it names people, and its mistakes quote the file.
async fn seen(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    upload: Upload,
    form: FormState,
) -> Result<Response, AppError> {
    let subject = acts::upload(upload.upload_id, &upload.file_name);
    audit::seen(app, staff, acts::SEEN, Some(&subject), upload.kind.label()).await?;
    Ok(page(context, upload, form).into_response())
}

fn title(upload: &Upload) -> &'static str {
    match upload.state {
        UploadState::Unreadable => "読み取れないファイルです",
        UploadState::Refused => "取り込みませんでした",
        UploadState::Stopped => "処理が止まりました",
        UploadState::Dropped => "取込をとりやめました",
        _ => "取込内容の確認",
    }
}

fn page(context: &PageContext, upload: Upload, form: FormState) -> ImportPreviewPage {
    let preview = upload.preview.clone().unwrap_or_default();
    let (at, by) = &upload.uploaded;
    let count = |word: &str| preview.details.iter().find(|(known, _)| known == word).map_or(0, |(_, count)| *count);
    let card = |asked: &RowQuestion| QuestionCard::new(asked.line, format!("{}行目", asked.line), asked);
    let list = |(word, label): &(&str, &'static str)| {
        preview.lists.iter().find(|list| list.word == *word).map(|list| (*label, list.clone()))
    };
    ImportPreviewPage {
        asked: preview.asked.iter().map(card).collect(),
        lists: upload.kind.lists().iter().filter_map(list).collect(),
        page: if form.has_errors() {
            context.console_with_errors(title(&upload))
        } else {
            context.console(title(&upload))
        },
        form,
        title: title(&upload),
        size: size(upload.size),
        uploaded: format!("{} {by}", format::minute(*at)),
        differences: preview.before.as_ref().map(|before| differences(&preview, before)).unwrap_or_default(),
        months: preview.months().map(|(first, last)| in_words(first, last)).unwrap_or_default(),
        details: counted(upload.kind.details().iter().map(|(word, label)| (*label, count(word)))),
        preview,
        upload,
    }
}

/// Returns those of the named counts that the file has.
pub(super) fn counted(details: impl Iterator<Item = (&'static str, i64)>) -> Vec<(&'static str, i64)> {
    details.filter(|(_, count)| *count != 0).collect()
}

/// Returns the months in words.
pub(super) fn in_words(first: kenpo_formats::TreatmentMonth, last: kenpo_formats::TreatmentMonth) -> String {
    let (first, last) = (format::month_short(first), format::month_short(last));
    if first == last { first } else { format!("{first}～{last}") }
}

fn differences(preview: &Preview, before: &Before) -> Vec<ComparisonRow> {
    let rows = Some(("件数", preview.accepted, before.accepted));
    let amount = preview.figures.amount.zip(before.figures.amount).map(|(now, then)| ("医療費総額（円）", now, then));
    let people = preview.figures.people.zip(before.figures.people).map(|(now, then)| ("人数", now, then));
    rows.into_iter().chain(amount).chain(people).map(|(what, now, then)| difference(what, now, then)).collect()
}

fn difference(what: &'static str, now: i64, then: i64) -> ComparisonRow {
    let change = now - then;
    let percent = if then == 0 { None } else { change.saturating_mul(100).checked_div(then) };
    let sign = if change > 0 { "+" } else { "" };
    ComparisonRow {
        what,
        now: format::yen(now),
        before: format::yen(then),
        difference: match percent {
            Some(percent) => format!("{sign}{}（{sign}{percent}%）", format::yen(change)),
            None => format!("{sign}{}", format::yen(change)),
        },
        large: percent.is_none_or(|percent| percent.abs() >= LARGE),
    }
}

/// The box for confirming the findings that need it.
const CONFIRMED: &str = "confirmed";

/// The choices for the import: `all_or_nothing`, and the answers about rows, as `same-12`.
type How = BTreeMap<String, String>;

pub(super) async fn apply(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(how): Form<How>,
) -> Result<Response, AppError> {
    let upload = queries::upload(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let preview = upload.preview.clone().unwrap_or_default();
    let waits = upload.state == UploadState::Checked && !preview.to_confirm.is_empty();
    if waits && how.get(CONFIRMED).is_none_or(|answer| answer != "yes") {
        let mut form = FormState::default();
        form.error(CONFIRMED, "このまま取り込むときは、内容を確かめてチェックを入れてください。");
        return seen(&app, &context, &staff, upload, form).await;
    }
    let asked = preview.asked;
    let answer = |asked: &RowQuestion| {
        let name = format!("same-{}", asked.line);
        let answer = valid_answer(asked, how.get(&name)?)?.to_owned();
        Some((name, answer))
    };
    let again = upload.kind.questions().iter().filter(|question| question.again).filter_map(|question| {
        let answer = how.get(question.name).filter(|answer| question.choices.have(answer))?;
        Some((question.name.to_owned(), answer.clone()))
    });
    let answers = asked.iter().filter_map(answer).chain(again).collect();
    let all_or_nothing = how.get("all_or_nothing").is_some_and(|answer| answer == "yes");
    // Who comes second sees what the first one did.
    apply_upload(&app, &staff.acting(), id, all_or_nothing, &answers).await?;
    Ok(Redirect::to(&upload_path(id)).into_response())
}

pub(super) async fn discard(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    let dropped = drop_upload(&app, &staff.acting(), id).await?;
    Ok(Redirect::to(if dropped { "/console/imports?done=dropped" } else { "/console/imports" }))
}

pub(super) async fn resume(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    resume_upload(&app, &staff.acting(), id).await?;
    Ok(Redirect::to(&upload_path(id)))
}

crate::ui::console_pages! {
    ImportPreviewPage => |context| {
        let told = |line, column: &str, reason: &str| {
            PreviewFinding {
                file: "expenses-2026-10-b.csv".into(),
                line,
                numbers: "12-345".into(),
                name: "見本 太郎".into(),
                column: column.into(),
                reason: reason.into(),
            }
        };
        page(context, Upload {
            upload_id: 9,
            kind: named("expenses"),
            format: Format::Csv,
            file_name: "expenses-2026-10-a.csv、expenses-2026-10-b.csv".into(),
            parts: Vec::new(),
            profile: None,
            stored_name: String::new(),
            size: 1_250_000,
            content_hash: [0; 32],
            answers: Default::default(),
            all_or_nothing: false,
            state: UploadState::Checked,
            bytes_done: 1_250_000,
            records_done: 12_046,
            tries: 1,
            failures: 0,
            preview: Some(Preview {
                there_already: None,
                records: 12_046,
                accepted: 12_043,
                rejected: 2,
                unmatched: 1,
                corrections: 5,
                months: Some((202_609, 202_610)),
                figures: crate::features::imports::totals::FileTotals { amount: Some(98_765_430), people: Some(4_321) },
                details: vec![("shares worked out by rule".into(), 12), ("claims taken back".into(), 1)],
                faults: vec![
                    told(3, "診療年月", "「2026-13」は年月ではありません。"),
                    told(0, "", "ファイルの終わりがありません。"),
                ],
                fault_count: 3,
                notices: vec![told(12, "金額", "一部負担金の減免または猶予があります。")],
                notice_count: 1,
                before: Some(Before {
                    batch_id: 7,
                    file_name: "expenses-2026-09.csv".into(),
                    accepted: 8_000,
                    figures: crate::features::imports::totals::FileTotals { amount: Some(96_000_000), people: Some(4_300) },
                    last_year: true,
                }),
                to_confirm: vec![told(0, "GO", "合計のレコード（GO）は140件・86392点ですが、読み取れたのは75件・41203点です。")],
                fault_groups: vec![("診療年月: 「」は年月ではありません。".into(), 2)],
                ..Preview::default()
            }),
            faults_name: Some("list".into()),
            changes_name: None,
            trouble: None,
            batch_id: None,
            uploaded: (jiff::Timestamp::UNIX_EPOCH, "試験 花子".into()),
            applied: None,
            acting: "null".into(),
        }, {
            let mut form = FormState::default();
            form.error(CONFIRMED, "このまま取り込むときは、内容を確かめてチェックを入れてください。");
            form
        })
    },
}
