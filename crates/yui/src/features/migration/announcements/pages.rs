//! The page of the migration, and the check before mails go out.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use serde::Deserialize;

use super::{
    acts::{ALL, subject},
    announce::{Announced, AnnouncementAct, HOUR, Sending, foresee},
    order::{order, words},
    queries::{self, Foreseen, NotEnrolledCounts, OrderRow, WaitingMailsRow},
    refusal::AnnouncementRefusal,
};
use crate::{
    core::{
        app::App,
        clock::{japan, last_day},
        error::AppError,
        scope::StaffScope,
        society::Guarded,
    },
    features::{
        approvals,
        migration::progress::{MigrationGroup, progress},
    },
    ui::{FormState, Lang, Page, PageContext, format},
};

/// The form for announcements: the day of sending and, if it is not to stay the import's, the last day of the first
/// login.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnnouncementForm {
    on: String,
    until: String,
}

/// An order of staff, as the table shows it.
pub(crate) struct OrderLine {
    what: String,
    ordered: String,
    state: &'static str,
    bad: bool,
    done: String,
}

/// Mails that wait for one time.
pub(crate) struct WaitingMails {
    at: String,
    mails: i64,
}

#[derive(Template)]
#[template(path = "features/migration/announcements/overview.html")]
pub(crate) struct MigrationPage {
    page: Page,
    form: FormState,
    typed: AnnouncementForm,
    groups: Vec<MigrationGroup>,
    total: MigrationGroup,
    not_enrolled: NotEnrolledCounts,
    waiting: Vec<WaitingMails>,
    orders: Vec<OrderLine>,
    /// An order is being carried out, whether that failed a moment ago, and whether it is one to send.
    working: bool,
    trouble: bool,
    sending: bool,
    by_two: bool,
    /// The open request for approval, with its author.
    asked: Option<approvals::Open>,
    done: &'static str,
}

#[derive(Template)]
#[template(path = "features/migration/announcements/check.html")]
pub(crate) struct MigrationCheckPage {
    page: Page,
    typed: AnnouncementForm,
    when: String,
    until: Option<String>,
    foreseen: Foreseen,
    by_two: bool,
}

impl MigrationPage {
    /// Returns whether anybody comes from an older system.
    fn has_older_users(&self) -> bool {
        self.groups.iter().any(|group| group.origin != "new" && group.accounts > 0)
    }

    fn mails_waiting(&self) -> i64 {
        self.waiting.iter().map(|waiting| waiting.mails).sum()
    }
}

/// The number of orders on the page.
const SHOWN: i64 = 20;

const TITLE: &str = "以前のシステムからの移行";

/// The query of the page's address: the change that was just made.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnnouncementsQuery {
    done: String,
}

pub(crate) async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    (typed, done): (AnnouncementForm, &str),
) -> Result<MigrationPage, AppError> {
    let now = app.clock.now();
    let groups = progress(&app.db, staff, now).await?;
    let orders = queries::list(&app.db, staff, SHOWN).await?;
    let running = orders.first().filter(|order| order.done_at.is_none() && order.stopped_at.is_none());
    Ok(MigrationPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        typed,
        total: MigrationGroup::total(&groups),
        groups: groups.to_vec(),
        not_enrolled: queries::not_enrolled_counts(&app.db, staff, app.clock.today()).await?,
        waiting: queries::waiting(&app.db, staff, now).await?.iter().map(waiting).collect(),
        working: running.is_some(),
        trouble: running.is_some_and(|order| order.trouble_at.is_some()),
        sending: running.is_some_and(|order| order.act == "send"),
        orders: orders.iter().map(order_line).collect(),
        by_two: approvals::needed(staff, Guarded::MassMail),
        asked: approvals::open_about(app, staff, Guarded::MassMail, ALL).await?,
        done: match done {
            "ordered" => "送信の指示を受け付けました。",
            "asked" => "承認を依頼しました。ほかの職員が承認すると、メールの用意を始めます。",
            "taking-back" => "取消しの指示を受け付けました。",
            "nothing" => "送信待ちのメールはありませんでした。",
            _ => "",
        },
    })
}

fn waiting(row: &WaitingMailsRow) -> WaitingMails {
    WaitingMails { at: format::minute_of(Lang::Ja, row.due_at), mails: row.mails }
}

fn order_line(row: &OrderRow) -> OrderLine {
    let minute = |at: jiff::Timestamp| format::minute(at);
    let what = match row.due_at {
        Some(due) if row.act == "send" => format!("{} に送信", minute(due)),
        _ => "送信待ちの取消し".to_owned(),
    };
    let until =
        row.ends_at.map(|end| format!("（{}まで登録可）", format::date(Lang::Ja, last_day(end)))).unwrap_or_default();
    let OrderRow { written, moved, as_before, taken_back, .. } = *row;
    OrderLine {
        what: format!("{what}{until}"),
        ordered: format!("{} {}", row.ordered_name, minute(row.ordered_at)),
        state: match (row.done_at, row.stopped_at, row.trouble_at) {
            (Some(_), ..) => "完了",
            (_, Some(_), _) => "中止（次の指示を優先）",
            (_, _, Some(_)) => "やり直し待ち",
            _ => "処理中",
        },
        bad: row.done_at.is_none() && row.stopped_at.is_none() && row.trouble_at.is_some(),
        done: Announced { written, moved, as_before, taken_back }.words(),
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(AnnouncementsQuery { done }): Query<AnnouncementsQuery>,
) -> Result<MigrationPage, AppError> {
    page(&app, &context, &staff, FormState::default(), (AnnouncementForm::default(), &done)).await
}

/// A planned sending, with its effects.
struct Planned {
    on: Date,
    until: Option<Date>,
    sending: Sending,
    foreseen: Foreseen,
}

/// Returns the planned sending with its effects, or the mistakes in the form.
async fn planned(
    app: &App,
    staff: &StaffScope,
    typed: &AnnouncementForm,
) -> Result<Result<Planned, FormState>, AppError> {
    let mut form = FormState::default();
    let on = typed.on.trim().parse::<Date>().ok();
    if on.is_none() {
        form.error("on", "送る日を 2027-01-15 のように入力してください。");
    }
    let until = match typed.until.trim() {
        "" => None,
        typed => typed.parse::<Date>().map(Some).unwrap_or_else(|_| {
            form.error("until", "登録できる最後の日を 2027-03-31 のように入力するか、空欄にしてください。");
            None
        }),
    };
    let Some(on) = on.filter(|_| !form.has_errors()) else { return Ok(Err(form)) };
    match foresee(app, staff, on, until).await {
        Ok((sending, foreseen)) => {
            if foreseen.people() == 0 {
                let words = match foreseen.as_before {
                    0 => "メールを送る人がいません。".to_owned(),
                    count => format!("{}人のメールは、すでにこの日に送る予定です。", format::yen(count)),
                };
                form.error("on", &words);
                return Ok(Err(form));
            }
            Ok(Ok(Planned { on, until, sending, foreseen }))
        }
        Err(error) => match error.downcast_ref::<AnnouncementRefusal>() {
            Some(refusal) => {
                form.error(refusal.field(), &refusal.words());
                Ok(Err(form))
            }
            None => Err(error.into()),
        },
    }
}

/// Returns the time when mails with this due time go out, in words.
fn when(app: &App, sending: Sending) -> String {
    if sending.due <= app.clock.now() {
        return "準備ができしだい、すぐに".to_owned();
    }
    let due = sending.due.to_zoned(japan());
    format!("{} {HOUR}時に", format::date(Lang::Ja, due.date()))
}

pub(crate) async fn check(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(typed): Query<AnnouncementForm>,
) -> Result<Response, AppError> {
    match planned(&app, &staff, &typed).await? {
        Ok(planned) => Ok(MigrationCheckPage {
            page: context.console(CHECK),
            when: when(&app, planned.sending),
            until: planned.until.map(|until| format::date(Lang::Ja, until)),
            foreseen: planned.foreseen,
            by_two: approvals::needed(&staff, Guarded::MassMail),
            typed,
        }
        .into_response()),
        Err(form) => Ok(page(&app, &context, &staff, form, (typed, "")).await?.into_response()),
    }
}

const CHECK: &str = "案内メールの確認";

pub(crate) async fn send(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<AnnouncementForm>,
) -> Result<Response, AppError> {
    let planned = match planned(&app, &staff, &typed).await? {
        Ok(planned) => planned,
        Err(form) => return Ok(page(&app, &context, &staff, form, (typed, "")).await?.into_response()),
    };
    let detail = words(planned.on, planned.until, planned.foreseen.people());
    if !approvals::needed(&staff, Guarded::MassMail) {
        order(&app, &staff.acting(), AnnouncementAct::Send(planned.sending), &detail).await?;
        return Ok(Redirect::to("/console/migration?done=ordered").into_response());
    }
    let mut tx = app.db.begin().await?;
    if !approvals::request(&app, &mut tx, &staff, Guarded::MassMail, &subject(), &detail).await? {
        drop(tx);
        let mut form = FormState::default();
        form.error("on", &asked_before(approvals::open_about(&app, &staff, Guarded::MassMail, ALL).await?.as_ref()));
        return Ok(page(&app, &context, &staff, form, (typed, "")).await?.into_response());
    }
    tx.commit().await?;
    Ok(Redirect::to("/console/migration?done=asked").into_response())
}

/// Returns the refusal of a second request, naming the open one; it may have been decided this moment.
fn asked_before(open: Option<&approvals::Open>) -> String {
    match open {
        Some(approvals::Open { detail, asked_name }) => format!(
            "案内メールの送信は、{asked_name}さんがすでに承認を依頼しています（{detail}）。\
             日を変えるには、先に「承認」の画面で、今の依頼を取り下げてください。"
        ),
        None => "前の依頼が、たった今、承認または却下されました。今の状態を確かめてください。".to_owned(),
    }
}

fn sample_group(origin: &'static str, accounts: i64) -> MigrationGroup {
    MigrationGroup {
        origin,
        accounts,
        mailed: accounts / 2,
        begun: accounts / 10,
        finished: accounts / 3,
        expired: accounts / 20,
    }
}

crate::ui::console_pages! {
    MigrationPage => |context| {
        let mut form = FormState::default();
        let on = jiff::civil::date(2026, 11, 1);
        form.error("on", &AnnouncementRefusal::DayPast(on).words());
        let groups = vec![sample_group("was_active", 1_204), sample_group("was_idle", 811), sample_group("new", 42)];
        let order = |state: &'static str, bad: bool| OrderLine {
            what: "2027/01/15 09:00 に送信（2027年3月31日まで登録可）".into(),
            ordered: "給付 次郎 2026/11/20 09:12".into(),
            state,
            bad,
            done: Announced { written: 1_204, moved: 200, as_before: 3, taken_back: 0 }.words(),
        };
        Self {
            page: context.console_with_errors(TITLE),
            form,
            typed: AnnouncementForm { on: on.to_string(), until: "2027-03-31".into() },
            total: MigrationGroup::total(&groups),
            groups,
            not_enrolled: NotEnrolledCounts { unwritten: 811, without_address: 120, failed: 3 },
            waiting: vec![WaitingMails { at: "2027年1月15日 09:00".into(), mails: 1_204 }],
            orders: vec![order("やり直し待ち", true), order("完了", false)],
            working: true,
            trouble: true,
            sending: true,
            by_two: true,
            asked: Some(approvals::Open {
                detail: words(jiff::civil::date(2027, 1, 15), None, 811),
                asked_name: "給付 次郎".into(),
            }),
            done: "送信の指示を受け付けました。",
        }
    },
    MigrationCheckPage => |context| Self {
        page: context.console(CHECK),
        typed: AnnouncementForm { on: "2027-01-15".into(), until: "2027-03-31".into() },
        when: "2027年1月15日 9時に".into(),
        until: Some("2027年3月31日".into()),
        foreseen: Foreseen { unwritten: 1_004, waiting: 203, as_before: 3, ends_before: 0 },
        by_two: true,
    },
}
