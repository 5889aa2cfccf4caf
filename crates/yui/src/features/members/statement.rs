//! A month's statement as a member sees it, for staff who are asked about it: the same lines, behind a reason that the
//! log keeps.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use kenpo_formats::TreatmentMonth;
use serde::Deserialize;

use super::{
    act::{self, ActionTarget, Asks, Words},
    acts::{MEMBER_STATEMENT_VIEWED, MEMBER_VIEWED},
};
use crate::{
    core::{
        app::App,
        audit,
        error::AppError,
        scope::StaffScope,
        society::{InSociety, Service},
    },
    features::expenses::{self, Statement, VisibleMonths},
    ui::{
        FormState, Lang, Page, PageContext,
        format::{month_long, month_short},
    },
};

/// The words of the link to the page.
pub(super) const WORDS: Words = Words {
    path: "statement",
    title: "医療費明細の照会",
    button: "明細を表示する",
    danger: false,
    asks: Asks::Identity,
};

#[derive(Template)]
#[template(path = "features/members/statement.html")]
pub(crate) struct MemberStatementPage {
    page: Page,
    form: FormState,
    member_id: i64,
    name: String,
    /// The months to choose from: the value in the address, and the words.
    months: Vec<(String, String)>,
    typed: MemberStatementForm,
    statement: Option<Statement>,
}

/// The form for a member's statement.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MemberStatementForm {
    /// As in 2025-01.
    month: String,
    reason: String,
    identity: String,
}

/// Returns whether the member sees anything: accounts that are not enrolled, or stopped, see nothing.
pub(super) fn is_possible(staff: &StaffScope, target: &ActionTarget) -> bool {
    staff.society().policy.services.contains(&Service::Expenses) && target.is("enrolled")
}

fn choices(window: VisibleMonths) -> Vec<(String, String)> {
    std::iter::successors(Some(window.last), |month| Some(month.previous()))
        .take_while(|month| *month >= window.first)
        .map(|month| (month.to_string(), month_long(Lang::Ja, month)))
        .collect()
}

fn visible(staff: &StaffScope, target: &ActionTarget) -> VisibleMonths {
    VisibleMonths::of(target.today, staff.society().policy.expenses_visible_years)
}

fn page(
    context: &PageContext,
    (target, window): (ActionTarget, VisibleMonths),
    form: FormState,
    typed: MemberStatementForm,
) -> MemberStatementPage {
    let title = WORDS.title;
    MemberStatementPage {
        page: if form.has_errors() { context.console_with_errors(title) } else { context.console(title) },
        form,
        member_id: target.member.member_id,
        name: target.member.name,
        months: choices(window),
        typed,
        statement: None,
    }
}

fn changed(member_id: i64) -> Response {
    Redirect::to(&format!("/console/members/{member_id}?done=changed")).into_response()
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    if !is_possible(&staff, &target) {
        return Ok(changed(id));
    }
    audit::seen(&app, &staff, MEMBER_VIEWED, Some(&target.subject()), WORDS.title).await?;
    let window = visible(&staff, &target);
    let arrived = expenses::arrival(&app.db, &staff).await?.through.unwrap_or(window.last);
    let month = arrived.clamp(window.first, window.last).to_string();
    let typed = MemberStatementForm { month, ..MemberStatementForm::default() };
    Ok(page(&context, (target, window), FormState::default(), typed).into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<MemberStatementForm>,
) -> Result<Response, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    if !is_possible(&staff, &target) {
        return Ok(changed(id));
    }
    let window = visible(&staff, &target);
    let said = act::MemberActionForm {
        reason: typed.reason.clone(),
        identity: typed.identity.clone(),
        ..act::MemberActionForm::default()
    };
    let mut form = act::mistakes(WORDS.asks, &said);
    let month: Option<TreatmentMonth> = typed.month.parse().ok();
    let Some(month) = month.filter(|month| window.clip(*month, *month).is_some()) else {
        let (first, last) = (month_long(Lang::Ja, window.first), month_long(Lang::Ja, window.last));
        form.error("month", &format!("{first}から{last}までの診療年月を選んでください。"));
        return Ok(page(&context, (target, window), form, typed).into_response());
    };
    if form.has_errors() {
        return Ok(page(&context, (target, window), form, typed).into_response());
    }
    let household_id = target.account()?.household_id;
    let detail = format!("{}診療分: {}", month_short(month), said.told());
    audit::seen(&app, &staff, MEMBER_STATEMENT_VIEWED, Some(&target.subject()), &detail).await?;
    let mut shown = page(&context, (target, window), form, typed);
    shown.statement = Some(expenses::month_of_household(&app, &staff, &shown.page, household_id, month).await?);
    Ok(shown.into_response())
}

crate::ui::console_pages! {
    MemberStatementPage => |context| {
        let page = context.console_with_errors(WORDS.title);
        let window = VisibleMonths::of(jiff::civil::date(2025, 6, 30), 0);
        let month = window.first;
        Self {
            form: act::mistakes(Asks::Identity, &act::MemberActionForm::default()),
            member_id: 7,
            name: "テスト タロウ".into(),
            months: choices(window),
            typed: MemberStatementForm { month: month.to_string(), ..MemberStatementForm::default() },
            statement: Some(expenses::sample_statement(&page)),
            page,
        }
    },
}
