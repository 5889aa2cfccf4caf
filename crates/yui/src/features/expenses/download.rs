//! 医療費明細 (PDF): the lines of a statement as the legal notice.

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use yui_auth::fair::Turn;
use yui_print::statement::{self, Row, Statement, Totals as PrintTotals};

use super::{
    Arrival, ExpenseLine, Totals, VisibleMonths, arrival,
    span::{StatementQuery, StatementSpan},
    statement::chosen_lines,
};
use crate::{
    core::{app::App, error::AppError, heavy, scope::MemberScope, society::InSociety},
    ui::{
        Lang, PageContext,
        format::{month_long, month_short},
    },
};

pub(super) async fn pdf(
    State(app): State<App>,
    context: PageContext,
    scope: MemberScope,
    Query(asked): Query<StatementQuery>,
) -> Result<Response, AppError> {
    let today = app.clock.today();
    let window = VisibleMonths::of(today, scope.society().policy.expenses_visible_years);
    let Ok(span) = StatementSpan::of(&asked, window, context.lang) else {
        return Ok(Redirect::to("/expenses/statement").into_response());
    };
    let lines = chosen_lines(&app, &scope, &span).await?;
    let arrival = arrival(&app.db, &scope).await?;
    let printed = Printed {
        turn: heavy::account(&scope, "member", scope.account_id),
        lang: context.lang,
        title: span.title(context.lang),
        insured_name: scope.name.clone(),
        months: span.months,
        lines,
    };
    print(&app, &scope, printed, arrival).await
}

/// The contents of a printed statement.
#[derive(Debug)]
pub(crate) struct Printed {
    /// The turn in the queue for PDFs.
    pub(crate) turn: Turn,
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) insured_name: String,
    pub(crate) months: VisibleMonths,
    pub(crate) lines: Vec<ExpenseLine>,
}

/// Returns a statement as a PDF download. It states the months that it covers.
pub(crate) async fn print(
    app: &App,
    scope: &impl InSociety,
    Printed { turn, lang, title, insured_name, months, lines }: Printed,
    arrival: Arrival,
) -> Result<Response, AppError> {
    let Some(fonts) = app.fonts.clone() else {
        return Err(AppError::Unavailable("PDFに使う書体がこのサーバーに入っていないため、PDFを作れません。"));
    };
    let today = app.clock.today();
    let newest = lines.iter().map(|line| line.month).max();
    let told = arrival.through.max(newest).map_or(months.last, |told| told.clamp(months.first, months.last));
    let first = arrival.first.map_or(months.first, |first| first.clamp(months.first, told));
    let adjusted = lines.iter().any(ExpenseLine::is_adjustment).then(|| lang.t(ADJUSTED).to_owned());
    let notes = arrival.told(lang, months, newest, today).into_iter().chain(adjusted);
    let totals = Totals::of(&lines);
    let statement = Statement {
        society_name: scope.society().name.clone(),
        title,
        insured_name,
        issued: today,
        period: lang.tf("{0}〜{1}", [month_long(lang, first), month_long(lang, told)]),
        rows: lines.iter().map(|line| row(lang, line)).collect(),
        totals: PrintTotals {
            total: totals.total,
            insurer: totals.insurer,
            public: totals.public,
            self_pay: totals.self_pay,
        },
        notes: notes.chain(NOTES.iter().map(|note| lang.t(note).to_owned())).collect(),
        lang: match lang {
            Lang::Ja => statement::Lang::Ja,
            Lang::En => statement::Lang::En,
        },
    };
    let printed = app.heavy.run(turn, move || statement::render(&fonts, &statement)).await??;
    if !printed.missing.is_empty() {
        tracing::warn!(characters = printed.missing.len(), "a statement has characters that no font draws");
    }
    let name = format!("attachment; filename=\"medical-expenses-{}-{}.pdf\"", months.first, months.last);
    Ok(([(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)], printed.pdf)
        .into_response())
}

/// The notes under the table (Japanese; translated when drawn).
const NOTES: &[&str] = &[
    "1行は、1人が1か月に1つの医療機関で受けた分を、診療区分ごとにまとめたものです。",
    "窓口でのお支払いは10円単位に四捨五入されるため、領収書の金額と異なることがあります。",
    "差額ベッド代や自由診療など、健康保険の対象にならない費用は含まれません。",
    "市区町村の医療費助成や、後日払い戻される高額療養費・付加給付は、反映されていないことがあります。",
    "すべての医療費が載っているとは限りません。載っていない分は、領収書で確かめてください。",
];

/// The note on lines with negative amounts.
const ADJUSTED: &str = "「調整」の行は、ほかの行の金額があとから変わった分です。減額された分や、払い戻された高額療養費・付加給付の分を、マイナスの金額で示しています。";

fn row(lang: Lang, line: &ExpenseLine) -> Row {
    Row {
        treatment_month: month_short(line.month),
        patient: line.patient.clone(),
        provider: line.provider_name.clone(),
        care: line.care(lang),
        total: line.total,
        insurer: line.insurer,
        public: line.public,
        self_pay: line.self_pay,
        note: line.note.clone(),
    }
}
