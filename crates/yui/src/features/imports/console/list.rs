//! The list of imports: the work under way, and every batch, the newest first.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::paths::{batch_path, size, upload_path};
use crate::{
    core::{app::App, error::AppError, role::Right, scope::StaffScope},
    features::imports::{Batch, PendingWork, Upload, UploadState, kinds, queries},
    ui::{Page, PageContext, format},
};

/// An upload in the list.
pub(crate) struct UploadLine {
    /// The address of its page; none for readers who may not see it.
    path: Option<String>,
    file_name: String,
    kind: &'static str,
    size: String,
    state: &'static str,
    bad: bool,
    uploaded: String,
}

/// A batch in the list.
pub(crate) struct ListedBatch {
    batch_id: i64,
    path: String,
    file_name: String,
    kind: &'static str,
    state: String,
    accepted: i64,
    wrong: i64,
    imported: String,
    published: String,
    withdrawn: String,
}

#[derive(Template)]
#[template(path = "features/imports/console/list.html")]
pub(crate) struct ImportListPage {
    page: Page,
    may_import: bool,
    /// The work that waits for a decision of staff.
    waits: Vec<PendingWork>,
    uploads: Vec<UploadLine>,
    batches: Vec<ListedBatch>,
    /// The number before which the next page of batches begins.
    older: Option<i64>,
    done: &'static str,
}

/// The query of the list's address: the part of the list, and the change that was just made.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BatchListQuery {
    before: Option<i64>,
    done: String,
}

const TITLE: &str = "データ取込";
const ON_A_PAGE: i64 = 50;

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(wanted): Query<BatchListQuery>,
) -> Result<ImportListPage, AppError> {
    let may_import = staff.role.has(Right::Data);
    let uploads = queries::uploads_open(&app.db, &staff, ON_A_PAGE).await?;
    let (mut waits, acting) = (Vec::new(), staff.acting());
    for kind in kinds().filter(|_| may_import) {
        waits.extend(kind.waits(&app, &acting).await?);
    }
    let before = wanted.before.unwrap_or(i64::MAX);
    let mut batches = queries::batch_page(&app.db, &staff, before, ON_A_PAGE + 1).await?;
    let more = batches.len() > usize::try_from(ON_A_PAGE)?;
    batches.truncate(usize::try_from(ON_A_PAGE)?);
    Ok(ImportListPage {
        page: context.console(TITLE),
        may_import,
        waits,
        uploads: uploads.iter().map(|upload| upload_line(upload, may_import)).collect(),
        older: batches.last().filter(|_| more).map(|batch| batch.batch_id),
        batches: batches.iter().map(batch_line).collect(),
        done: match wanted.done.as_str() {
            "dropped" => "取込をとりやめ、ファイルを削除しました。",
            _ => "",
        },
    })
}

fn upload_line(upload: &Upload, may_see: bool) -> UploadLine {
    let (at, by) = &upload.uploaded;
    UploadLine {
        path: may_see.then(|| upload_path(upload.upload_id)),
        file_name: upload.file_name.clone(),
        kind: upload.kind.label(),
        size: size(upload.size),
        state: upload.state.label(),
        bad: matches!(upload.state, UploadState::Unreadable | UploadState::Refused | UploadState::Stopped),
        uploaded: format!("{} {by}", format::minute(*at)),
    }
}

fn batch_line(batch: &Batch) -> ListedBatch {
    let by = |done: &Option<(jiff::Timestamp, String)>| {
        done.as_ref().map(|(at, name)| format!("{} {name}", format::minute(*at))).unwrap_or_default()
    };
    ListedBatch {
        batch_id: batch.batch_id,
        path: batch_path(batch.batch_id),
        file_name: batch.file_name.clone(),
        kind: batch.kind.label(),
        state: match batch.publish_at {
            Some(at) => format!("{}（{}公開予定）", batch.words(), format::minute(at)),
            None => batch.words().to_owned(),
        },
        accepted: batch.accepted,
        wrong: batch.rejected + batch.unmatched,
        imported: format!("{} {}", format::minute(batch.created_at), batch.imported_by),
        published: by(&batch.published),
        withdrawn: by(&batch.withdrawn),
    }
}

crate::ui::console_pages! {
    ImportListPage => |context| Self {
        page: context.console(TITLE),
        may_import: true,
        waits: vec![PendingWork {
            words: "台帳にいる人と同じ人か、確認待ちの行が2行あります。".into(),
            path: "/console/imports/questions",
        }],
        uploads: vec![UploadLine {
            path: Some("/console/imports/uploads/9".into()),
            file_name: "expenses-2026-10.csv".into(),
            kind: "医療費",
            size: "1.2 MB".into(),
            state: UploadState::Checked.label(),
            bad: false,
            uploaded: "2026/11/20 09:12 試験 花子".into(),
        }],
        batches: vec![ListedBatch {
            batch_id: 7,
            path: "/console/imports/7".into(),
            file_name: "expenses-2026-09.csv".into(),
            kind: "医療費",
            state: "公開中".into(),
            accepted: 12_043,
            wrong: 3,
            imported: "2026/10/20 09:12 試験 花子".into(),
            published: "2026/10/21 09:00 試験 花子".into(),
            withdrawn: String::new(),
        }],
        older: Some(7),
        done: "取込をとりやめ、ファイルを削除しました。",
    },
}
