//! 医療費明細: one month, one year or a filtered span.

use askama::Template;
use axum::extract::{Query, State};
use jiff::Timestamp;
use kenpo_formats::{CareKind, TreatmentMonth};

use super::{
    Line, Totals, VisibleMonths, chart, last_published_month, lines, rules,
    span::{Asked, Of, Span},
};
use crate::{
    app::App,
    error::AppError,
    features::register::{Household, HouseholdMember, household},
    scope::{InSociety, MemberScope},
    ui::{
        FormState, Lang, Page, Shell,
        format::{care, day_of, month_long, month_short, yen},
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
    filter: Filter,
    shown: Option<Shown>,
    begins: Option<String>,
    pending: Option<String>,
    some_hidden: bool,
}

/// The statement itself, formatted.
struct Shown {
    rows: Vec<Row>,
    totals: FormattedTotals,
    split: Split,
    pictures: Option<Pictures>,
    pages: Pages,
    pdf: String,
    changed: Option<String>,
    any_blank_provider: bool,
    any_derived: bool,
}

struct Pictures {
    months: Option<Columns>,
    month_table: Vec<(String, String)>,
    patients: Ranking,
    kinds: Ranking,
}

struct Row {
    month: String,
    patient: String,
    provider: String,
    care: String,
    total: String,
    insurer: String,
    public: String,
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
pub(super) struct Filter {
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

impl Filter {
    /// Returns the form as it stands for this span, or empty.
    pub(super) fn new(members: &[HouseholdMember], window: VisibleMonths, span: Option<&Span>) -> Self {
        Self {
            from: span.map(|span| span.months.first.to_string()).unwrap_or_default(),
            to: span.map(|span| span.months.last.to_string()).unwrap_or_default(),
            min: window.first,
            max: window.last,
            members: members
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
        let member = |member_id, name: &str| HouseholdMember { member_id, name: name.into() };
        Self::new(&[member(1, "テスト タロウ"), member(2, "テスト ハナコ")], sample_window(), None)
    }
}

/// How many lines one page of a long statement has.
const LINES_PER_PAGE: usize = 100;

pub(super) async fn show(
    State(app): State<App>,
    shell: Shell,
    scope: MemberScope,
    Query(asked): Query<Asked>,
) -> Result<StatementPage, AppError> {
    let window = VisibleMonths::of(app.clock.today(), scope.society().policy.expenses_visible_years);
    let Household { members, some_hidden } = household(&app.db, &scope).await?;
    let span = match Span::of(&asked, window, shell.lang) {
        Ok(span) => span,
        Err(form) => {
            let mut filter = Filter::new(&members, window, None);
            (filter.from, filter.to) = (asked.from, asked.to);
            let page = shell.page_with_errors("医療費明細");
            let heading = shell.t("医療費明細").to_owned();
            let (shown, begins, pending) = (None, None, None);
            return Ok(StatementPage { page, heading, form, filter, shown, begins, pending, some_hidden });
        }
    };
    let lines = chosen_lines(&app, &scope, &span).await?;
    let last_published = last_published_month(&app.db, &scope).await?;
    let filter = Filter::new(&members, window, Some(&span));
    Ok(StatementPage { some_hidden, ..page(&shell, span, &lines, last_published, asked.page, filter) })
}

/// Returns the lines of a span: those of the household, or of the one person chosen in it.
pub(super) async fn chosen_lines(app: &App, scope: &MemberScope, span: &Span) -> anyhow::Result<Vec<Line>> {
    let mut lines = lines(&app.db, scope, span.months.first, span.months.last).await?;
    lines.retain(|line| span.member_id.is_none_or(|id| line.member_id == id));
    Ok(lines)
}

fn page(
    shell: &Shell,
    span: Span,
    lines: &[Line],
    last_published: Option<TreatmentMonth>,
    page: usize,
    filter: Filter,
) -> StatementPage {
    let lang = shell.lang;
    let heading = span.title(lang);
    let shown = (!lines.is_empty()).then(|| shown(lang, span, lines, page));
    let cut = match span.of {
        Of::Year(year) => TreatmentMonth::new(year, 1).is_some_and(|january| span.months.first > january),
        Of::Month(_) | Of::Months(..) => false,
    };
    let begins =
        cut.then(|| lang.tf("ご覧いただけるのは、{0}からの診療分です。", [month_long(lang, span.months.first)]));
    let pending = last_published
        .is_none_or(|published| span.months.last > published)
        .then(|| pending(lang, last_published, span.months.last))
        .flatten();
    let page = shell.page_titled(heading.clone());
    StatementPage { page, heading, form: FormState::default(), filter, shown, begins, pending, some_hidden: false }
}

fn shown(lang: Lang, span: Span, lines: &[Line], page: usize) -> Shown {
    let totals = Totals::of(lines);
    let href = |page| format!("/expenses/statement?{}", span.query(page));
    let (pages, range) = Pages::of(lines.len(), LINES_PER_PAGE, page, href);
    let changed = lines.iter().filter_map(|line| line.published_at).max();
    Shown {
        rows: lines.get(range).unwrap_or_default().iter().map(|line| row(lang, line)).collect(),
        split: chart::split(lang, &totals),
        pictures: pictures(lang, span, lines),
        pages,
        pdf: format!("/expenses/statement.pdf?{}", span.query(1)),
        changed: changed.map(|changed: Timestamp| day_of(lang, changed)),
        any_blank_provider: lines.iter().any(|line| line.provider_name.is_empty()),
        any_derived: lines.iter().any(|line| line.derived),
        totals: FormattedTotals {
            total: yen(totals.total),
            insurer: yen(totals.insurer),
            public: yen(totals.public),
            self_pay: yen(totals.self_pay),
        },
    }
}

fn row(lang: Lang, line: &Line) -> Row {
    Row {
        month: month_short(line.month),
        patient: line.patient.clone(),
        provider: line.provider_name.clone(),
        care: care(lang, line.care_kind, line.days),
        total: yen(line.total),
        insurer: yen(line.insurer),
        public: yen(line.public),
        self_pay: yen(line.self_pay),
        note: line.note.clone(),
    }
}

/// Returns the pictures of more than a month.
fn pictures(lang: Lang, span: Span, lines: &[Line]) -> Option<Pictures> {
    if matches!(span.of, Of::Month(_)) {
        return None;
    }
    let first = lines.iter().map(|line| line.month).min()?;
    let last = lines.iter().map(|line| line.month).max()?;
    let (first, last) = match span.of {
        Of::Year(year) => (TreatmentMonth::new(year, 1)?, TreatmentMonth::new(year, 12)?),
        _ => (first, last),
    };
    let months: Vec<_> =
        std::iter::successors(Some(first), |month| Some(month.next())).take_while(|m| *m <= last).collect();
    let paid = rules::self_pay_by_month(lines, months);
    Some(Pictures {
        months: (paid.len() <= 12).then(|| chart::by_month(lang, &paid)),
        month_table: paid
            .iter()
            .filter(|(_, paid)| *paid > 0)
            .map(|(month, paid)| (month_long(lang, *month), yen(*paid)))
            .collect(),
        patients: chart::by_patient(lang, lines),
        kinds: chart::by_kind(lang, lines),
    })
}

/// Returns the sentence about the months up to `last` that are not published yet, if there are any.
pub(super) fn pending(lang: Lang, published: Option<TreatmentMonth>, last: TreatmentMonth) -> Option<String> {
    let first = published.map_or(last, |month| month.next());
    let months = if first < last {
        lang.tf("{0}〜{1}", [month_long(lang, first), month_long(lang, last)])
    } else {
        month_long(lang, last)
    };
    (first <= last).then(|| {
        lang.tf(
            "{0}診療分はまだ掲載していません。医療機関からの請求が届きしだい掲載します（受診からおよそ3か月後）。",
            [months],
        )
    })
}

/// The reference rows of the specification.
pub(crate) fn sample_lines() -> Vec<Line> {
    let line = |member_id, patient: &str, provider: &str, care_kind, amounts: [i64; 4]| Line {
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

pages! {
    StatementPage => |shell| {
        let months = VisibleMonths { first: sample_month(), last: sample_month() };
        let span = Span { of: Of::Year(2025), months, member_id: None };
        let mut lines = sample_lines();
        if let Some(line) = lines.last_mut() {
            line.derived = true;
            line.provider_name = String::new();
        }
        Self { some_hidden: true, ..page(shell, span, &lines, None, 1, Filter::sample()) }
    },
}
