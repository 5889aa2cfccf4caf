//! A member of staff: role, stopping, unlocking, inviting again.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use yui_db::Tx;

use super::{
    acts::{STAFF_CHANGED, STAFF_RESET, STAFF_STOPPED, STAFF_UNLOCKED},
    admin, devices,
    events::{StaffEvent, tell},
    list::{StaffListQuery, state},
    queries::{self, StaffLine},
};
use crate::{
    core::{
        app::App,
        audit::{self, AuditAction, Subject},
        error::AppError,
        role::{Right, Role},
        scope::StaffScope,
        society::Guarded,
    },
    features::approvals,
    ui::{FormState, Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/staff/one.html")]
pub(crate) struct StaffOnePage {
    page: Page,
    form: FormState,
    staff_id: i64,
    email: String,
    name: String,
    role: &'static str,
    /// The role's word, for the form.
    role_word: String,
    state: &'static str,
    last_login: String,
    stopped: bool,
    locked: bool,
    /// Whether it is the reader's own account.
    own: bool,
    done: &'static str,
}

/// The form for name and role.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StaffRoleForm {
    name: String,
    role: String,
}

fn one_of(lines: Vec<StaffLine>, id: i64) -> Result<StaffLine, AppError> {
    lines.into_iter().find(|line| line.staff_id == id).ok_or(AppError::NotFound)
}

fn page(context: &PageContext, staff: &StaffScope, line: StaffLine, form: FormState, done: &str) -> StaffOnePage {
    let title = format!("職員: {}", line.name);
    StaffOnePage {
        page: if form.has_errors() { context.console_with_errors(&title) } else { context.console(&title) },
        form,
        staff_id: line.staff_id,
        state: state(&line),
        role: line.role().label(),
        role_word: line.role().as_str().to_owned(),
        last_login: line.last_login_at.map(format::minute).unwrap_or_default(),
        stopped: line.stopped_at.is_some(),
        locked: line.locked_at.is_some(),
        own: line.staff_id == staff.staff_id,
        done: match done {
            "changed" => "変更しました。",
            "stopped" => "利用を停止し、ログインを終わらせました。",
            "unlocked" => "ロックを解除しました。",
            "invited" => "パスワードと認証方法を初期化し、招待のメールを送信しました。",
            _ => "",
        },
        email: line.email,
        name: line.name,
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Query(StaffListQuery { done }): Query<StaffListQuery>,
) -> Result<StaffOnePage, AppError> {
    let line = one_of(queries::staff_list(&app.db, &staff).await?, id)?;
    Ok(page(&context, &staff, line, FormState::default(), &done))
}

/// The refusal of an act on the last administrator, without whom the society could not govern itself.
const LAST_ADMIN: &str = "最後の管理者のため、できません。先に、ほかの職員を管理者にしてください。";

const ASKED_BEFORE: &str = "この職員については、すでに承認を依頼しています。承認の画面でご確認ください。";

const NO_REASON: &str = "理由を入力してください。監査ログに残ります。";

/// The reason for an act.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ReasonForm {
    reason: String,
}

/// An act on a member of staff: until it is done, nobody else changes them or removes an administrator.
struct PendingAction {
    tx: Tx,
    line: StaffLine,
    /// Whether there is no other administrator.
    last_admin: bool,
}

impl PendingAction {
    async fn on(app: &App, staff: &StaffScope, id: i64) -> Result<Self, AppError> {
        let mut tx = app.db.begin().await?;
        let last_admin = queries::admins_hold(&mut tx, staff).await? == [id];
        queries::staff_hold(&mut tx, staff, id).await?;
        let line = one_of(queries::staff_list_in(&mut tx, staff).await?, id)?;
        Ok(Self { tx, line, last_admin })
    }

    /// Refuses the act on the last administrator, with the mistake at this field.
    fn refused(self, context: &PageContext, staff: &StaffScope, field: &'static str) -> Response {
        self.wrong(context, staff, field, LAST_ADMIN)
    }

    fn wrong(self, context: &PageContext, staff: &StaffScope, field: &'static str, words: &str) -> Response {
        let mut form = FormState::default();
        form.error(field, words);
        page(context, staff, self.line, form, "").into_response()
    }

    /// Requests a second person's approval instead of performing the act.
    async fn asked(
        mut self,
        app: &App,
        context: &PageContext,
        staff: &StaffScope,
        act: Guarded,
        detail: &str,
    ) -> Result<Response, AppError> {
        let subject = Subject::new("staff", self.line.staff_id, &self.line.name);
        if !approvals::request(app, &mut self.tx, staff, act, &subject, detail).await? {
            let field = if act == Guarded::RoleChange { "role" } else { "again-reason" };
            return Ok(self.wrong(context, staff, field, ASKED_BEFORE));
        }
        self.tx.commit().await?;
        Ok(Redirect::to("/console/approvals?done=asked").into_response())
    }

    /// Tells the owner if there is something to tell, records the act and commits it.
    async fn done(
        mut self,
        app: &App,
        staff: &StaffScope,
        what: Option<StaffEvent<'_>>,
        (act, detail): (AuditAction, &str),
        done: &str,
    ) -> Result<Response, AppError> {
        let id = self.line.staff_id;
        if let Some(what) = what {
            tell(app, &mut self.tx, staff, id, what).await?;
        }
        let subject = Subject::new("staff", id, &self.line.name);
        audit::record(app, &mut self.tx, staff, act, Some(&subject), detail).await?;
        self.tx.commit().await?;
        app.mail.wake();
        Ok(Redirect::to(&format!("/console/staff/{id}?done={done}")).into_response())
    }
}

pub(super) async fn change(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<StaffRoleForm>,
) -> Result<Response, AppError> {
    let mut begun = PendingAction::on(&app, &staff, id).await?;
    let name = typed.name.trim();
    let mut form = FormState::default();
    if name.is_empty() {
        form.error("name", "氏名を入力してください。");
    }
    let Some(role) = Role::parse(&typed.role) else {
        form.error("role", "役割を選んでください。");
        return Ok(page(&context, &staff, begun.line, form, "").into_response());
    };
    if role != Role::Admin && begun.last_admin {
        form.error("role", LAST_ADMIN);
    }
    if form.has_errors() {
        return Ok(page(&context, &staff, begun.line, form, "").into_response());
    }
    let before = begun.line.role();
    let raised =
        [Right::Help, Right::Data, Right::Manage].into_iter().any(|right| role.has(right) && !before.has(right));
    if raised && approvals::needed(&staff, Guarded::RoleChange) {
        if name != begun.line.name {
            queries::staff_change(&mut begun.tx, &staff, id, name, before).await?;
            let subject = Subject::new("staff", id, &begun.line.name);
            let detail = format!("{} → {name}", begun.line.name);
            audit::record(&app, &mut begun.tx, &staff, STAFF_CHANGED, Some(&subject), &detail).await?;
            begun.line.name = name.to_owned();
        }
        return begun.asked(&app, &context, &staff, Guarded::RoleChange, &admin::role_change(before, role)).await;
    }
    queries::staff_change(&mut begun.tx, &staff, id, name, role).await?;
    let detail = format!("{} {} → {name} {}", begun.line.name, before.label(), role.label());
    let what = (role != before).then_some(StaffEvent::RoleChanged(before, role));
    begun.done(&app, &staff, what, (STAFF_CHANGED, &detail), "changed").await
}

pub(super) async fn stop(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(ReasonForm { reason }): Form<ReasonForm>,
) -> Result<Response, AppError> {
    let mut begun = PendingAction::on(&app, &staff, id).await?;
    if begun.last_admin {
        return Ok(begun.refused(&context, &staff, "stop-reason"));
    }
    if reason.trim().is_empty() {
        return Ok(begun.wrong(&context, &staff, "stop-reason", NO_REASON));
    }
    let tx = &mut begun.tx;
    if !queries::staff_stop(tx, &staff, id, app.clock.now()).await? {
        return Ok(Redirect::to(&format!("/console/staff/{id}")).into_response());
    }
    queries::sessions_delete_of(tx, &staff, id, &[0; 32]).await?;
    devices::forget(tx, &staff, id).await?;
    queries::invitation_delete(tx, &staff, id).await?;
    begun.done(&app, &staff, Some(StaffEvent::Stopped), (STAFF_STOPPED, reason.trim()), "stopped").await
}

pub(super) async fn unlock(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let mut begun = PendingAction::on(&app, &staff, id).await?;
    if !queries::staff_unlock(&mut begun.tx, &staff, id).await? {
        return Ok(Redirect::to(&format!("/console/staff/{id}")).into_response());
    }
    begun.done(&app, &staff, Some(StaffEvent::Unlocked), (STAFF_UNLOCKED, ""), "unlocked").await
}

/// Removes the credentials, and invites again: after a lost phone, or for a stopped account that is needed again.
pub(super) async fn invite_again(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(ReasonForm { reason }): Form<ReasonForm>,
) -> Result<Response, AppError> {
    let mut begun = PendingAction::on(&app, &staff, id).await?;
    if begun.last_admin {
        return Ok(begun.refused(&context, &staff, "again-reason"));
    }
    if reason.trim().is_empty() {
        return Ok(begun.wrong(&context, &staff, "again-reason", NO_REASON));
    }
    let comes = !begun.line.answered || begun.line.stopped_at.is_some();
    if comes && begun.line.role() != Role::Viewer && approvals::needed(&staff, Guarded::Invitation) {
        let detail = format!("{} {}、{}", begun.line.email, begun.line.role().label(), reason.trim());
        return begun.asked(&app, &context, &staff, Guarded::Invitation, &detail).await;
    }
    let (tx, line) = (&mut begun.tx, &begun.line);
    let what = if line.stopped_at.is_some() { StaffEvent::Resumed } else { StaffEvent::Reset };
    admin::reset_in(&app, tx, &staff.acting(), id, (&line.email, &line.name, line.role())).await?;
    begun.done(&app, &staff, Some(what), (STAFF_RESET, reason.trim()), "invited").await
}

crate::ui::console_pages! {
    StaffOnePage => |context| {
        let mut form = FormState::default();
        form.error("role", LAST_ADMIN);
        Self {
            page: context.console_with_errors("職員: 試験 花子"),
            form,
            staff_id: 1,
            email: "hanako@minato.example".into(),
            name: "試験 花子".into(),
            role: Role::Admin.label(),
            role_word: Role::Admin.as_str().to_owned(),
            state: "ロック中",
            last_login: "2026/11/20 09:12".into(),
            stopped: false,
            locked: true,
            own: false,
            done: "",
        }
    },
}
