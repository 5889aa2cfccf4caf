//! The whole statement of a person whose expenses are hidden from the household, to be handed to them.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use kenpo_formats::TreatmentMonth;
use serde::Deserialize;

use super::{
    act::{self, ActionTarget, Asks},
    acts::{MEMBER_CERTIFICATE, MEMBER_VIEWED},
    flags, queries,
};
use crate::{
    core::{app::App, audit, error::AppError, heavy, scope::StaffScope},
    features::expenses::{self, Printed, VisibleMonths},
    ui::{FormState, Lang, Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/members/certificate.html")]
pub(crate) struct MemberCertificatePage {
    page: Page,
    form: FormState,
    member_id: i64,
    name: String,
    years: Vec<i16>,
    typed: CertificateForm,
}

/// The form for the statement.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CertificateForm {
    /// The year; empty for all years.
    year: String,
    reason: String,
    identity: String,
}

const TITLE: &str = "本人用の医療費明細";

/// The number of years before the present one that can be chosen singly.
const YEARS_BEFORE: i16 = 5;

fn page(context: &PageContext, target: ActionTarget, form: FormState, typed: CertificateForm) -> MemberCertificatePage {
    let this_year = target.today.year();
    MemberCertificatePage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        member_id: target.member.member_id,
        name: target.member.name,
        years: (this_year - YEARS_BEFORE..=this_year).rev().collect(),
        typed,
    }
}

/// Redirects back to a person without a flag, whose expenses the household sees in full.
fn not_needed(member_id: i64) -> Response {
    Redirect::to(&format!("/console/members/{member_id}?done=changed")).into_response()
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    if !flags::any_in_force(&target) {
        return Ok(not_needed(id));
    }
    audit::seen(&app, &staff, MEMBER_VIEWED, Some(&target.subject()), TITLE).await?;
    Ok(page(&context, target, FormState::default(), CertificateForm::default()).into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<CertificateForm>,
) -> Result<Response, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    if !flags::any_in_force(&target) {
        return Ok(not_needed(id));
    }
    let said = act::MemberActionForm {
        reason: typed.reason.clone(),
        identity: typed.identity.clone(),
        ..act::MemberActionForm::default()
    };
    let form = act::mistakes(Asks::Identity, &said);
    if form.has_errors() {
        return Ok(page(&context, target, form, typed).into_response());
    }
    let year: Option<i16> = typed.year.parse().ok();
    let this_month = TreatmentMonth::of(target.today);
    let whole = match year {
        Some(year) => VisibleMonths::of_year(year).ok_or(AppError::NotFound)?,
        None => VisibleMonths { first: TreatmentMonth::of(target.member.birth_date), last: this_month },
    };
    let lines = expenses::lines_of_person(&app.db, &staff, id, whole).await?;
    let first = lines.iter().map(|line| line.month).min().unwrap_or(whole.last);
    let months = VisibleMonths { first: if year.is_some() { whole.first } else { first.min(whole.last) }, ..whole };
    let title = match year {
        Some(year) => format!("{}の医療費明細", format::year(Lang::Ja, year)),
        None => "医療費明細".to_owned(),
    };
    let spans = queries::spans(&app.db, &staff, &[id]).await?;
    let insured = match spans.first() {
        Some(span) => queries::insured_of(&app.db, &staff, span.household_id).await?,
        None => None,
    };
    let mut tx = app.db.begin().await?;
    let detail = format!("{title}: {}", said.told());
    audit::record(&app, &mut tx, &staff, MEMBER_CERTIFICATE, Some(&target.subject()), &detail).await?;
    tx.commit().await?;
    let insured_name = insured.unwrap_or_else(|| target.member.name.clone());
    let turn = heavy::account(&staff, "staff", staff.staff_id);
    let printed = Printed { turn, lang: Lang::Ja, title, insured_name, months, lines };
    expenses::print(&app, &staff, printed, expenses::arrival(&app.db, &staff).await?).await
}

crate::ui::console_pages! {
    MemberCertificatePage => |context| {
        let typed = CertificateForm { year: "2025".into(), ..CertificateForm::default() };
        Self {
            page: context.console_with_errors(TITLE),
            form: act::mistakes(Asks::Identity, &act::MemberActionForm::default()),
            member_id: 7,
            name: "テスト ハナコ".into(),
            years: vec![2026, 2025],
            typed,
        }
    },
}
