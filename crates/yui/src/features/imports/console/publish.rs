//! Publishing a batch: now or at a time, by one person or, where the society wants that, by two.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, civil::DateTime};
use serde::Deserialize;

use super::{batch::sample, batch_path, in_words};
use crate::{
    app::{App, japan},
    error::AppError,
    features::{
        approvals,
        imports::{Batch, BatchState, Refusal, acts, publish::when, publish_at, queries},
        societies::Guarded,
    },
    scope::StaffScope,
    ui::{FormState, Page, Shell, format},
};

#[derive(Template)]
#[template(path = "features/imports/console/publish.html")]
pub(crate) struct ImportPublishPage {
    page: Page,
    form: FormState,
    batch: Batch,
    figures: Vec<(&'static str, String)>,
    typed: Typed,
    by_two: bool,
}

/// What is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    /// `now` or `at`.
    when: String,
    /// As in 2026-12-01T09:00, Japan's time.
    at: String,
}

const TITLE: &str = "公開";

async fn page(
    app: &App,
    shell: &Shell,
    staff: &StaffScope,
    id: i64,
    form: FormState,
    typed: Typed,
) -> Result<ImportPublishPage, AppError> {
    let batch = queries::batch(&app.db, staff, id).await?.ok_or(AppError::NotFound)?;
    let figures = batch.kind.figures(app, &staff.acting(), id).await?;
    Ok(ImportPublishPage {
        page: if form.has_errors() { shell.console_with_errors(TITLE) } else { shell.console(TITLE) },
        form,
        figures: in_words(figures),
        typed,
        by_two: by_two(staff, &batch),
        batch,
    })
}

/// Returns whether two have to decide: on the publication, or on the mails that go out with it.
fn by_two(staff: &StaffScope, batch: &Batch) -> bool {
    let mails = batch.kind.news().is_some() && approvals::needed(staff, Guarded::MassMail);
    mails || approvals::needed(staff, Guarded::Publication)
}

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    if batch.state != BatchState::Staged {
        return Ok(Redirect::to(&batch_path(id)).into_response());
    }
    let at = batch.publish_at.map(|at| at.to_zoned(japan()).strftime("%Y-%m-%dT%H:%M").to_string());
    let typed = Typed { when: if at.is_some() { "at".into() } else { "now".into() }, at: at.unwrap_or_default() };
    Ok(page(&app, &shell, &staff, id, FormState::default(), typed).await?.into_response())
}

/// Returns when it is to be published, or what is wrong with that.
fn wanted(typed: &Typed, now: Timestamp) -> Result<Timestamp, &'static str> {
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
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let mut form = FormState::default();
    let at = match wanted(&typed, app.clock.now()) {
        Ok(at) => at,
        Err(words) => {
            form.error("at", words);
            return Ok(page(&app, &shell, &staff, id, form, typed).await?.into_response());
        }
    };
    if batch.state == BatchState::Staged && by_two(&staff, &batch) {
        let mut tx = app.db.begin().await?;
        if !approvals::ask(&app, &mut tx, &staff, Guarded::Publication, &acts::batch(&batch), &when(at)).await? {
            drop(tx);
            let open = approvals::open_about(&app, &staff, Guarded::Publication, id).await?;
            form.error("at", &asked_before(open.as_ref()));
            return Ok(page(&app, &shell, &staff, id, form, typed).await?.into_response());
        }
        tx.commit().await?;
        return Ok(Redirect::to(&format!("{}?done=asked", batch_path(id))).into_response());
    }
    match publish_at(&app, &staff.acting(), id, Some(at)).await {
        Ok(()) => {
            let done = if typed.when == "now" { "published" } else { "scheduled" };
            Ok(Redirect::to(&format!("{}?done={done}", batch_path(id))).into_response())
        }
        Err(error) => match error.downcast_ref::<Refusal>() {
            Some(refusal) => {
                form.error("at", &refusal.words());
                Ok(page(&app, &shell, &staff, id, form, typed).await?.into_response())
            }
            None => Err(error.into()),
        },
    }
}

/// Returns why it can not be asked again, naming the question that is open; it may have been decided this moment.
fn asked_before(open: Option<&approvals::Open>) -> String {
    match open {
        Some(approvals::Open { detail, asked_name }) => format!(
            "この取込の公開は、{asked_name}さんがすでに承認を依頼しています（{detail}）。今回の日時では依頼していません。\
             日時を変えるには、先に「承認」の画面で、今の依頼を取り下げてください。"
        ),
        None => "前の依頼が、たった今、承認または却下されました。取込の画面で今の状態を確かめてください。".to_owned(),
    }
}

/// Takes the date back. What is not waiting any more is shown as it is.
pub(super) async fn cancel(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    match publish_at(&app, &staff.acting(), id, None).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=unscheduled", batch_path(id)))),
        Err(error) if error.is::<Refusal>() => Ok(Redirect::to(&batch_path(id))),
        Err(error) => Err(error.into()),
    }
}

crate::ui::console_pages! {
    ImportPublishPage => |shell| {
        let mut form = FormState::default();
        form.error("at", "公開する日時が過ぎています。");
        Self {
            page: shell.console_with_errors(TITLE),
            form,
            batch: sample(),
            figures: vec![("人数", "4,321人".into()), ("医療費総額", "98,765,430円".into())],
            typed: Typed { when: "at".into(), at: "2026-12-01T09:00".into() },
            by_two: true,
        }
    },
}
