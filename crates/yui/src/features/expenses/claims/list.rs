//! The claims of a batch, all or those of one household.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::Redirect,
};
use serde::{Deserialize, Serialize};

use super::{CLAIMS_SEEN, key_of, list_path, path};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        error::AppError,
        scope::StaffScope,
        sealed_query::{self, SealedQuery},
    },
    features::{expenses::queries::hand, imports, register::holder_key, societies},
    ui::{FormState, Page, PageContext, format},
};

/// A claim in the table.
pub(crate) struct ClaimLine {
    path: String,
    patient: String,
    care: String,
    total: String,
    self_pay: String,
    cancelled: bool,
}

#[derive(Template)]
#[template(path = "features/expenses/claims/list.html")]
pub(crate) struct BatchClaimsPage {
    page: Page,
    form: FormState,
    batch_id: i64,
    typed: ClaimSearchForm,
    lines: Vec<ClaimLine>,
    next: Option<String>,
}

/// The search form of the page.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ClaimSearchForm {
    /// 記号
    symbol: String,
    /// 番号
    number: String,
    /// The last claim of the page before.
    after: String,
}

const TITLE: &str = "取込の請求";

/// The page name under which searches are sealed, for all batches.
const PAGE: &str = "/console/imports/claims";

/// The number of claims on a page.
const ON_A_PAGE: i64 = 50;

/// Redirects to the results, at an address that does not reveal the search words.
pub(in super::super) async fn search(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<ClaimSearchForm>,
) -> Result<Redirect, AppError> {
    Ok(Redirect::to(&address(&app, &staff, id, &typed)?))
}

fn address(app: &App, staff: &StaffScope, batch_id: i64, typed: &ClaimSearchForm) -> anyhow::Result<String> {
    let sealed = sealed_query::address(app, staff, PAGE, typed)?;
    Ok(format!("{}{}", list_path(batch_id), sealed.strip_prefix(PAGE).unwrap_or_default()))
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Query(looked_for): Query<SealedQuery>,
) -> Result<BatchClaimsPage, AppError> {
    let batch = imports::batch_of(&app, &staff, id).await?.ok_or(AppError::NotFound)?;
    if batch.kind.rows_path(id).is_none() {
        return Err(AppError::NotFound);
    }
    let typed: ClaimSearchForm = looked_for.typed(&app, &staff, PAGE).unwrap_or_default();
    let number = typed.number.trim();
    let mut form = FormState::default();
    let mut holders = Vec::new();
    if !number.is_empty() {
        let insurers = societies::insurer_numbers(&app, &staff).await?;
        holders.extend(insurers.iter().map(|insurer| holder_key(insurer, typed.symbol.trim(), number)));
    } else if !typed.symbol.trim().is_empty() {
        form.error("number", "番号も入力してください。");
    }
    let after = key_of(&typed.after).unwrap_or_default();
    let mut rows = hand::claims(&app.db, &staff, (id, &after, ON_A_PAGE + 1), &holders).await?;
    let most = usize::try_from(ON_A_PAGE)?;
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| ClaimSearchForm { after: super::hex(&last.claim_key), ..typed.clone() });
    let next = next.map(|next| address(&app, &staff, id, &next)).transpose()?;
    let subject = Subject::new("batch", id, format!("取込{id} {}", batch.file_name));
    audit::seen(&app, &staff, CLAIMS_SEEN, Some(&subject), &format!("{}件", rows.len())).await?;
    let line = |row: &hand::ClaimRow| {
        Some(ClaimLine {
            path: path(id, &row.claim_key),
            patient: row.patient.clone(),
            care: row.care()?,
            total: format::yen(row.total),
            self_pay: format::yen(row.self_pay),
            cancelled: row.cancelled,
        })
    };
    Ok(BatchClaimsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        batch_id: id,
        lines: rows.iter().filter_map(line).collect(),
        typed,
        next,
    })
}

crate::ui::console_pages! {
    BatchClaimsPage => |context| {
        let line = |patient: &str, cancelled| ClaimLine {
            path: path(7, b"\x01\x02"),
            patient: patient.into(),
            care: "2026-09 通院 みほん医院".into(),
            total: "12,000".into(),
            self_pay: "3,600".into(),
            cancelled,
        };
        Self {
            page: context.console(TITLE),
            form: FormState::default(),
            batch_id: 7,
            typed: ClaimSearchForm { symbol: "12".into(), number: "345".into(), after: String::new() },
            lines: vec![line("見本 太郎", false), line("見本 花子", true)],
            next: Some("/console/imports/7/claims?s=AQ".into()),
        }
    },
}
