//! 医療費明細: one month, one year or a filtered span.

use askama::Template;
use axum::extract::{Query, State};
use jiff::{Timestamp, civil::Date};
use kenpo_formats::{CareKind, TreatmentMonth};

use super::{
    Arrival, ExpenseLine, Totals, VisibleMonths,
    arrival::span as months_in_words,
    chart, lines,
    queries::{self, Patient},
    rules,
    span::{Period, StatementQuery, StatementSpan},
};
use crate::{
    core::{
        app::App,
        error::AppError,
        scope::{MemberScope, StaffScope},
        society::InSociety,
    },
    features::expenses::arrival,
    ui::{
        FormState, Lang, Page, PageContext,
        format::{day_of, month_long, month_short, yen},
        pages,
        widgets::{
            chart::{Columns, Ranking},
            pagination::Pages,
            split::Split,
        },
    },
};

#[derive(Template)]
#[template(path = "features/expenses/statement.html")]
pub(super) struct StatementPage {
    page: Page,
    heading: String,
    form: FormState,
    filter: FilterForm,
    body: Option<StatementBody>,
    /// The sentence for a statement without lines; none if `pending` says it.
    nothing: Option<&'static str>,
    begins: Option<String>,
    pending: Option<String>,
}

/// The statement itself, formatted.
#[derive(Template)]
#[template(path = "features/expenses/statement_body.html")]
pub(crate) struct StatementBody {
    page: Page,
    rows: Vec<StatementRow>,
    totals: FormattedTotals,
    split: Split,
    pictures: Option<Pictures>,
    pages: Pages,
    /// The address of the PDF, for readers who may have it.
    pdf: Option<String>,
    changed: Option<String>,
    any_blank_provider: bool,
    any_derived: bool,
    any_adjustment: bool,
}

impl askama::filters::HtmlSafe for StatementBody {}

/// A statement, or the sentence in its place.
pub(crate) struct Statement {
    pub(crate) heading: String,
    pub(crate) body: Option<StatementBody>,
    /// The sentence for a statement without lines; none if `pending` says it.
    pub(crate) nothing: Option<&'static str>,
    pub(crate) pending: Option<String>,
}

struct Pictures {
    months: Option<Columns>,
    month_table: Vec<(String, String)>,
    patients: Ranking,
    kinds: Ranking,
}

struct StatementRow {
    month: String,
    patient: String,
    provider: String,
    care: String,
    total: String,
    insurer: String,
    public: String,
    self_pay: String,
    note: String,
    parts: Vec<ClaimPart>,
}

/// One of the claims that a line is the sum of.
struct ClaimPart {
    care: String,
    total: String,
    self_pay: String,
    note: String,
}

struct FormattedTotals {
    total: String,
    insurer: String,
    public: String,
    self_pay: String,
}

/// The filter form.
pub(super) struct FilterForm {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) min: TreatmentMonth,
    pub(super) max: TreatmentMonth,
    pub(super) members: Vec<FilterMember>,
}

/// A person to choose.
pub(super) struct FilterMember {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) chosen: bool,
}

impl FilterForm {
    /// Returns the form filled in for this span, or empty.
    pub(super) fn new(patients: &[Patient], window: VisibleMonths, span: Option<&StatementSpan>) -> Self {
        Self {
            from: span.map(|span| span.months.first.to_string()).unwrap_or_default(),
            to: span.map(|span| span.months.last.to_string()).unwrap_or_default(),
            min: window.first,
            max: window.last,
            members: patients
                .iter()
                .map(|member| FilterMember {
                    id: member.member_id,
                    name: member.name.clone(),
                    chosen: span.is_some_and(|span| span.member_id == Some(member.member_id)),
                })
                .collect(),
        }
    }

    pub(super) fn sample() -> Self {
        let member = |member_id, name: &str| Patient { member_id, name: name.into() };
        Self::new(&[member(1, "テスト タロウ"), member(2, "テスト ハナコ")], sample_window(), None)
    }
}

/// The number of lines on one page of a long statement.
const LINES_PER_PAGE: usize = 100;

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    scope: MemberScope,
    Query(asked): Query<StatementQuery>,
) -> Result<StatementPage, AppError> {
    let today = app.clock.today();
    let window = VisibleMonths::of(today, scope.society().policy.expenses_visible_years);
    let patients = queries::patients(&app.db, &scope, window, today).await?;
    let span = match StatementSpan::of(&asked, window, context.lang) {
        Ok(span) => span,
        Err(form) => {
            let mut filter = FilterForm::new(&patients, window, None);
            (filter.from, filter.to) = (asked.from, asked.to);
            let page = context.page_with_errors("医療費明細");
            let heading = context.t("医療費明細").to_owned();
            let (body, nothing, begins, pending) = (None, None, None, None);
            return Ok(StatementPage { page, heading, form, filter, body, nothing, begins, pending });
        }
    };
    let lines = chosen_lines(&app, &scope, &span).await?;
    let arrival = arrival(&app.db, &scope).await?;
    let filter = FilterForm::new(&patients, window, Some(&span));
    Ok(page(&context, span, &lines, (arrival, today), asked.page, filter))
}

/// Returns the lines of a span: those of the household, or of the one person chosen in it.
pub(super) async fn chosen_lines(
    app: &App,
    scope: &MemberScope,
    span: &StatementSpan,
) -> anyhow::Result<Vec<ExpenseLine>> {
    let mut lines = lines(&app.db, scope, span.months, app.clock.today()).await?;
    lines.retain(|line| span.member_id.is_none_or(|id| line.member_id == id));
    Ok(lines)
}

fn page(
    context: &PageContext,
    span: StatementSpan,
    lines: &[ExpenseLine],
    (arrival, today): (Arrival, Date),
    number: usize,
    filter: FilterForm,
) -> StatementPage {
    let page = context.page_titled(span.title(context.lang));
    let Statement { heading, body, nothing, pending } =
        statement(&page, span, lines, (arrival, today), Audience::OfMember { page: number });
    let begins = begins(context.lang, span, arrival);
    StatementPage { page, heading, form: FormState::default(), filter, body, nothing, begins, pending }
}

/// The reader of a statement.
#[derive(Clone, Copy)]
enum Audience {
    /// For the household: page by page, and as a PDF.
    OfMember { page: usize },
    /// For staff who answer its questions: whole.
    OfStaff,
}

fn statement(
    page: &Page,
    span: StatementSpan,
    lines: &[ExpenseLine],
    (arrival, today): (Arrival, Date),
    form: Audience,
) -> Statement {
    let body = (!lines.is_empty()).then(|| body(page, span, lines, arrival, form));
    let nothing = match span.of {
        _ if body.is_some() || !arrival.has(span.months.first) => None,
        Period::Month(_) if span.member_id.is_none() => Some("この月に受診の記録はありません。"),
        _ => Some("該当するデータはありません。"),
    };
    let newest = lines.iter().map(|line| line.month).max();
    let pending = arrival.told(page.lang, span.months, newest, today);
    Statement { heading: span.title(page.lang), body, nothing, pending }
}

/// Returns the statement of a month as the household sees it, for a page of the console.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn month_of_household(
    app: &App,
    staff: &StaffScope,
    page: &Page,
    household_id: i64,
    month: TreatmentMonth,
) -> anyhow::Result<Statement> {
    let (months, today) = (VisibleMonths { first: month, last: month }, app.clock.today());
    let lines = queries::lines_of_household(&app.db, staff, household_id, months, today).await?;
    let arrival = arrival(&app.db, staff).await?;
    let span = StatementSpan { of: Period::Month(month), months, member_id: None };
    Ok(statement(page, span, &lines, (arrival, today), Audience::OfStaff))
}

/// Returns the sentence for a year or span that begins later than it seems to.
fn begins(lang: Lang, span: StatementSpan, arrival: Arrival) -> Option<String> {
    if span.is_cut() {
        return Some(lang.tf("ご覧いただけるのは、{0}からの診療分です。", [month_long(lang, span.months.first)]));
    }
    match span.of {
        Period::Year(_) => not_before(lang, span.months, arrival),
        Period::Month(_) | Period::Months(..) => None,
    }
}

/// Returns the sentence for a span whose first months the society has not published.
pub(crate) fn not_before(lang: Lang, months: VisibleMonths, arrival: Arrival) -> Option<String> {
    let first = arrival.first.filter(|first| (months.first.next()..=months.last).contains(first))?;
    Some(lang.tf("掲載しているのは、{0}診療分からです。", [month_long(lang, first)]))
}

fn body(page: &Page, span: StatementSpan, lines: &[ExpenseLine], arrival: Arrival, form: Audience) -> StatementBody {
    let lang = page.lang;
    let totals = Totals::of(lines);
    let href = |number| format!("/expenses/statement?{}", span.query(number));
    let (pages, range, pdf) = match form {
        Audience::OfMember { page } => {
            let (pages, range) = Pages::of(lines.len(), LINES_PER_PAGE, page, href);
            (pages, range, Some(format!("/expenses/statement.pdf?{}", span.query(1))))
        }
        Audience::OfStaff => (Pages::default(), 0..lines.len(), None),
    };
    let changed = lines.iter().filter_map(|line| line.published_at).max();
    StatementBody {
        page: page.clone(),
        rows: lines.get(range).unwrap_or_default().iter().map(|line| row(lang, line)).collect(),
        split: chart::split(lang, &totals),
        pictures: pictures(lang, span, lines, arrival),
        pages,
        pdf,
        changed: changed.map(|changed: Timestamp| day_of(lang, changed)),
        any_blank_provider: lines.iter().any(|line| line.provider_name.is_empty()),
        any_derived: lines.iter().any(|line| line.derived),
        any_adjustment: lines.iter().any(ExpenseLine::is_adjustment),
        totals: FormattedTotals {
            total: yen(totals.total),
            insurer: yen(totals.insurer),
            public: yen(totals.public),
            self_pay: yen(totals.self_pay),
        },
    }
}

fn row(lang: Lang, line: &ExpenseLine) -> StatementRow {
    StatementRow {
        month: month_short(line.month),
        patient: line.patient.clone(),
        provider: line.provider_name.clone(),
        care: line.care(lang),
        total: yen(line.total),
        insurer: yen(line.insurer),
        public: yen(line.public),
        self_pay: yen(line.self_pay),
        note: line.note.clone(),
        parts: line.parts.iter().map(|line| part(lang, line)).collect(),
    }
}

fn part(lang: Lang, line: &ExpenseLine) -> ClaimPart {
    ClaimPart { care: line.care(lang), total: yen(line.total), self_pay: yen(line.self_pay), note: line.note.clone() }
}

/// Returns the pictures of more than a month.
fn pictures(lang: Lang, span: StatementSpan, lines: &[ExpenseLine], arrival: Arrival) -> Option<Pictures> {
    if matches!(span.of, Period::Month(_)) {
        return None;
    }
    let first = lines.iter().map(|line| line.month).min()?;
    let last = lines.iter().map(|line| line.month).max()?;
    let (first, last) = match span.of {
        Period::Year(year) => (TreatmentMonth::new(year, 1)?, TreatmentMonth::new(year, 12)?),
        _ => (first, last),
    };
    let months: Vec<_> =
        std::iter::successors(Some(first), |month| Some(month.next())).take_while(|m| *m <= last).collect();
    let paid = rules::self_pay_by_month(lines, months);
    let newest = lines.iter().map(|line| line.month).max()?;
    let missing = (newest < last).then(|| VisibleMonths { first: newest.next(), last });
    let missing = missing.and_then(|months| arrival.missing(months));
    Some(Pictures {
        months: (paid.len() <= 12).then(|| chart::by_month(lang, &paid, arrival)),
        month_table: paid
            .iter()
            .filter(|(_, paid)| *paid != 0)
            .map(|(month, paid)| (month_long(lang, *month), lang.tf("{0}円", [yen(*paid)])))
            .chain(missing.map(|months| (months_in_words(lang, months), lang.t("未着").to_owned())))
            .collect(),
        patients: chart::by_patient(lang, lines),
        kinds: chart::by_kind(lang, lines),
    })
}

/// The reference rows of the specification.
pub(crate) fn sample_lines() -> Vec<ExpenseLine> {
    let line = |member_id, patient: &str, provider: &str, care_kind, amounts: [i64; 4]| ExpenseLine {
        month: sample_month(),
        member_id,
        patient: patient.into(),
        provider_name: provider.into(),
        care_kind,
        days: Some(1),
        total: amounts[0],
        insurer: amounts[1],
        public: amounts[2],
        self_pay: amounts[3],
        derived: false,
        note: String::new(),
        published_at: "2025-04-10T00:00:00Z".parse().ok(),
        parts: Vec::new(),
    };
    vec![
        line(1, "テスト タロウ", "サンプルクリニック", CareKind::Outpatient, [12_960, 9_072, 3_588, 300]),
        line(1, "テスト タロウ", "サンプルクリニック薬局", CareKind::Pharmacy, [2_760, 1_932, 828, 0]),
        line(2, "テスト ハナコ", "サンプルクリニック", CareKind::Dental, [11_400, 7_980, 0, 3_420]),
    ]
}

pub(super) fn sample_month() -> TreatmentMonth {
    TreatmentMonth::of(jiff::civil::date(2025, 1, 1))
}

pub(super) fn sample_window() -> VisibleMonths {
    VisibleMonths::of(jiff::civil::date(2025, 6, 30), 5)
}

pub(crate) fn sample_arrival() -> Arrival {
    Arrival { first: TreatmentMonth::new(2024, 4), through: TreatmentMonth::new(2025, 3), expected_after: 3 }
}

/// Returns the statement of a month for samples of pages.
pub(crate) fn sample_statement(page: &Page) -> Statement {
    let month = sample_month();
    let span = StatementSpan {
        of: Period::Month(month),
        months: VisibleMonths { first: month, last: month },
        member_id: None,
    };
    statement(page, span, &sample_lines(), (sample_arrival(), sample_window().last.last_day()), Audience::OfStaff)
}

pages! {
    StatementPage => |context| {
        let window = sample_window();
        let months = VisibleMonths { first: sample_month(), last: window.last };
        let span = StatementSpan { of: Period::Year(2025), months, member_id: None };
        let mut lines = sample_lines();
        if let Some(line) = lines.first_mut() {
            let half = ExpenseLine { total: 6_480, self_pay: 150, ..line.clone() };
            line.parts = vec![half.clone(), half];
        }
        if let Some(line) = lines.last_mut() {
            line.derived = true;
            line.provider_name = String::new();
        }
        let refund = |line: &ExpenseLine| ExpenseLine { total: 0, insurer: 1_200, public: 0, self_pay: -1_200, ..line.clone() };
        lines.extend(sample_lines().last().map(refund));
        page(context, span, &lines, (sample_arrival(), window.last.last_day()), 1, FilterForm::sample())
    },
}
