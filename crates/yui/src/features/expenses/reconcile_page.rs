//! 以前のシステムの合計との照合: a file of totals, compared with the imported expenses; the file is deleted with the answer.

use std::{fs::File, io::Seek};

use anyhow::Context;
use askama::Template;
use axum::{
    body::Body,
    extract::{Multipart, Query, State, multipart::Field},
    http::header,
    response::{IntoResponse, Response},
};
use kenpo_formats::{Fault, csv_table::Column, household_totals_csv};
use serde::Deserialize;

use super::{
    DifferencesCsv, ReconciliationDifference, Summary, Sums, UnreadableTotals, VisibleMonths, acts::RECONCILED,
    arrival::span, reconcile,
};
use crate::{
    core::{
        app::App,
        audit,
        error::AppError,
        files::{self, Stored, pieces},
        scope::StaffScope,
    },
    features::societies,
    ui::{
        FormState, Lang, Page, PageContext,
        format::{month_short, yen},
    },
};

#[derive(Template)]
#[template(path = "features/expenses/reconcile.html")]
pub(crate) struct ReconcilePage {
    page: Page,
    form: FormState,
    columns: &'static [Column],
    /// The first errors of a file with errors, which is not compared.
    faults: Vec<Fault>,
    result: Option<ReconciliationView>,
    limit: String,
}

/// The result of a comparison, in words.
struct ReconciliationView {
    file_name: String,
    months: String,
    same: String,
    different: String,
    /// The kind of sum, its value in the older system, and in the portal.
    sums: [(&'static str, String, String); 3],
    /// The first differences.
    rows: Vec<DifferenceRow>,
    more: bool,
}

/// A difference in words: the kind of sum, its value in the older system, and in the portal.
struct DifferenceRow {
    numbers: String,
    month: String,
    reason: &'static str,
    sums: [(String, String); 3],
}

/// The number of differences on the page.
const SHOWN: usize = 100;

const TITLE: &str = "以前のシステムの合計との照合";

fn pairs(theirs: Sums, ours: Sums) -> [(String, String); 3] {
    [(theirs.claims, ours.claims), (theirs.total, ours.total), (theirs.self_pay, ours.self_pay)]
        .map(|(theirs, ours)| (yen(theirs), yen(ours)))
}

impl DifferenceRow {
    fn of(difference: &ReconciliationDifference) -> Self {
        let ReconciliationDifference { symbol, number, month, theirs, ours, .. } = difference;
        let numbers = if symbol.is_empty() { number.clone() } else { format!("{symbol}-{number}") };
        Self { numbers, month: month_short(*month), reason: difference.reason(), sums: pairs(*theirs, *ours) }
    }
}

impl ReconciliationView {
    fn of(file_name: String, summary: &Summary, first: &[ReconciliationDifference]) -> Self {
        let [claims, total, self_pay] = pairs(summary.theirs, summary.ours);
        let sum = |label, (theirs, ours): (String, String)| (label, theirs, ours);
        Self {
            file_name,
            months: summary
                .months
                .map(|(first, last)| span(Lang::Ja, VisibleMonths { first, last }))
                .unwrap_or_default(),
            same: summary.same.to_string(),
            different: summary.different.to_string(),
            sums: [sum("件数", claims), sum("医療費総額（円）", total), sum("自己負担額（円）", self_pay)],
            more: summary.different > first.len() as u64,
            rows: first.iter().map(DifferenceRow::of).collect(),
        }
    }
}

fn page(
    app: &App,
    context: &PageContext,
    form: FormState,
    faults: Vec<Fault>,
    result: Option<ReconciliationView>,
) -> ReconcilePage {
    ReconcilePage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        columns: household_totals_csv::COLUMNS,
        faults,
        result,
        limit: format!("{} MB", app.config.files.limit >> 20),
    }
}

pub(super) async fn show(State(app): State<App>, context: PageContext, _staff: StaffScope) -> ReconcilePage {
    page(&app, &context, FormState::default(), Vec::new(), None)
}

fn csv(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}

/// The empty table, with a byte order mark for spreadsheets and the society's insurer number.
pub(super) async fn template(State(app): State<App>, staff: StaffScope) -> Result<Response, AppError> {
    let numbers = societies::insurer_numbers(&app, &staff).await?;
    let text = household_totals_csv::template();
    let text = numbers.first().map_or_else(|| text.to_owned(), |number| text.replace("06139018", number));
    Ok(csv("household-totals-template.csv", format!("\u{feff}{text}").into()))
}

/// The form of the answer.
#[derive(Deserialize)]
pub(super) struct ReconciliationQuery {
    /// `csv` for all differences as a file.
    #[serde(default, rename = "as")]
    form: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(ReconciliationQuery { form: wanted }): Query<ReconciliationQuery>,
    mut parts: Multipart,
) -> Result<Response, AppError> {
    let mut came = Err("ファイルを選んでください。".to_owned());
    let mut file_name = String::new();
    while let Ok(Some(part)) = parts.next_field().await {
        if part.name() == Some("file") && came.is_err() {
            file_name = part.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
            came = receive(&app, &staff, part).await?;
        }
    }
    let stored = match came {
        Ok(stored) => stored,
        Err(words) => {
            let mut form = FormState::default();
            form.error("file", &words);
            return Ok(page(&app, &context, form, Vec::new(), None).into_response());
        }
    };
    let compared = compared(&app, &staff, &stored, wanted == "csv").await;
    app.files.remove(&staff, &stored.name)?;
    let (summary, first, list) = match compared {
        Ok(compared) => compared,
        Err(error) => match error.downcast::<UnreadableTotals>() {
            Ok(UnreadableTotals(faults)) => {
                let mut form = FormState::default();
                form.error("file", "ファイルに誤りがあるため、照合していません。下の理由を確かめて直してください。");
                return Ok(page(&app, &context, form, faults, None).into_response());
            }
            Err(error) => return Err(error.into()),
        },
    };
    let detail = format!("{file_name}: 一致{}件、相違{}件", summary.same, summary.different);
    audit::seen(&app, &staff, RECONCILED, None, &detail).await?;
    Ok(match list {
        Some(list) => csv("differences.csv", Body::from_stream(pieces(list))),
        None => {
            let shown = ReconciliationView::of(file_name, &summary, &first);
            page(&app, &context, FormState::default(), Vec::new(), Some(shown)).into_response()
        }
    })
}

/// Compares the file; returns the first differences, and all of them as a file if requested.
async fn compared(
    app: &App,
    staff: &StaffScope,
    stored: &Stored,
    listed: bool,
) -> anyhow::Result<(Summary, Vec<ReconciliationDifference>, Option<File>)> {
    let mut first = Vec::new();
    let mut list = if listed { Some(DifferencesCsv::new(tempfile::tempfile()?)?) } else { None };
    let path = app.files.path(staff, &stored.name);
    let summary = reconcile(app, staff, path, |difference| {
        if first.len() < SHOWN {
            first.push(difference.clone());
        }
        list.as_mut().map_or(Ok(()), |list| list.write(difference))
    })
    .await?;
    let list = match list {
        Some(list) => {
            let mut file = list.finish().context("the list of differences")?;
            file.rewind()?;
            Some(file)
        }
        None => None,
    };
    Ok((summary, first, list))
}

/// Receives the file; or returns the refusal, in words for staff.
async fn receive(app: &App, staff: &StaffScope, mut part: Field<'_>) -> Result<Result<Stored, String>, AppError> {
    if part.file_name().is_none_or(str::is_empty) {
        return Ok(Err("ファイルを選んでください。".to_owned()));
    }
    let Some(incoming) = app.files.receive(staff, files::name(app)?) else {
        return Ok(Err("ほかのファイルを受け取っている途中です。終わってから、もう一度お試しください。".to_owned()));
    };
    let mut size = 0_u64;
    loop {
        match part.chunk().await {
            Ok(Some(piece)) => {
                size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
                if size > app.config.files.limit {
                    incoming.give_up().await;
                    let limit = app.config.files.limit >> 20;
                    return Ok(Err(format!("ファイルが大きすぎます。{limit} MBまでです。年ごとに分けてください。")));
                }
                incoming.push(piece).await;
            }
            Ok(None) => break,
            Err(_) => {
                incoming.give_up().await;
                return Ok(Err("ファイルを最後まで受け取れませんでした。もう一度お試しください。".to_owned()));
            }
        }
    }
    Ok(incoming.finish().await.map_err(|error| {
        tracing::error!("cannot store the file to reconcile: {error}");
        "サーバーにファイルを保存できませんでした（空き容量などの問題です）。システムの管理者に連絡してください。"
            .to_owned()
    }))
}

crate::ui::console_pages! {
    ReconcilePage => |context| {
        let month = super::statement::sample_month();
        let sums = |claims, total, self_pay| Sums { claims, total, self_pay };
        let difference = ReconciliationDifference {
            insurer_number: "06139999".into(),
            symbol: "800".into(),
            number: "1234".into(),
            month,
            theirs: sums(2, 25_300, 4_002),
            ours: sums(1, 12_340, 3_702),
            known: true,
        };
        let summary = Summary {
            rows: 1_203,
            months: Some((month, month.next())),
            same: 1_202,
            different: 1,
            theirs: sums(3_608, 41_220_000, 12_366_000),
            ours: sums(3_607, 41_207_040, 12_365_700),
        };
        Self {
            page: context.console(TITLE),
            form: FormState::default(),
            columns: household_totals_csv::COLUMNS,
            faults: Vec::new(),
            result: Some(ReconciliationView::of("totals.csv".into(), &summary, &[difference])),
            limit: "2048 MB".into(),
        }
    },
}
