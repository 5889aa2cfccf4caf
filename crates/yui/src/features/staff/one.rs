//! One of the staff: role, stopping, unlocking, inviting again.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    Role, STAFF_CHANGED, STAFF_RESET, STAFF_STOPPED, STAFF_UNLOCKED, admin,
    list::{Done, state},
    queries::{self, StaffLine},
};
use crate::{
    app::App,
    error::AppError,
    features::audit::{self, Act, Subject},
    scope::StaffScope,
    ui::{FormState, Page, Shell, format},
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

/// What is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    role: String,
}

async fn found(app: &App, staff: &StaffScope, id: i64) -> Result<StaffLine, AppError> {
    let lines = queries::staff_list(&app.db, staff).await?;
    lines.into_iter().find(|line| line.staff_id == id).ok_or(AppError::NotFound)
}

fn page(shell: &Shell, staff: &StaffScope, line: StaffLine, form: FormState, done: &str) -> StaffOnePage {
    let title = format!("職員: {}", line.name);
    StaffOnePage {
        page: if form.has_errors() { shell.console_with_errors(&title) } else { shell.console(&title) },
        form,
        staff_id: line.staff_id,
        state: state(&line),
        role: line.role().label(),
        role_word: line.role().word().to_owned(),
        last_login: line.last_login_at.map(|at| format::minute(at.to_jiff())).unwrap_or_default(),
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
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
    Query(Done { done }): Query<Done>,
) -> Result<StaffOnePage, AppError> {
    let line = found(&app, &staff, id).await?;
    Ok(page(&shell, &staff, line, FormState::default(), &done))
}

/// What keeps the society able to govern itself: somebody else is an administrator, too.
const LAST_ADMIN: &str = "最後の管理者のため、できません。先に、ほかの職員を管理者にしてください。";

pub(super) async fn change(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let line = found(&app, &staff, id).await?;
    let name = typed.name.trim();
    let mut form = FormState::default();
    if name.is_empty() {
        form.error("name", "氏名を入力してください。");
    }
    let Some(role) = Role::of(&typed.role) else {
        form.error("role", "役割を選んでください。");
        return Ok(page(&shell, &staff, line, form, "").into_response());
    };
    let mut tx = app.db.begin().await?;
    if role != Role::Admin && queries::admins_hold(&mut tx, &staff).await? == [id] {
        form.error("role", LAST_ADMIN);
    }
    if form.has_errors() {
        return Ok(page(&shell, &staff, line, form, "").into_response());
    }
    queries::staff_change(&mut tx, &staff, id, name, role).await?;
    let detail = format!("{} {} → {name} {}", line.name, line.role().label(), role.label());
    recorded(&app, tx, &staff, (STAFF_CHANGED, &line), &detail, "changed").await
}

pub(super) async fn stop(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let line = found(&app, &staff, id).await?;
    let mut tx = app.db.begin().await?;
    if queries::admins_hold(&mut tx, &staff).await? == [id] {
        let mut form = FormState::default();
        form.error("stop", LAST_ADMIN);
        return Ok(page(&shell, &staff, line, form, "").into_response());
    }
    if !queries::staff_stop(&mut tx, &staff, id, app.clock.now()).await? {
        return Ok(Redirect::to(&format!("/console/staff/{id}")).into_response());
    }
    queries::sessions_delete_of(&mut tx, &staff, id, &[0; 32]).await?;
    queries::invitation_delete(&mut tx, &staff, id).await?;
    recorded(&app, tx, &staff, (STAFF_STOPPED, &line), "", "stopped").await
}

pub(super) async fn unlock(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let line = found(&app, &staff, id).await?;
    let mut tx = app.db.begin().await?;
    if !queries::staff_unlock(&mut tx, &staff, id).await? {
        return Ok(Redirect::to(&format!("/console/staff/{id}")).into_response());
    }
    recorded(&app, tx, &staff, (STAFF_UNLOCKED, &line), "", "unlocked").await
}

/// Takes away what proves them, and invites them anew: after a lost phone, or a stopped account that is wanted again.
pub(super) async fn invite_again(
    State(app): State<App>,
    shell: Shell,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let line = found(&app, &staff, id).await?;
    let mut tx = app.db.begin().await?;
    if queries::admins_hold(&mut tx, &staff).await? == [id] {
        let mut form = FormState::default();
        form.error("again", LAST_ADMIN);
        return Ok(page(&shell, &staff, line, form, "").into_response());
    }
    queries::staff_reset(&mut tx, &staff, id).await?;
    queries::sessions_delete_of(&mut tx, &staff, id, &[0; 32]).await?;
    admin::write(&app, &mut tx, &staff.acting(), id, (&line.email, &line.name, line.role())).await?;
    let answer = recorded(&app, tx, &staff, (STAFF_RESET, &line), "", "invited").await;
    app.mail.wake();
    answer
}

async fn recorded(
    app: &App,
    mut tx: yui_db::Tx,
    staff: &StaffScope,
    (act, line): (Act, &StaffLine),
    detail: &str,
    done: &str,
) -> Result<Response, AppError> {
    let subject = Subject::new("staff", line.staff_id, &line.name);
    audit::record(app, &mut tx, staff, act, Some(&subject), detail).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/console/staff/{}?done={done}", line.staff_id)).into_response())
}

crate::ui::console_pages! {
    StaffOnePage => |shell| {
        let mut form = FormState::default();
        form.error("role", LAST_ADMIN);
        Self {
            page: shell.console_with_errors("職員: 試験 花子"),
            form,
            staff_id: 1,
            email: "hanako@kline.example".into(),
            name: "試験 花子".into(),
            role: Role::Admin.label(),
            role_word: Role::Admin.word().to_owned(),
            state: "ロック中",
            last_login: "2026/11/20 09:12".into(),
            stopped: false,
            locked: true,
            own: false,
            done: "",
        }
    },
}
