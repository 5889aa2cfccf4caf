//! Publishing a batch: now or at a time, by one person or, if the society wants that, by two. A publication states the
//! month up to which everything has arrived; for a published batch that can be changed.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, civil::DateTime};
use kenpo_formats::TreatmentMonth;
use serde::Deserialize;

use super::{
    batch::{month, sample},
    paths::{batch_path, in_words},
};
use crate::{
    core::{app::App, clock::japan, error::AppError, scope::StaffScope, society::Guarded},
    features::{
        approvals,
        imports::{
            Batch, BatchState, ImportRefusal, Publication, acts, arrival, publish_at, queries, totals::MonthRows,
        },
    },
    ui::{FormState, Lang, Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/imports/console/publish.html")]
pub(crate) struct ImportPublishPage {
    page: Page,
    form: FormState,
    batch: Batch,
    figures: Vec<(&'static str, String)>,
    months: Months,
    typed: PublicationForm,
    by_two: bool,
}

/// The choices for the months that have arrived.
struct Months {
    /// The months to choose from, newest first: each as it is sent, in words, and whether it is chosen.
    choices: Vec<(String, String, bool)>,
    /// The month up to which everything has arrived so far.
    before: String,
    /// The batch's numbers of rows for its newest months, newest first.
    rows: Vec<(String, String)>,
}

/// The form for a publication.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PublicationForm {
    /// `now` or `at`.
    when: String,
    /// As in 2026-12-01T09:00, Japan's time.
    at: String,
    /// As in 2026-09, or `none`. If it is not sent, the page's suggestion counts.
    through: Option<String>,
}

/// The value that is sent if the batch completes no month.
const NONE: &str = "none";

/// The number of past months that can be stated as arrived.
const BACK: i32 = 18;

/// The number of newest months whose numbers of rows the page shows.
const ROWS: usize = 6;

const TITLE: &str = "公開";

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    id: i64,
    form: FormState,
    typed: PublicationForm,
) -> Result<ImportPublishPage, AppError> {
    let batch = queries::batch(&app.db, staff, id).await?.ok_or(AppError::NotFound)?;
    let scope = staff.acting();
    let figures = batch.kind.figures(app, &scope, id).await?;
    let before = queries::arrived_with(&app.db, staff, batch.kind).await?.map(|(_, month)| month);
    let suggested = arrival::suggested(app, &scope, &batch).await?;
    let chosen = match &typed.through {
        Some(typed) => typed.parse().ok(),
        None if batch.publish_at.is_some() || batch.state == BatchState::Published => batch.through,
        None => suggested,
    };
    let rows = batch.kind.months(app, &scope, id).await?;
    let choices = [chosen, suggested, batch.through, batch.months.map(|(_, last)| last)].into_iter().flatten();
    let title = title(&batch);
    Ok(ImportPublishPage {
        page: if form.has_errors() { context.console_with_errors(title) } else { context.console(title) },
        form,
        figures: in_words(figures),
        months: Months::of(TreatmentMonth::of(app.clock.today()), chosen, choices, before, &rows),
        typed,
        by_two: by_two(staff, &batch),
        batch,
    })
}

fn title(batch: &Batch) -> &'static str {
    if batch.state == BatchState::Published { "そろった月の変更" } else { TITLE }
}

impl ImportPublishPage {
    /// Returns whether members see the batch already, so that only its months can be changed.
    fn is_published(&self) -> bool {
        self.batch.state == BatchState::Published
    }
}

impl Months {
    fn of(
        this_month: TreatmentMonth,
        chosen: Option<TreatmentMonth>,
        more: impl Iterator<Item = TreatmentMonth>,
        before: Option<TreatmentMonth>,
        rows: &[MonthRows],
    ) -> Self {
        let words = |month| format::month_long(Lang::Ja, month);
        let back = (1..=BACK).map(|back| this_month.plus_months(-back));
        let mut months: Vec<_> = back.chain(more).filter(|month| *month < this_month).collect();
        months.sort_unstable_by(|one, other| other.cmp(one));
        months.dedup();
        let choice = |month: TreatmentMonth| (month.to_string(), words(month), chosen == Some(month));
        Self {
            choices: months.into_iter().map(choice).collect(),
            before: before.map_or_else(|| "まだありません".to_owned(), |month| format!("{}診療分まで", words(month))),
            rows: rows.iter().rev().take(ROWS).map(|(month, count)| (words(*month), format::yen(*count))).collect(),
        }
    }
}

/// Returns whether two have to decide: on the publication, or on the mails that go out with it.
fn by_two(staff: &StaffScope, batch: &Batch) -> bool {
    let mails = batch.state == BatchState::Staged && batch.kind.news().is_some() && !batch.is_history();
    mails && approvals::needed(staff, Guarded::MassMail) || approvals::needed(staff, Guarded::Publication)
}

/// Returns whether the batch's publication can be changed: it waits, or members see it.
fn is_open(batch: &Batch) -> bool {
    !batch.kind.at_once() && matches!(batch.state, BatchState::Staged | BatchState::Published)
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    if !is_open(&batch) {
        return Ok(Redirect::to(&batch_path(id)).into_response());
    }
    let at = batch.publish_at.map(|at| at.to_zoned(japan()).strftime("%Y-%m-%dT%H:%M").to_string());
    let typed = PublicationForm {
        when: if at.is_some() { "at".into() } else { "now".into() },
        at: at.unwrap_or_default(),
        through: None,
    };
    Ok(page(&app, &context, &staff, id, FormState::default(), typed).await?.into_response())
}

/// Returns the time of publication, or the mistake in it.
fn wanted(typed: &PublicationForm, now: Timestamp) -> Result<Timestamp, &'static str> {
    match typed.when.as_str() {
        "now" => Ok(now),
        "at" => {
            let at = typed.at.trim().parse::<DateTime>().ok().and_then(|at| at.to_zoned(japan()).ok());
            let at = at.ok_or("公開する日時を、2026年12月1日 9:00 のように入力してください。")?.timestamp();
            if at <= now { Err("公開する日時が過ぎています。") } else { Ok(at) }
        }
        _ => Err("いつ公開するかを選んでください。"),
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<PublicationForm>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let mut form = FormState::default();
    let published = is_open(&batch) && batch.state == BatchState::Published;
    let at = if published { Ok(None) } else { wanted(&typed, app.clock.now()).map(Some) };
    let through = match typed.through.as_deref() {
        Some(NONE) => Ok(None),
        Some(month) => month.parse().map(Some).map_err(|_| "月を選んでください。"),
        None => Ok(arrival::suggested(&app, &staff.acting(), &batch).await?),
    };
    let wanted = match (at, through) {
        (Ok(at), Ok(through)) => Publication { at, through },
        (at, through) => {
            at.err().into_iter().for_each(|words| form.error("at", words));
            through.err().into_iter().for_each(|words| form.error("through", words));
            return Ok(page(&app, &context, &staff, id, form, typed).await?.into_response());
        }
    };
    if is_open(&batch) && by_two(&staff, &batch) {
        let mut tx = app.db.begin().await?;
        let subject = acts::batch(&batch);
        if !approvals::request(&app, &mut tx, &staff, Guarded::Publication, &subject, &wanted.words()).await? {
            drop(tx);
            let open = approvals::open_about(&app, &staff, Guarded::Publication, id).await?;
            form.error("at", &asked_before(open.as_ref()));
            return Ok(page(&app, &context, &staff, id, form, typed).await?.into_response());
        }
        tx.commit().await?;
        return Ok(Redirect::to(&format!("{}?done=asked", batch_path(id))).into_response());
    }
    match publish_at(&app, &staff.acting(), id, Some(wanted)).await {
        Ok(()) => {
            let done = match typed.when.as_str() {
                _ if published => "months",
                "now" => "published",
                _ => "scheduled",
            };
            Ok(Redirect::to(&format!("{}?done={done}", batch_path(id))).into_response())
        }
        Err(error) => match error.downcast_ref::<ImportRefusal>() {
            Some(refusal) => {
                let field = if matches!(refusal, ImportRefusal::MonthNotOver(_)) { "through" } else { "at" };
                form.error(field, &refusal.words());
                Ok(page(&app, &context, &staff, id, form, typed).await?.into_response())
            }
            None => Err(error.into()),
        },
    }
}

/// Returns the refusal of a second request, naming the open one; it may have been decided this moment.
fn asked_before(open: Option<&approvals::Open>) -> String {
    match open {
        Some(approvals::Open { detail, asked_name }) => format!(
            "この取込の公開は、{asked_name}さんがすでに承認を依頼しています（{detail}）。今回の内容では依頼していません。\
             内容を変えるには、先に「承認」の画面で、今の依頼を取り下げてください。"
        ),
        None => "前の依頼が、たった今、承認または却下されました。取込の画面で今の状態を確かめてください。".to_owned(),
    }
}

/// Cancels the ordered publication. A batch that does not wait any more is shown as it is.
pub(super) async fn cancel(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    match publish_at(&app, &staff.acting(), id, None).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=unscheduled", batch_path(id)))),
        Err(error) if error.is::<ImportRefusal>() => Ok(Redirect::to(&batch_path(id))),
        Err(error) => Err(error.into()),
    }
}

crate::ui::console_pages! {
    ImportPublishPage => |context| {
        let mut form = FormState::default();
        form.error("at", "公開する日時が過ぎています。");
        Self {
            page: context.console_with_errors(TITLE),
            form,
            batch: sample(),
            figures: vec![("人数", "4,321人".into()), ("医療費総額", "98,765,430円".into())],
            months: Months::of(
                TreatmentMonth::of(jiff::civil::date(2026, 11, 20)),
                month(),
                [].into_iter(),
                month().map(TreatmentMonth::previous),
                &month().map(|month| (month, 12_031)).into_iter().collect::<Vec<_>>(),
            ),
            typed: PublicationForm { when: "at".into(), at: "2026-12-01T09:00".into(), through: None },
            by_two: true,
        }
    },
}
