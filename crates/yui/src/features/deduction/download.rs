//! The files of a year.

use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use kenpo_formats::{
    portal_csv::{self, PortalFile, PortalLine},
    tax_xml::{self, Notice, NoticeLine, Profile},
    worksheet::{self, PaidOn, WorksheetCategory, WorksheetRow},
};
use serde::Deserialize;

use super::{
    netting::{NettedLine, netted},
    year::year_lines,
};
use crate::{
    core::{app::App, error::AppError, heavy, scope::MemberScope, society::InSociety},
    features::{expenses::ExpenseLine, societies},
};

/// The program's name in the file, as the agency's form asks for.
const SOFTWARE: &str = concat!("Yui ", env!("CARGO_PKG_VERSION"));

fn number(year: &str) -> Result<i16, AppError> {
    year.parse().map_err(|_| AppError::NotFound)
}

fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

/// The signed expense notice. Lines without a provider's name stay out: the tax return does not take them. Adjustments
/// are subtracted from the lines they belong to.
pub(super) async fn xml(
    State(app): State<App>,
    scope: MemberScope,
    Path(year): Path<String>,
) -> Result<Response, AppError> {
    let year = number(&year)?;
    let lines = year_lines(&app, &scope, year).await?;
    let Some(key) = societies::signing_key::newest(&app, &scope).await? else {
        return Err(AppError::Unavailable("健康保険組合の署名鍵がまだ登録されていないため、XMLは受け取れません。"));
    };
    let profile = Profile::provisional();
    let (notice, _told_on_the_page) = notice(&app, &scope, lines, &profile);
    let xml = tax_xml::write(&profile, &notice)?;
    let turn = heavy::account(&scope, "member", scope.account_id);
    let signed = app.heavy.run(turn, move || tax_xml::sign(&xml, &key, &profile)).await??;
    Ok(file("application/xml", &format!("medical-expenses-{year}.xml"), signed.into_bytes()))
}

/// Returns the notice of these lines as it can be written, and the texts that had to be changed for that. Lines without
/// a provider's name stay out, and so does the rest of adjustments beyond the lines they belong to.
pub(super) fn notice(
    app: &App,
    scope: &MemberScope,
    lines: Vec<ExpenseLine>,
    profile: &Profile,
) -> (Notice, Vec<tax_xml::Fitted>) {
    let mut notice = Notice {
        insurer_name: scope.society().name.clone(),
        insured_name: scope.name.clone(),
        created: app.clock.today(),
        software: SOFTWARE.to_owned(),
        lines: netted(lines)
            .lines
            .into_iter()
            .filter(|line| !line.line.provider_name.is_empty())
            .map(notice_line)
            .collect(),
    };
    let fitted = notice.fit(profile);
    (notice, fitted)
}

fn notice_line(netted: NettedLine) -> NoticeLine {
    let paid = netted.left();
    let ExpenseLine { month, patient, provider_name, .. } = netted.line;
    NoticeLine { treatment_month: month, patient_name: patient, provider_name, paid }
}

/// The person of a file: the national portal's form holds one.
#[derive(Deserialize)]
pub(super) struct DownloadQuery {
    member: Option<i64>,
}

/// The national portal's two-column CSV of one person.
pub(super) async fn csv(
    State(app): State<App>,
    scope: MemberScope,
    Path(year): Path<String>,
    Query(DownloadQuery { member }): Query<DownloadQuery>,
) -> Result<Response, AppError> {
    let year = number(&year)?;
    let mut lines = year_lines(&app, &scope, year).await?;
    lines.retain(|line| Some(line.member_id) == member);
    let Some(name) = lines.first().map(|line| line.patient.clone()) else { return Err(AppError::NotFound) };
    let mut bytes = Vec::new();
    portal_csv::write(&mut bytes, &PortalFile::of(&name, lines.into_iter().map(portal_line).collect()))?;
    let name = format!("medical-expenses-{year}-{}.csv", member.unwrap_or_default());
    Ok(file("text/csv; charset=utf-8", &name, bytes))
}

fn portal_line(line: ExpenseLine) -> PortalLine {
    PortalLine {
        treatment_month: line.month,
        care: line.care_kind.portal_label().to_owned(),
        days: line.days.and_then(|days| u32::try_from(days).ok()),
        provider_name: line.provider_name,
        total: line.total,
        insurer: line.insurer,
        public: line.public,
        self_pay: line.self_pay,
    }
}

/// The tax agency's worksheet. Repayments of the insurer stand in the column of reimbursed amounts.
pub(super) async fn xlsx(
    State(app): State<App>,
    scope: MemberScope,
    Path(year): Path<String>,
) -> Result<Response, AppError> {
    let year = number(&year)?;
    let lines = year_lines(&app, &scope, year).await?;
    let rows: Vec<_> = netted(lines).lines.into_iter().map(worksheet_row).collect();
    let turn = heavy::account(&scope, "member", scope.account_id);
    let bytes = app.heavy.run(turn, move || worksheet::write(&rows)).await??;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(file(kind, &format!("medical-expenses-{year}.xlsx"), bytes))
}

fn worksheet_row(NettedLine { line, paid, refunded }: NettedLine) -> WorksheetRow {
    WorksheetRow {
        patient_name: line.patient,
        provider_name: line.provider_name,
        category: WorksheetCategory::from(line.care_kind),
        paid,
        refunded,
        paid_on: PaidOn::Month(line.month),
    }
}
