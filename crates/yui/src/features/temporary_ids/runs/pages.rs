//! Ordering runs, and downloading their pairs.

use std::io::{Seek, SeekFrom};

use askama::Template;
use axum::{
    Form,
    body::{Body, Bytes},
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_print::PrintError;

use super::{
    acts::{PAIRS_ADDRESSES, PAIRS_CARDS, PAIRS_FORGOTTEN, PAIRS_LIST, PAIRS_ORDERED, PAIRS_STOPPED, subject},
    paper,
    queries::{self, RunCounts, RunRow},
};
use crate::{
    core::{app::App, audit, error::AppError, files::pieces, heavy, scope::StaffScope, society::InSociety},
    features::temporary_ids::{issue::csv as list_of, queries::pairs},
    ui::{
        FormState, Page, PageContext, csv, format,
        progress::{Progress, percent, progress as tell},
    },
};

/// A run in the list, and on its own page.
#[derive(Clone)]
pub(crate) struct RunLine {
    run_id: i64,
    whom: &'static str,
    ordered: String,
    state: &'static str,
    pairs: i64,
    ready: bool,
    wanted: i64,
    /// Whether making the pairs failed; it is tried again.
    trouble: bool,
    stopped: Option<String>,
    cards: Option<String>,
    list: Option<String>,
    forgotten: Option<String>,
}

impl From<RunRow> for RunLine {
    fn from(row: RunRow) -> Self {
        let at = |at: Option<jiff::Timestamp>| at.map(format::minute);
        let by = |name: Option<String>, when| at(when).map(|at| format!("{} {at}", name.unwrap_or_default()));
        Self {
            run_id: row.run_id,
            whom: whom_words(&row.whom),
            ordered: format!("{} {}", row.ordered_name, format::minute(row.ordered_at)),
            wanted: row.wanted,
            trouble: row.trouble_at.is_some() && row.ready_at.is_none(),
            state: match (row.stopped_at, row.ready_at, row.forgotten_at) {
                (Some(_), ..) => "取りやめ",
                (None, None, _) => "作成中",
                (None, Some(_), None) => "受け取り待ち",
                (None, Some(_), Some(_)) => "完了",
            },
            stopped: by(row.stopped_by, row.stopped_at),
            pairs: row.pairs,
            ready: row.ready_at.is_some(),
            cards: by(row.cards_by, row.cards_at),
            list: by(row.list_by, row.list_at),
            forgotten: at(row.forgotten_at),
        }
    }
}

fn whom_words(whom: &str) -> &'static str {
    match whom {
        "without" => "アカウントのない被保険者",
        "expired" => "期限が切れた人",
        "again" => "前の発行のやり直し",
        _ => "個別に再発行した人",
    }
}

#[derive(Template)]
#[template(path = "features/temporary_ids/runs/list.html")]
pub(crate) struct PairRunsPage {
    page: Page,
    form: FormState,
    counts: RunCounts,
    days: u16,
    lines: Vec<RunLine>,
}

#[derive(Template)]
#[template(path = "features/temporary_ids/runs/one.html")]
pub(crate) struct PairRunPage {
    page: Page,
    form: FormState,
    line: RunLine,
    /// The progress of making the pairs, in percent and in words.
    percent: i64,
    words: String,
    /// Pairs that are still there to be written out.
    left: i64,
    /// The number of accounts that got a pair in this run and are not enrolled.
    again: i64,
}

/// The number of runs on the page.
const SHOWN: i64 = 100;

const TITLE: &str = "仮IDの発行";

async fn list_page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
) -> Result<PairRunsPage, AppError> {
    let rows = queries::list(&app.db, staff, SHOWN).await?;
    Ok(PairRunsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        counts: queries::counts(&app.db, staff, (app.clock.today(), app.clock.now())).await?,
        days: staff.society().policy.temporary_days,
        lines: rows.into_iter().map(RunLine::from).collect(),
    })
}

pub(crate) async fn list(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<PairRunsPage, AppError> {
    list_page(&app, &context, &staff, FormState::default()).await
}

/// The form of an order: the accounts that are to get pairs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RunForm {
    whom: String,
    /// The run that is to be repeated.
    run: Option<i64>,
}

pub(crate) async fn order(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(RunForm { whom, run }): Form<RunForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let counts = queries::counts(&app.db, &staff, (app.clock.today(), app.clock.now())).await?;
    // Whatever is ordered, those that wait come with it.
    let count = counts.waiting
        + match whom.as_str() {
            "without" => counts.without,
            "expired" => counts.expired,
            "waiting" => 0,
            "again" if run.is_some() => queries::left(&app.db, &staff, run.unwrap_or_default()).await?.0,
            _ => {
                form.error("whom", "誰に発行するかを選んでください。");
                return Ok(list_page(&app, &context, &staff, form).await?.into_response());
            }
        };
    if count == 0 {
        form.error("whom", "発行する人がいません。");
        return Ok(list_page(&app, &context, &staff, form).await?.into_response());
    }
    let mut tx = app.db.begin().await?;
    let Some(run_id) = queries::order(&mut tx, &staff, (&whom, run, count), app.clock.now()).await? else {
        drop(tx);
        form.error("whom", "前の発行がまだ作成中です。終わってから、もう一度指示してください。");
        return Ok(list_page(&app, &context, &staff, form).await?.into_response());
    };
    let detail = format!("{} {count}件", whom_words(&whom));
    audit::record(&app, &mut tx, &staff, PAIRS_ORDERED, Some(&subject(run_id)), &detail).await?;
    tx.commit().await?;
    app.pairs.notify_one();
    Ok(Redirect::to(&format!("/console/temporary-ids/{run_id}")).into_response())
}

async fn one_page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    run_id: i64,
    form: FormState,
) -> Result<PairRunPage, AppError> {
    let row = queries::one(&app.db, staff, run_id).await?.ok_or(AppError::NotFound)?;
    let (again, left) = queries::left(&app.db, staff, run_id).await?;
    let made = queries::waiting(&app.db, staff).await?;
    let title = format!("仮IDの発行 {run_id}");
    Ok(PairRunPage {
        page: if form.has_errors() { context.console_with_errors(&title) } else { context.console(&title) },
        form,
        percent: percent(made, row.wanted),
        words: words(made, row.wanted),
        line: row.into(),
        left,
        again,
    })
}

fn words(made: i64, wanted: i64) -> String {
    format!("{}件のうち{}件を作成しました。", format::yen(wanted), format::yen(made.min(wanted)))
}

pub(crate) async fn one(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<PairRunPage, AppError> {
    one_page(&app, &context, &staff, run_id, FormState::default()).await
}

/// Answers how far the run is.
pub(crate) async fn progress(
    State(app): State<App>,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<impl IntoResponse, AppError> {
    queries::one(&app.db, &staff, run_id).await?.ok_or(AppError::NotFound)?;
    Ok(tell(move || {
        let (app, staff) = (app.clone(), staff.clone());
        async move {
            let row = queries::one(&app.db, &staff, run_id).await.ok().flatten()?;
            let made = queries::waiting(&app.db, &staff).await.ok()?;
            let over = row.ready_at.is_some() || row.stopped_at.is_some();
            Some(if over {
                Progress::Over
            } else {
                Progress::Going(percent(made, row.wanted), words(made, row.wanted))
            })
        }
    }))
}

/// Stops a run that is being made.
pub(crate) async fn stop(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<Response, AppError> {
    queries::one(&app.db, &staff, run_id).await?.ok_or(AppError::NotFound)?;
    let mut tx = app.db.begin().await?;
    if !queries::stop(&mut tx, &staff, run_id, app.clock.now()).await? {
        drop(tx);
        return refused(&app, &context, &staff, run_id, "この発行は、作成が終わったか、すでに取りやめられています。")
            .await;
    }
    audit::record(&app, &mut tx, &staff, PAIRS_STOPPED, Some(&subject(run_id)), "").await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/console/temporary-ids/{run_id}")).into_response())
}

/// Shows on the run's page why nothing can be downloaded.
async fn refused(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    run_id: i64,
    words: &str,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    form.error("run", words);
    Ok(one_page(app, context, staff, run_id, form).await?.into_response())
}

const TAKEN: &str = "このファイルはすでにダウンロードされています。もう一度必要な場合は、下の「この発行をやり直す」から、新しい仮パスワードを発行してください。";
const NOTHING: &str = "受け取れる仮IDがありません。登録が済んだか、控えが消去されています。";

const NO_ROOM: &str =
    "ハガキに入らない行があります。「組合の設定」の「仮IDのハガキ」で直してから、もう一度受け取ってください。";

/// The download of the postcards: they are made as a whole first, so that a failure deletes no pairs; then downloaded,
/// once.
pub(crate) async fn postcards(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<Response, AppError> {
    let row = queries::one(&app.db, &staff, run_id).await?.ok_or(AppError::NotFound)?;
    let scope = staff.acting();
    if row.cards_at.is_some() {
        return refused(&app, &context, &staff, run_id, TAKEN).await;
    }
    let waiting = pairs(&app.db, &scope, run_id).await?;
    if waiting.is_empty() || row.ready_at.is_none() {
        return refused(&app, &context, &staff, run_id, NOTHING).await;
    }
    if app.fonts.is_none() {
        return Err(AppError::Unavailable("PDFを作るフォントが入っていません。"));
    }
    let _place = app.heavy.place(heavy::account(&staff, "staff", staff.staff_id)).await?;
    let (mut file, written) = match paper::written(&app, &scope, waiting).await {
        Err(error) if matches!(error.downcast_ref(), Some(PrintError::Misfits(_))) => {
            return refused(&app, &context, &staff, run_id, NO_ROOM).await;
        }
        written => written?,
    };
    let mut tx = app.db.begin().await?;
    if !queries::cards_take(&mut tx, &staff, run_id, app.clock.now()).await? {
        drop(tx);
        return refused(&app, &context, &staff, run_id, TAKEN).await;
    }
    let missing: String = written.missing.iter().collect();
    let unprinted = if missing.is_empty() { String::new() } else { format!("、印刷できない文字 {missing}") };
    let detail = format!("{}件{unprinted}", written.cards);
    audit::record(&app, &mut tx, &staff, PAIRS_CARDS, Some(&subject(run_id)), &detail).await?;
    tx.commit().await?;
    file.seek(SeekFrom::Start(0))?;
    let length = file.metadata()?.len();
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"postcards-{run_id}.pdf\"")),
    ];
    Ok((headers, Body::from_stream(pieces(file))).into_response())
}

/// The download of the printing house's list, with passwords: once.
pub(crate) async fn list_csv(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<Response, AppError> {
    queries::one(&app.db, &staff, run_id).await?.ok_or(AppError::NotFound)?;
    let scope = staff.acting();
    let waiting = pairs(&app.db, &scope, run_id).await?;
    if waiting.is_empty() {
        return refused(&app, &context, &staff, run_id, NOTHING).await;
    }
    let list = list_of(&app, &scope, &waiting)?;
    let mut tx = app.db.begin().await?;
    if !queries::list_take(&mut tx, &staff, run_id, app.clock.now()).await? {
        drop(tx);
        return refused(&app, &context, &staff, run_id, TAKEN).await;
    }
    let detail = format!("{}件", waiting.len());
    audit::record(&app, &mut tx, &staff, PAIRS_LIST, Some(&subject(run_id)), &detail).await?;
    tx.commit().await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"temporary-ids-{run_id}.csv\"")),
    ];
    Ok((headers, list.to_string()).into_response())
}

/// The download of the list by which the society gives the printing house addresses: without passwords, any number of
/// times.
pub(crate) async fn addresses(
    State(app): State<App>,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<Response, AppError> {
    queries::one(&app.db, &staff, run_id).await?.ok_or(AppError::NotFound)?;
    let waiting = pairs(&app.db, &staff.acting(), run_id).await?;
    audit::seen(&app, &staff, PAIRS_ADDRESSES, Some(&subject(run_id)), &format!("{}件", waiting.len())).await?;
    const HEAD: &str = "管理番号,保険者番号,記号,番号,氏名\r\n";
    let text = waiting.iter().fold(HEAD.to_owned(), |text, row| {
        text + &csv::line(&[&paper::key(row), &row.insurer_number, &row.symbol, &row.number, &row.name])
    });
    let lines = futures::stream::once(async move { Ok(Bytes::from(text)) });
    Ok(csv::download(&format!("addresses-{run_id}.csv"), lines))
}

pub(crate) async fn forget(
    State(app): State<App>,
    staff: StaffScope,
    Path(run_id): Path<i64>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    if !queries::forget(&mut tx, &staff, run_id, app.clock.now()).await? {
        return Err(AppError::NotFound);
    }
    audit::record(&app, &mut tx, &staff, PAIRS_FORGOTTEN, Some(&subject(run_id)), "").await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/console/temporary-ids/{run_id}")).into_response())
}

fn sample_line(ready: bool) -> RunLine {
    RunLine {
        run_id: 3,
        whom: whom_words("without"),
        ordered: "給付 次郎 2026/11/20 09:12".into(),
        state: if ready { "受け取り待ち" } else { "作成中" },
        pairs: if ready { 1_204 } else { 0 },
        ready,
        wanted: 1_204,
        trouble: !ready,
        stopped: None,
        cards: ready.then(|| "給付 次郎 2026/11/20 09:20".into()),
        list: None,
        forgotten: None,
    }
}

crate::ui::console_pages! {
    PairRunsPage => |context| Self {
        page: context.console(TITLE),
        form: FormState::default(),
        counts: RunCounts { without: 1_204, expired: 12, waiting: 1 },
        days: 90,
        lines: vec![sample_line(false), sample_line(true)],
    },
    PairRunPage => |context| {
        let mut form = FormState::default();
        form.error("run", TAKEN);
        Self { page: context.console_with_errors("仮IDの発行 3"), form, line: sample_line(true), percent: 100, words: String::new(), left: 1_204, again: 1_204 }
    },
}
