//! A claim with its versions, and what staff may do with it by hand.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use kenpo_formats::{amounts::Amounts, text::fold};
use serde::Deserialize;
use yui_db::Tx;

use super::{CHANGE_DROPPED, CLAIM_SEEN, CORRECTED, WITHDRAWN, changed, claim::Claim, list_path, path};
use crate::{
    core::{app::App, audit, error::AppError, scope::StaffScope},
    features::{
        expenses::{
            by_hand::{self, ClaimAction, ClaimChange},
            incoming::Record,
            queries::hand::ClaimVersionRow,
        },
        imports::{self, BatchState},
    },
    ui::{FormState, Page, PageContext, format},
};

/// A version of the claim in the table.
pub(crate) struct VersionLine {
    batch_id: i64,
    file_name: String,
    state: &'static str,
    at: String,
    cancelled: bool,
    total: String,
    insurer: String,
    public: String,
    self_pay: String,
    /// Whether it waits for publication and can be discarded.
    waits: bool,
}

#[derive(Template)]
#[template(path = "features/expenses/claims/one.html")]
pub(crate) struct ClaimPage {
    page: Page,
    form: FormState,
    batch_id: i64,
    list: String,
    path: String,
    patient: String,
    member_id: i64,
    care: String,
    note: String,
    lines: Vec<VersionLine>,
    /// Whether the newest version is a withdrawal.
    cancelled: bool,
    typed: CorrectionForm,
}

const TITLE: &str = "請求の内容";

/// The most characters of a reason.
const LONGEST: usize = 500;

/// The form for the correction of a claim.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CorrectionForm {
    total: String,
    insurer: String,
    public: String,
    self_pay: String,
    reason: String,
}

fn page(
    context: &PageContext,
    claim: &Claim,
    form: FormState,
    typed: Option<CorrectionForm>,
) -> Result<ClaimPage, AppError> {
    let newest = claim.newest()?;
    let record = claim.record()?;
    let line = |version: &ClaimVersionRow| {
        let state = BatchState::parse(&version.state);
        VersionLine {
            batch_id: version.batch_id,
            file_name: version.file_name.clone(),
            state: state.map_or("", BatchState::label),
            at: format::minute(version.created_at),
            cancelled: version.cancelled,
            total: format::yen(version.total),
            insurer: format::yen(version.insurer_share),
            public: format::yen(version.public_share),
            self_pay: format::yen(version.self_pay),
            waits: version.by_hand && state == Some(BatchState::Staged),
        }
    };
    Ok(ClaimPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        batch_id: claim.batch_id,
        list: list_path(claim.batch_id),
        path: path(claim.batch_id, &claim.key),
        patient: newest.patient.clone(),
        member_id: newest.member_id,
        care: record.care(),
        note: newest.note.clone(),
        lines: claim.versions.iter().map(line).collect(),
        cancelled: newest.cancelled,
        typed: typed.unwrap_or_else(|| CorrectionForm {
            total: newest.total.to_string(),
            insurer: newest.insurer_share.to_string(),
            public: newest.public_share.to_string(),
            self_pay: newest.self_pay.to_string(),
            reason: String::new(),
        }),
    })
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path((id, key)): Path<(i64, String)>,
) -> Result<ClaimPage, AppError> {
    let mut tx = app.db.begin_reading().await?;
    let claim = Claim::of(&mut tx, &staff, id, &key).await?;
    drop(tx);
    seen(&app, &staff, &claim).await?;
    page(&context, &claim, FormState::default(), None)
}

async fn seen(app: &App, staff: &StaffScope, claim: &Claim) -> Result<(), AppError> {
    let detail = claim.record()?.care();
    Ok(audit::seen(app, staff, CLAIM_SEEN, Some(&claim.subject()?), &detail).await?)
}

/// Returns a reason; adds its mistakes to the form.
fn reason(form: &mut FormState, field: &'static str, typed: &str) -> String {
    let reason = typed.trim().to_owned();
    if reason.is_empty() {
        form.error(field, "理由を入力してください。");
    } else if reason.chars().count() > LONGEST {
        form.error(field, "500文字以内で入力してください。");
    }
    reason
}

/// Returns an amount in yen; adds its mistakes to the form.
fn yen(form: &mut FormState, field: &'static str, typed: &str) -> i64 {
    let digits: String = fold(typed).chars().filter(|character| !matches!(character, ',' | '円' | ' ')).collect();
    match digits.parse() {
        Ok(amount) if (0..=MOST_YEN).contains(&amount) => amount,
        _ => {
            form.error(field, "0以上の金額を、数字で入力してください（例: 3600）。");
            0
        }
    }
}

/// The most yen that a claim can be about.
const MOST_YEN: i64 = 1_000_000_000;

pub(in super::super) async fn correct(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path((id, key)): Path<(i64, String)>,
    Form(typed): Form<CorrectionForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let (total, insurer) = (yen(&mut form, "total", &typed.total), yen(&mut form, "insurer", &typed.insurer));
    let (public, own) = (yen(&mut form, "public", &typed.public), yen(&mut form, "self_pay", &typed.self_pay));
    let why = reason(&mut form, "reason", &typed.reason);
    let amounts = Amounts::new(total, insurer, public, own);
    if amounts.is_none() && !form.has_errors() {
        form.error("total", "医療費総額が、保険者負担額・公費負担額・自己負担額の合計と合いません。");
    }
    let begun = PendingChange::new(&app, &staff, id, &key).await?;
    let before = begun.claim.record()?;
    if amounts == Some(before.amounts) && !before.cancelled && !form.has_errors() {
        form.error("total", "金額が変わっていません。");
    }
    let Some(amounts) = amounts.filter(|_| !form.has_errors()) else {
        drop(begun.tx);
        seen(&app, &staff, &begun.claim).await?;
        return Ok(page(&context, &begun.claim, form, Some(typed))?.into_response());
    };
    let record = Record { amounts, cancelled: false, derived: false, ..before };
    begun.change(&app, &record, ClaimAction::Corrected, &why).await
}

pub(in super::super) async fn withdraw(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path((id, key)): Path<(i64, String)>,
    Form(typed): Form<CorrectionForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let why = reason(&mut form, "withdraw-reason", &typed.reason);
    let begun = PendingChange::new(&app, &staff, id, &key).await?;
    let record = begun.claim.record()?;
    if record.cancelled && !form.has_errors() {
        form.error("withdraw-reason", "この請求は、すでに取り消されています。");
    }
    if form.has_errors() {
        drop(begun.tx);
        seen(&app, &staff, &begun.claim).await?;
        return Ok(page(&context, &begun.claim, form, None)?.into_response());
    }
    begun.change(&app, &record, ClaimAction::Withdrawn, &why).await
}

/// Discards the change of the claim that waits in this batch.
pub(in super::super) async fn undo(
    State(app): State<App>,
    staff: StaffScope,
    Path((id, key)): Path<(i64, String)>,
) -> Result<Response, AppError> {
    let mut begun = PendingChange::new(&app, &staff, id, &key).await?;
    let waits = begun.claim.versions.iter().find(|version| version.batch_id == id);
    if !waits.is_some_and(|version| version.by_hand && version.state == BatchState::Staged.as_str()) {
        return Err(AppError::NotFound);
    }
    let scope = staff.acting();
    crate::features::expenses::unmatched::unplaced(&mut begun.tx, &scope, id, &begun.claim.key).await?;
    by_hand::remove(&mut begun.tx, &scope, id, &begun.claim.key).await?;
    let (subject, detail) = (begun.claim.subject()?, begun.claim.record()?.care());
    audit::record(&app, &mut begun.tx, &staff, CHANGE_DROPPED, Some(&subject), &detail).await?;
    begun.tx.commit().await?;
    Ok(changed(id))
}

/// A change to be made.
struct PendingChange<'a> {
    staff: &'a StaffScope,
    tx: Tx,
    claim: Claim,
}

impl<'a> PendingChange<'a> {
    async fn new(app: &App, staff: &'a StaffScope, batch_id: i64, key: &str) -> Result<Self, AppError> {
        let mut tx = app.db.begin().await?;
        imports::one_chunk_at_a_time(&mut tx, &staff.acting()).await?;
        let claim = Claim::of(&mut tx, staff, batch_id, key).await?;
        Ok(Self { staff, tx, claim })
    }

    async fn change(
        mut self,
        app: &App,
        record: &Record,
        act: ClaimAction,
        reason: &str,
    ) -> Result<Response, AppError> {
        let scope = self.staff.acting();
        let batch_id = by_hand::batch(app, &mut self.tx, &scope).await?;
        let change = ClaimChange { key: &self.claim.key, person: self.claim.person()?, record, act, reason };
        by_hand::add(app, &mut self.tx, &scope, batch_id, &change).await?;
        let old = self.claim.record()?.amounts;
        let told = match act {
            ClaimAction::Withdrawn => "取消".to_owned(),
            ClaimAction::Corrected | ClaimAction::Assigned => format!(
                "総額{}円→{}円、自己負担{}円→{}円",
                format::yen(old.total),
                format::yen(record.amounts.total),
                format::yen(old.self_pay),
                format::yen(record.amounts.self_pay)
            ),
        };
        let detail = format!("{} {told}、理由: {reason}", record.care());
        let done = if act == ClaimAction::Withdrawn { WITHDRAWN } else { CORRECTED };
        audit::record(app, &mut self.tx, self.staff, done, Some(&self.claim.subject()?), &detail).await?;
        self.tx.commit().await?;
        Ok(changed(batch_id))
    }
}

crate::ui::console_pages! {
    ClaimPage => |context| {
        let mut form = FormState::default();
        form.error("total", "医療費総額が、保険者負担額・公費負担額・自己負担額の合計と合いません。");
        let line = |batch_id, name: &str, state, waits, total: &str| VersionLine {
            batch_id,
            file_name: name.into(),
            state,
            at: "2026/11/01 10:00".into(),
            cancelled: false,
            total: total.into(),
            insurer: "8,400".into(),
            public: "0".into(),
            self_pay: "3,600".into(),
            waits,
        };
        Self {
            page: context.console_with_errors(TITLE),
            form,
            batch_id: 7,
            list: list_path(7),
            path: path(7, b"\x01\x02"),
            patient: "見本 太郎".into(),
            member_id: 5,
            care: "2026-09 通院 みほん医院".into(),
            note: String::new(),
            lines: vec![
                line(9, "手作業の変更（2026-11-30）", "公開前", true, "12,000"),
                line(7, "expenses-2026-09.csv", "公開中", false, "13,000"),
            ],
            cancelled: false,
            typed: CorrectionForm { total: "12000".into(), insurer: "8400".into(), public: "0".into(), self_pay: "3600".into(), reason: "窓口の確認".into() },
        }
    },
}
