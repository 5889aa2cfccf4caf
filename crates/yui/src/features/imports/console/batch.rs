//! The page of a batch: its counts, its history, its mistakes, and the acts on it.

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::preview::{counted, in_words};
use crate::{
    core::{app::App, audit, error::AppError, role::Right, scope::StaffScope, society::Guarded},
    features::{
        approvals,
        imports::{
            Batch, BatchState, HandChange, acts,
            kind::named,
            preview::{FoundFaults, PreviewFinding},
            queries,
        },
    },
    ui::{Lang, Page, PageContext, format},
};

/// A step in the history of a batch.
pub(crate) struct HistoryStep {
    what: &'static str,
    at: String,
    by: String,
}

#[derive(Template)]
#[template(path = "features/imports/console/batch.html")]
pub(crate) struct ImportBatchPage {
    page: Page,
    batch: Batch,
    months: String,
    details: Vec<(&'static str, i64)>,
    steps: Vec<HistoryStep>,
    faults: Vec<PreviewFinding>,
    /// The most common reasons, each with its number of rows.
    fault_groups: Vec<(String, u64)>,
    /// The first notices: findings on accepted rows that staff should look at.
    notices: Vec<PreviewFinding>,
    /// The changes that staff made by hand, if the batch is no file.
    changes: Vec<HandChange>,
    /// The address of the page for single rows.
    rows: Option<String>,
    may_import: bool,
    /// The upload whose import is under way, or stopped.
    upload: Option<i64>,
    scheduled: String,
    waits_for_approval: bool,
    withdrawal_asked: bool,
    /// The months that have arrived, as stated; empty if nobody has stated any.
    through: String,
    done: &'static str,
}

impl ImportBatchPage {
    fn is(&self, word: &str) -> bool {
        self.batch.state.as_str() == word
    }

    fn number(&self, count: &u64) -> String {
        format::yen(i64::try_from(*count).unwrap_or(i64::MAX))
    }

    fn wrong(&self) -> i64 {
        self.batch.rejected + self.batch.unmatched
    }
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(super) struct BatchQuery {
    #[serde(default)]
    done: String,
}

/// The number of mistakes on the page.
const SHOWN: usize = 100;

/// The number of notices on the page.
const SHOWN_NOTICES: i64 = 100;

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Query(BatchQuery { done }): Query<BatchQuery>,
) -> Result<ImportBatchPage, AppError> {
    let batch = queries::batch(&app.db, &staff, id).await?.ok_or(AppError::NotFound)?;
    let may_import = staff.role.has(Right::Data);
    let notices = if may_import { queries::notice_list(&app.db, &staff, id, SHOWN_NOTICES).await? } else { Vec::new() };
    let (mut faults, mut fault_groups) = (Vec::new(), Vec::new());
    if may_import && (batch.rejected + batch.unmatched > 0 || !notices.is_empty()) {
        // They quote what stands in the file, and name persons.
        audit::seen(&app, &staff, acts::BATCH_SEEN, Some(&acts::batch(&batch)), batch.kind.label()).await?;
        let kept = queries::fault_list(&app.db, &staff, id, queries::KEPT).await?;
        fault_groups = FoundFaults::of(&kept).groups();
        faults = kept.iter().take(SHOWN).map(PreviewFinding::from).collect();
    }
    let upload = queries::upload_of_batch(&app.db, &staff, id).await?;
    let uploaded = upload.as_ref().map(|upload| step("アップロード", &upload.uploaded));
    let applied = upload.as_ref().and_then(|upload| upload.applied.as_ref()).map(|done| step("取込を指示", done));
    let imported = step("取込", &(batch.created_at, batch.imported_by.clone()));
    let published = batch.published.as_ref().filter(|_| !batch.kind.at_once()).map(|done| step("公開", done));
    let withdrawn = batch.withdrawn.as_ref().map(|done| step("取下げ", done));
    let waits = !batch.kind.at_once() && approvals::open_about(&app, &staff, Guarded::Publication, id).await?.is_some();
    let withdrawal_asked = approvals::open_about(&app, &staff, Guarded::Withdrawal, id).await?.is_some();
    let changes = if may_import { batch.kind.changes_by_hand(&app, &staff.acting(), id).await? } else { Vec::new() };
    let rows = batch.kind.rows_path(id).filter(|_| may_import && batch.state != BatchState::Withdrawn);
    Ok(ImportBatchPage {
        changes,
        rows,
        steps: uploaded.into_iter().chain(applied).chain([imported]).chain(published).chain(withdrawn).collect(),
        faults,
        fault_groups,
        notices: notices.iter().map(PreviewFinding::from).collect(),
        may_import,
        upload: upload.filter(|upload| upload.state.as_str() != "applied").map(|upload| upload.upload_id),
        waits_for_approval: waits,
        withdrawal_asked,
        done: match done.as_str() {
            "published" => "公開を受け付けました。まもなく加入者に見えるようになります。",
            "scheduled" => "公開日時を設定しました。",
            "unscheduled" => "公開の予約を取り消しました。",
            "months" => "そろった月を変更しました。",
            "claim-assigned" => "請求を加入者に割り当てました。公開すると、加入者に見えるようになります。",
            "claim-changed" => "手作業の変更に反映しました。公開すると、加入者に見えるようになります。",
            "withdraw-asked" => "取下げの承認を依頼しました。ほかの職員が承認すると、すぐに取り下げます。",
            "asked" => "承認を依頼しました。ほかの職員が承認すると実行されます。",
            _ => "",
        },
        ..page(&context, batch)
    })
}

fn step(what: &'static str, (at, by): &(jiff::Timestamp, String)) -> HistoryStep {
    HistoryStep { what, at: format::minute(*at), by: by.clone() }
}

fn page(context: &PageContext, batch: Batch) -> ImportBatchPage {
    let count = |word: &str| batch.details.iter().find(|(known, _)| known == word).map(|(_, count)| *count);
    ImportBatchPage {
        page: context.console(&format!("取込{} {}", batch.batch_id, batch.file_name)),
        months: batch.months.map(|(first, last)| in_words(first, last)).unwrap_or_default(),
        details: counted(batch.kind.details().iter().filter_map(|(word, label)| Some((*label, count(word)?)))),
        steps: Vec::new(),
        faults: Vec::new(),
        fault_groups: Vec::new(),
        notices: Vec::new(),
        changes: Vec::new(),
        rows: None,
        may_import: false,
        upload: None,
        scheduled: batch.publish_at.map(format::minute).unwrap_or_default(),
        waits_for_approval: false,
        withdrawal_asked: false,
        through: match batch.through {
            Some(month) => format!("{}診療分まで", format::month_long(Lang::Ja, month)),
            None if batch.state == BatchState::Published && !batch.kind.at_once() => {
                "そろった月はありません".to_owned()
            }
            None => String::new(),
        },
        done: "",
        batch,
    }
}

/// Returns an invented batch.
pub(super) fn sample() -> Batch {
    let month = |number| kenpo_formats::TreatmentMonth::from_number(number);
    Batch {
        batch_id: 7,
        kind: named("expenses"),
        file_name: "expenses-2026-09.csv".into(),
        state: BatchState::Staged,
        position: 12_046,
        accepted: 12_043,
        rejected: 2,
        unmatched: 1,
        corrections: 5,
        details: vec![("claims taken back".into(), 1)],
        months: month(202_608).zip(month(202_609)),
        imported_by: "試験 花子".into(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        publish_at: None,
        published: None,
        withdrawn: None,
        told: 0,
        telling: false,
        withdrawing: false,
        withdraw_trouble: None,
        withdraw_reason: None,
        through: None,
        kept: 0,
        clearing: false,
        by_hand: false,
    }
}

/// Returns the month up to which everything has arrived with the invented batch.
pub(super) fn month() -> Option<kenpo_formats::TreatmentMonth> {
    kenpo_formats::TreatmentMonth::from_number(202_609)
}

crate::ui::console_pages! {
    ImportBatchPage => |context| Self {
        steps: vec![step("取込", &(jiff::Timestamp::UNIX_EPOCH, "試験 花子".into()))],
        faults: vec![PreviewFinding {
            file: "expenses-2026-09.csv".into(),
            line: 3,
            numbers: "12-345".into(),
            name: "見本 太郎".into(),
            column: "診療年月".into(),
            reason: "「2026-13」は年月ではありません。".into(),
        }],
        fault_groups: vec![("診療年月: 「」は年月ではありません。".into(), 2)],
        changes: vec![HandChange {
            path: "/console/imports/7/claims/0102".into(),
            act: "訂正",
            who: "見本 太郎".into(),
            care: "2026-09 通院 みほん医院".into(),
            amounts: "総額13,000円・自己負担3,900円 → 総額12,000円・自己負担3,600円".into(),
            reason: "窓口の確認".into(),
            by: "試験 花子".into(),
            at: "2026/11/30 09:00".into(),
        }],
        rows: Some("/console/imports/7/claims".into()),
        may_import: true,
        scheduled: "2026/12/01 09:00".into(),
        done: "公開日時を設定しました。",
        withdrawal_asked: true,
        ..page(context, Batch { through: month(), ..sample() })
    },
}
