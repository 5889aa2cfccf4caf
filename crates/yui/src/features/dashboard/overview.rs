//! The page.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, ToSpan, civil::Date};

use super::{
    queries,
    totals::{DailyTotals, take},
};
use crate::{
    core::{
        app::App,
        error::AppError,
        scope::StaffScope,
        society::{InSociety, maintenance::windows},
    },
    features::{approvals, imports, mails},
    ui::{Lang, Page, PageContext, format, widgets::chart::Columns},
};

/// A batch among the newest.
pub(crate) struct RecentBatch {
    batch_id: i64,
    kind: &'static str,
    file_name: String,
    state: &'static str,
    accepted: i64,
    rejected: i64,
}

/// A month in the picture and its table.
pub(crate) struct MonthBar {
    label: String,
    figures: DailyTotals,
}

#[derive(Template)]
#[template(path = "features/dashboard/overview.html")]
pub(crate) struct DashboardPage {
    page: Page,
    figures: DailyTotals,
    taken: String,
    approvals: i64,
    mails_failed: i64,
    /// The next maintenance.
    closed: Option<String>,
    batches: Vec<RecentBatch>,
    months: Vec<MonthBar>,
    enrolled: Columns,
}

/// How many batches are shown.
const BATCHES: i64 = 5;

/// Totals older than this are counted again for the page.
const STALE: SignedDuration = SignedDuration::from_hours(26);

/// Returns the last figures of each month, the oldest first.
fn by_month(figures: &[DailyTotals]) -> Vec<MonthBar> {
    let mut months: Vec<MonthBar> = Vec::new();
    for figures in figures {
        let label = format!("{}/{:02}", figures.day.year(), figures.day.month());
        match months.last_mut().filter(|month| month.label == label) {
            Some(month) => month.figures = *figures,
            None => months.push(MonthBar { label, figures: *figures }),
        }
    }
    months
}

/// Returns the picture of the enrolled share over the twelve months up to the last one; months without figures stay empty.
fn columns(months: &[MonthBar]) -> Columns {
    let said: Vec<_> =
        months.iter().map(|month| format!("{} {}%", month.label, month.figures.enrolled_percent())).collect();
    let last = months.last().map(|month| month.figures.day.first_of_month());
    let back = |ago: i32| last.and_then(|last| last.checked_sub(ago.months()).ok());
    let values: Vec<_> = (0..12)
        .rev()
        .filter_map(back)
        .map(|month| {
            let known = months.iter().find(|known| known.figures.day.first_of_month() == month);
            (format!("{}月", month.month()), known.map_or(0, |known| known.figures.enrolled_percent()))
        })
        .collect();
    Columns::percentages(format!("登録済みの割合の推移: {}", said.join("、")), &values, values.len().checked_sub(1))
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<DashboardPage, AppError> {
    let now = app.clock.now();
    let since: Date = app.clock.today().first_of_month().checked_sub(11.months())?;
    let mut kept = queries::kept_since(&app.db, &staff, since).await?;
    let stale = kept.last().is_none_or(|newest| now.duration_since(newest.taken_at) > STALE);
    if stale {
        let fresh = take(&app, &staff).await?;
        kept.retain(|figures| figures.day != fresh.day);
        kept.push(fresh);
    }
    let figures = *kept.last().ok_or_else(|| anyhow::anyhow!("no figures"))?;
    let batches = imports::newest_batches(&app, &staff, BATCHES).await?;
    let batches = batches.into_iter().map(|batch| RecentBatch {
        batch_id: batch.batch_id,
        kind: batch.kind.label(),
        state: batch.words(),
        file_name: batch.file_name,
        accepted: batch.accepted,
        rejected: batch.rejected + batch.unmatched,
    });
    let months = by_month(&kept);
    Ok(DashboardPage {
        page: context.console("概況"),
        taken: format::minute(figures.taken_at),
        figures,
        approvals: approvals::open_count(&app, &staff).await?,
        mails_failed: mails::failed_count(&app, &staff).await?,
        closed: windows(&staff.society().policy.maintenance, now).next().map(|window| window.words(Lang::Ja)),
        batches: batches.collect(),
        enrolled: columns(&months),
        months,
    })
}

pub(super) async fn count_again(State(app): State<App>, staff: StaffScope) -> Result<Response, AppError> {
    take(&app, &staff).await?;
    Ok(Redirect::to("/console").into_response())
}

crate::ui::console_pages! {
    DashboardPage => |context| {
        let figures = |month: i8, enrolled: i64| DailyTotals {
            day: jiff::civil::date(2026, month, 20),
            taken_at: jiff::Timestamp::UNIX_EPOCH,
            members: 2_120,
            insured: 1_204,
            enrolled,
            waiting: 1_204 - enrolled,
            stopped: 3,
            locked: 2,
            never_logged_in: 1_150 - enrolled,
            with_passkey: enrolled / 2,
            with_app: enrolled / 4,
            with_email: enrolled / 4,
        };
        let kept = [figures(9, 200), figures(10, 420), figures(11, 811)];
        let months = by_month(&kept);
        Self {
            page: context.console("概況"),
            figures: kept[2],
            taken: "2026/11/20 09:00".into(),
            approvals: 1,
            mails_failed: 2,
            closed: Some("12月17日（木）19:00〜22:00".into()),
            batches: vec![RecentBatch {
                batch_id: 7,
                kind: "医療費",
                file_name: "expenses-2026-09.csv".into(),
                state: "公開中",
                accepted: 12_043,
                rejected: 3,
            }],
            enrolled: columns(&months),
            months,
        }
    },
}
